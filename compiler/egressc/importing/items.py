"""Items of an allowlist, written as a name, a wildcard, a URL or an address → entries."""

import re
from collections.abc import Iterable, Iterator

from egressc.findings import Code, Finding, Span
from egressc.hostname import normalise, short
from egressc.importing.callers import LIMIT
from egressc.importing.clients import unknown as ask_who
from egressc.importing.entry import Entry
from egressc.meant import pasted, schemes, texts

NO_HOST = Code(
    "EG411",
    "an item of an allowlist that is no host",
    "The item is no DNS name and no wildcard: a range of addresses, a regular expression, or a placeholder. A "
    "gateway tells hosts apart by their names. The item is left out.",
    "warning",
)
DENIED = Code(
    "EG413",
    "an item that an allowlist denies",
    "A list has only what is allowed, so a denied name need not be there. But a wildcard of the same list may stand "
    "for it, too: then the wildcard opens what was closed.",
    "warning",
)


def item(text: str, span: Span, findings: list[Finding]) -> list[Entry]:
    """The entries that one item of an allowlist stands for. Applications that used a proxy say https://."""
    name = normalise(text)
    found = texts.read(name if name.startswith((".", "*")) else text)
    hosts, beside = found.hosts, dict(found.beside)
    if found.problem.startswith("is not in its normal form") or re.fullmatch(
        r"is (a wildcard|an internat.*)", found.problem
    ):
        beside = {}
    if not hosts and pasted.is_host(name):
        hosts = (name,)
    if not hosts:
        findings.append(NO_HOST(span, f"{short(text)} {found.problem}", found.remark or "write its DNS name"))
        return []
    entries = []
    for host in (*((host[2:],) if found.problem == "begins with a dot" else () for host in hosts), hosts):
        for one in host:
            entry = Entry(one, span, dict(beside))
            if not beside:
                entry.settings["speaks"] = "http" if text.lower().startswith("http://") else "https"
            if found.path:
                message = f"the path of {short(text)} is not carried over: {one} is opened as a whole"
                findings.append(LIMIT(span, message, "add `paths` to its clients, and let applications say http://"))
                entry.ask(f"Only {found.path} was allowed: add `clients` with `paths`", span)
            entries.append(entry)
    return entries


def lines(name: str, text: str, findings: list[Finding]) -> Iterator[Entry]:
    """Names or URLs, one a line; # begins a comment."""
    for number, line in enumerate(text.splitlines(), 1):
        bare = re.split(r"(?:^|\s)#", line)[0].strip()
        if bare:
            span = Span(name, number, len(line) - len(line.lstrip()) + 1)
            yield from without_clients(item(bare.removeprefix("- "), span, findings), findings)


def item_without_clients(text: str, span: Span, findings: list[Finding]) -> list[Entry]:
    """The entries of an item of an allowlist that says nothing else."""
    return [*without_clients(item(text, span, findings), findings)]


def without_clients(entries: list[Entry], findings: list[Finding]) -> Iterator[Entry]:
    """The entries; for each without clients it says so."""
    for entry in entries:
        if "clients" not in entry.settings:
            ask_who(entry, entry.span, findings)
        yield entry


def closed_below(entries: Iterable[Entry], closed: Iterable[tuple[str, Span]], findings: list[Finding]) -> None:
    """Says which wildcards stand for a name that was closed."""
    for word, span in closed:
        bare = normalise(word).lstrip("*.")
        for entry in entries:
            if entry.host.startswith("*.") and f".{bare}".endswith(entry.host[1:]):
                message = f"{short(word)} was closed, and {entry.host} stands for it"
                findings.append(DENIED(span, message, f"list the names below {entry.host[2:]} that are called"))
                entry.ask(f"{bare} was closed, and this opens it: list the names that are called", span)


def usual_protocol(port: int) -> str:
    """What is mostly spoken at a port: HTTP, TLS, TCP, or that of a well-known service."""
    if port == 80:
        return "HTTP"
    known = schemes.BY_PORT.get(port)
    return known.protocol if known else "TLS" if port == 443 or str(port).endswith("443") else "TCP"
