"""Squid's configuration → entries: the domains of its acls that http_access lets in."""

import re
from collections.abc import Iterator

from egressc.findings import Finding, Span
from egressc.hostname import short
from egressc.importing.entry import Entry
from egressc.importing.items import NO_HOST, closed_below, item, without_clients

ACL = re.compile(r"\s*acl\s+(\S+)\s+(\S+)\s*(.*)", re.IGNORECASE)
ACCESS = re.compile(r"\s*http_access\s+(allow|deny)\s+(.*)", re.IGNORECASE)


def fits(text: str) -> bool:
    """Whether this is a configuration of Squid."""
    return bool(
        re.search(r"^\s*acl\s+\S+\s+(ssl::server_name|dstdomain|dstdom_regex|dst|port|src)\b", text, re.MULTILINE)
    )


def entries(name: str, text: str, findings: list[Finding]) -> Iterator[Entry]:
    """The domains of `acl … dstdomain`; those that http_access denies are left out, with a finding."""
    allowed, denied = _access(text)
    closed: list[tuple[str, Span]] = []
    opened: list[Entry] = []
    for number, line in enumerate(text.splitlines(), 1):
        found = ACL.fullmatch(re.split(r"(?:^|\s)#", line)[0].rstrip())
        if not found:
            continue
        acl, kind, values = found[1], found[2].lower(), found[3]
        if kind not in ("dstdomain", "ssl::server_name", "dstdom_regex", "dst", "ssl::server_name_regex"):
            continue
        for match in re.finditer(r"\S+", values):
            span = Span(name, number, found.start(3) + match.start() + 1)
            word = match[0]
            if word.startswith("-"):
                continue
            if word.startswith('"'):
                message = f"the domains of acl `{acl}` stand in the file {short(word[1:-1])}"
                findings.append(NO_HOST(span, message, "import that file, too"))
            elif allowed is None or acl in allowed:
                opened += without_clients(item(word, span, findings), findings)
            else:
                closed.append((word, span))
    closed_below(opened, closed if denied else [], findings)
    yield from opened


def _access(text: str) -> tuple[set[str] | None, bool]:
    """The names of the acls that `http_access` allows, None if it is not there; and whether it denies others."""
    allowed: set[str] = set()
    seen = denies = False
    for line in text.splitlines():
        if found := ACCESS.fullmatch(line.split("#")[0].rstrip()):
            words, allows = found[2].split(), found[1].lower() == "allow"
            seen, denies = True, denies or not allows
            # `deny !allowed` lets in what `allowed` has
            allowed |= {word.lstrip("!") for word in words if word.startswith("!") is not allows}
    return (allowed if seen else None), denies
