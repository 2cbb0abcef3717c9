"""Allowlists → entries: Squid's configuration, names or URLs one a line, CSV with a header, smokescreen, Cilium."""

import csv
import io
import re
from collections.abc import Iterable, Iterator
from typing import Any

from egressc.findings import Code, Finding, Span
from egressc.hostname import normalise, short
from egressc.importing import packages
from egressc.importing.callers import LIMIT, UNKNOWN
from egressc.importing.clients import unknown as ask_who
from egressc.importing.entry import Entry
from egressc.importing.objects import Object, of_kind
from egressc.importing.part import Part
from egressc.importing.registry import NOT_CARRIED
from egressc.meant import pasted, schemes, texts
from egressc.positions import Mapping

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
ACL = re.compile(r"\s*acl\s+(\S+)\s+(\S+)\s*(.*)", re.IGNORECASE)
ACCESS = re.compile(r"\s*http_access\s+(allow|deny)\s+(.*)", re.IGNORECASE)
HEADS = ("host", "hostname", "domain", "fqdn", "name", "url", "destination", "dst")


def item(text: str, span: Span, findings: list[Finding], *, https: bool = True) -> list[Entry]:
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
            if https and not beside and not text.lower().startswith("http://"):
                entry.settings["speaks"] = "https"
            elif text.lower().startswith("http://") and not beside:
                entry.settings["speaks"] = "http"
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


def is_squid(text: str) -> bool:
    """Whether this is a configuration of Squid."""
    return bool(
        re.search(r"^\s*acl\s+\S+\s+(ssl::server_name|dstdomain|dstdom_regex|dst|port|src)\b", text, re.MULTILINE)
    )


def squid(name: str, text: str, findings: list[Finding]) -> Iterator[Entry]:
    """The domains of `acl … dstdomain`; those that http_access denies are left out, with a finding."""
    allowed, denied = _access(text)
    closed: list[tuple[str, Span]] = []
    entries: list[Entry] = []
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
                entries += without_clients(item(word, span, findings), findings)
            else:
                closed.append((word, span))
    _closed(entries, closed if denied else [], findings)
    yield from entries


def _closed(entries: Iterable[Entry], closed: Iterable[tuple[str, Span]], findings: list[Finding]) -> None:
    """Says which wildcards stand for a name that was closed."""
    for word, span in closed:
        bare = normalise(word).lstrip("*.")
        for entry in entries:
            if entry.host.startswith("*.") and f".{bare}".endswith(entry.host[1:]):
                message = f"{short(word)} was closed, and {entry.host} stands for it"
                findings.append(DENIED(span, message, f"list the names below {entry.host[2:]} that are called"))
                entry.ask(f"{bare} was closed, and this opens it: list the names that are called", span)


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


def is_csv(text: str) -> bool:
    """Whether the first line is a header that names a column of hosts."""
    head = text.split("\n", 1)[0].strip().lower()
    return any(mark in head for mark in ",;\t") and any(word.strip(' "') in HEADS for word in re.split(r"[,;\t]", head))


def table(name: str, text: str, findings: list[Finding]) -> Iterator[Entry]:
    """CSV with a header: host, and if they are there port, protocol, namespace, owner and description."""
    head = text.split("\n", 1)[0]
    mark = max(",;\t", key=head.count)
    rows = csv.reader(io.StringIO(text), delimiter=mark)
    columns = [column.strip().lower() for column in next(rows)]
    at = next(index for index, column in enumerate(columns) if column in HEADS)
    unknown = [column for column in columns if column not in (*HEADS, *ROLES) and column]
    for column in unknown:
        span = Span(name, 1, head.lower().find(column) + 1)
        findings.append(
            NOT_CARRIED(
                span,
                f"the column {short(column)} is not read",
                f"name it as one of {', '.join(sorted({*ROLES.values()}))}",
            )
        )
    for row in rows:
        if len(row) <= at or not row[at].strip():
            continue
        span = Span(name, rows.line_num, 1)
        cells = {
            ROLES[column]: cell.strip()
            for column, cell in zip(columns, row, strict=False)
            if column in ROLES and cell.strip()
        }
        found = item(row[at].strip(), span, findings)
        for entry in found:
            _row(entry, cells)
        yield from without_clients(found, findings)


ROLES = {
    "port": "port",
    "ports": "port",
    "protocol": "protocol",
    "scheme": "protocol",
    "namespace": "namespace",
    "client": "namespace",
    "clients": "namespace",
    "team": "owner",
    "owner": "owner",
    "description": "description",
    "purpose": "description",
    "comment": "description",
    "reason": "description",
}


def _row(entry: Entry, cells: dict[str, str]) -> None:
    numbers = [int(word) for word in re.split(r"[\s,;/+]+", cells.get("port", "")) if word.isdecimal()]
    protocol = cells.get("protocol", "").upper()
    if numbers:
        entry.settings.pop("speaks", None)
        entry.settings.pop("ports", None)
        entry.settings.pop("tls", None)
        packages.spoken(entry, [(number, protocol or _usual(number)) for number in numbers])
    elif protocol in ("HTTP", "HTTPS"):
        entry.settings["speaks"] = protocol.lower()
    if namespaces := [word for word in re.split(r"[\s,;]+", cells.get("namespace", "")) if word]:
        entry.settings["clients"] = namespaces
    entry.settings |= {key: cells[key] for key in ("owner", "description") if key in cells}


def _usual(port: int) -> str:
    if port == 80:
        return "HTTP"
    known = schemes.BY_PORT.get(port)
    return known.protocol if known else "TLS" if port == 443 or str(port).endswith("443") else "TCP"


def is_smokescreen(document: Any) -> bool:
    """Whether this is an ACL of smokescreen."""
    if not isinstance(document, Mapping) or "kind" in document:
        return False
    services = document.get("services")
    return isinstance(services, list) and any(isinstance(one, dict) and "allowed_domains" in one for one in services)


def smokescreen(document: Mapping, findings: list[Finding]) -> Iterator[Entry]:
    """The domains of each service: its role is the client, which no certificate of the mesh has yet."""
    whole = Part(document, document.span)
    whole.skip("version")
    by_host: dict[str, tuple[Entry, list[str]]] = {}
    rules = [*whole.parts("services"), *([whole.part("default")] if "default" in whole else [])]
    for rule in rules:
        role, action = rule.text("name") or "everybody else", rule.text("action")
        rule.skip("project")
        if action == "open":
            message = f"{short(role)} may call everything: `action: open`"
            findings.append(LIMIT(rule.at("action"), message, "list the hosts that it calls"))
        for host, span in rule.placed("allowed_domains"):
            for entry in item(host, span, findings):
                by_host.setdefault(entry.host, (entry, []))[1].append(role)
                if action == "report":
                    entry.settings["enforcement"] = "report"
    for host, span in whole.placed("global_allow_list"):
        for entry in item(host, span, findings):
            by_host.setdefault(entry.host, (entry, []))[1].append("everybody")
    _closed([entry for entry, _ in by_host.values()], whole.placed("global_deny_list"), findings)
    for entry, roles in by_host.values():
        message = f"{', '.join(map(short, roles))} may call {entry.host}: smokescreen knows them by their certificates"
        findings.append(UNKNOWN(entry.span, message, "add `clients`: their namespaces and service accounts"))
        entry.ask(f"Who is {', '.join(roles)}? Add `clients`", entry.span)
        yield entry
    for path, span in whole.unread():
        findings.append(NOT_CARRIED(span, f"`{path}` of the ACL is not carried over", "look whether it is needed"))


def cilium(objects: Iterable[Object], findings: list[Finding]) -> Iterator[Entry]:
    """`toFQDNs` of CiliumNetworkPolicies: their pods are the clients."""
    for kind in ("CiliumNetworkPolicy", "CiliumClusterwideNetworkPolicy"):
        for one in of_kind(objects, kind):
            yield from _policy(one, findings)


def _policy(one: Object, findings: list[Finding]) -> Iterator[Entry]:
    labels = one.spec.part("endpointSelector").pairs("matchLabels")
    bare = {key.removeprefix("k8s:").removeprefix("any:"): value for key, value in labels.items()}
    namespace = bare.pop("io.kubernetes.pod.namespace", one.namespace)
    account = bare.pop("io.cilium.k8s.policy.serviceaccount", "")
    if "matchExpressions" in one.spec.part("endpointSelector"):
        namespace = ""
    for rule in one.spec.parts("egress"):
        names = rule.parts("toFQDNs")
        if not names:
            rule.done()
            continue
        ports = [
            (int(port.text("port") or 0), port.text("protocol") or "TCP")
            for group in rule.parts("toPorts")
            for port in group.parts("ports")
        ]
        for target in names:
            key = "matchName" if "matchName" in target else "matchPattern"
            name = target.text(key).rstrip(".")
            for entry in item(name, target.at(key), findings):
                entry.settings.pop("speaks", None)
                known = [(number, _usual(number)) for number, protocol in ports if number and protocol != "UDP"]
                packages.spoken(entry, known or [(443, "TLS")])
                who: dict[str, Any] = {"namespace": namespace}
                who |= ({"serviceAccount": account} if account else {}) | ({"podLabels": bare} if bare else {})
                if entry.host.startswith("*.") and not name.startswith("**."):
                    message = f"{short(name)} is one label below the domain, and {entry.host} is all names below it"
                    findings.append(
                        LIMIT(target.span, message, "list the names, or add `clients` and open all of them")
                    )
                    entry.ask("This opens more than one label. Keep it so? Add `clients`", target.span)
                elif namespace:
                    entry.settings["clients"] = [who if len(who) > 1 else namespace]
                else:
                    ask_who(entry, target.span, findings)
                yield entry
    one.spec.skip("ingress", "description", "egressDeny", "ingressDeny")
    if "egressDeny" in one.spec:
        findings.append(
            LIMIT(
                one.at("egressDeny"), f"`egressDeny` of {one.title} is not in a list", "look whether a host is denied"
            )
        )
    for path, span in one.spec.unread():
        findings.append(NOT_CARRIED(span, f"`{path}` of {one.title} is not carried over", "look whether it is needed"))


def item_without_clients(text: str, span: Span, findings: list[Finding]) -> list[Entry]:
    """The entries of an item of an allowlist that says nothing else."""
    return [*without_clients(item(text, span, findings), findings)]


def without_clients(entries: list[Entry], findings: list[Finding]) -> Iterator[Entry]:
    """The entries; for each without clients it says so."""
    for entry in entries:
        if "clients" not in entry.settings:
            ask_who(entry, entry.span, findings)
        yield entry
