"""A tally → entries of a list: hosts, ports and callers that were seen, and no others."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from collections.abc import Sequence as Items
from dataclasses import dataclass, field
from typing import Any

from egressc.counted import times
from egressc.findings import Code, Finding, Span
from egressc.flow import flow
from egressc.importing import speaks
from egressc.importing.callers import UNKNOWN
from egressc.importing.entry import Entry
from egressc.learning.beside import Beside, Listed
from egressc.learning.calls import Call, family
from egressc.learning.tally import Seen, Tally
from egressc.model import Host

MIXED = Code(
    "EG422",
    "one port on which callers speak differently",
    "A port of a host has one protocol. The calls that are fewer are not in the list.",
    "warning",
)
LISTED = Code(
    "EG424",
    "a host of the list that lacks what was called",
    "The list beside the logs has the host, or a wildcard that stands for it. Its entry lacks the port, the way of "
    "speaking or, at a wildcard, the caller. A second entry cannot say it: it would contradict the first, or open "
    "every name of the wildcard.",
    "warning",
)
WHOLE_NAMESPACE = Code(
    "EG426",
    "a namespace that the logs name without a service account",
    "The logs say the namespace of a caller and not its service account. The entries name the namespace, so all its "
    "pods may call.",
    "warning",
)
CLEAR = "It went out in clear before, too."
COMMENTS = 6
Found = dict[Call, Seen]


@dataclass(slots=True)
class Proposal:
    """Entries, and what is to say of them."""

    entries: list[Entry] = field(default_factory=list)
    findings: list[Finding] = field(default_factory=list)
    carried: int = 0


def proposal(tally: Tally, beside: Beside | None, *, refused: bool) -> Proposal:
    """What the calls of `tally` need that the list `beside` lacks; also what the mesh refused, if that is wanted."""
    result = Proposal()
    kinds = ("seen", "refused") if refused else ("seen",)
    by_host: dict[str, Found] = defaultdict(dict)
    for call, seen in tally.calls.items():
        if call.kind in kinds:
            by_host[call.host][call] = seen
    for host, found in by_host.items():
        new: Found = {}
        guests: Found = {}
        known: Host | None = None
        for call, seen in found.items():
            listed = beside.find(call) if beside else None
            if listed is None or beside is None:
                new[call] = seen
            elif listed.port and beside.decides(listed, call):
                result.carried += seen.count
            elif listed.port and not listed.host.wildcard:
                guests[call], known = seen, listed.host
            else:
                result.findings.append(_lacking(listed, call, seen))
        if new:
            result.entries.append(_entry(host, new, result.findings))
        if known:
            result.entries.append(_guests(known, guests))
    result.findings += _whole_namespaces(by_host)
    return result


def _lacking(listed: Listed, call: Call, seen: Seen) -> Finding:
    host = listed.host
    place = host.at("host")
    where = f"{host.host} ({place.file}:{place.line})"
    if listed.port is None:
        message = f"{where} has no port {call.port} for {call.protocol}, where {call.who} called {call.host}"
        return LISTED(seen.span, message, _port_fix(host, call))
    said = flow(_client(call.namespace, call.account))
    message = f"{where} carries {call.host}, which {call.who} called, and has no such client"
    return LISTED(seen.span, message, f"list {call.host} itself, or add `{said}` to the wildcard's clients")


def _port_fix(host: Host, call: Call) -> str:
    """How the port of `call` is added to the entry of a host that has another one."""
    new = flow({"port": call.port} | ({} if call.protocol == "HTTP" else {"protocol": call.protocol}))
    if host.says("ports"):
        return f"add `{new}` to its `ports`"
    said = [flow({"port": port.port} | ({} if port.is_http else {"protocol": port.protocol})) for port in host.ports]
    return f"write `ports: [{', '.join([*said, new])}]` there{', without `speaks`' if host.says('speaks') else ''}"


def _entry(host: str, found: Found, findings: list[Finding]) -> Entry:
    entry = Entry(host, min(seen.span for seen in found.values()))
    found = _one_protocol_each(found, findings)
    ports = sorted({call.port for call in found})
    _ports(entry, {port: _most(found, port) for port in ports})
    _clients(entry, found, ports, findings)
    _comments(entry, found)
    return entry


def _guests(host: Host, found: Found) -> Entry:
    """An entry that adds clients to one of the list: all else is said there."""
    entry = Entry(host.host, min(seen.span for seen in found.values()))
    if host.owner:
        entry.settings["owner"] = host.owner
    _clients(entry, found, [port.port for port in host.ports], [])
    _comments(entry, found)
    return entry


def _one_protocol_each(found: Found, findings: list[Finding]) -> Found:
    """The calls without those that speak otherwise than most calls of their port."""
    counts: dict[int, Counter[str]] = defaultdict(Counter)
    for call, seen in found.items():
        counts[call.port][family(call.protocol)] += seen.count
    most = {port: max(sorted(some), key=some.__getitem__) for port, some in counts.items()}
    for port, some in counts.items():
        if len(some) > 1:
            call, seen = next(
                (one, seen) for one, seen in found.items() if one.port == port and family(one.protocol) != most[port]
            )
            message = f"{call.host}:{port} was called with {most[port]} and, less often, with {family(call.protocol)}"
            findings.append(MIXED(seen.span, message, "look what these callers do: another port may be for them"))
    return {call: seen for call, seen in found.items() if family(call.protocol) == most[call.port]}


def _most(found: Found, port: int) -> Call:
    """The call that stands for a port: HTTP/2 only where nobody speaks HTTP/1.1, the upstream port of most calls."""
    some = {call: seen for call, seen in found.items() if call.port == port}
    counts: Counter[int] = Counter()
    for call, seen in some.items():
        counts[call.upstream_port] += seen.count
    upstream = max(sorted(counts), key=counts.__getitem__)
    first = next(iter(some))
    protocol = "HTTP" if any(call.protocol == "HTTP" for call in some) else first.protocol
    return first._replace(upstream_port=upstream, protocol=protocol)


def _ports(entry: Entry, calls: dict[int, Call]) -> None:
    said: list[dict[str, Any]] = []
    for number, call in calls.items():
        if call.protocol == "TCP":
            said.append(speaks.in_bytes(entry, number))
            continue
        port: dict[str, Any] = {"port": number} | ({} if call.protocol == "HTTP" else {"protocol": call.protocol})
        if call.protocol != "TLS" and call.upstream_port in (0, number):
            port["tls"] = {"mode": "none", "unverified": CLEAR}
            entry.ask(f"Port {number} went out in clear. Does the host speak TLS? Remove `tls` then", entry.span)
        elif call.upstream_port not in (0, number) and (call.upstream_port != 443 or number != 80):
            port["upstreamPort"] = call.upstream_port
            if call.protocol != "TLS" and not str(call.upstream_port).endswith("443"):
                entry.ask(f"Does the host speak TLS at port {call.upstream_port}", entry.span)
        said.append(port)
    speaks.as_spoken(entry, said)


def _clients(entry: Entry, found: Found, ports: Items[int], findings: list[Finding]) -> None:
    callers: dict[tuple[str, str], set[int]] = defaultdict(set)
    for call in found:
        if call.namespace:
            callers[call.namespace, call.account].add(call.port)
    clients: list[Any] = []
    for (namespace, account), called in sorted(callers.items()):
        if account and called <= callers.get((namespace, ""), set()):
            continue
        clients.append(_client(namespace, account, called if called != {*ports} else ()))
    if clients:
        entry.settings["clients"] = clients
        return
    message = f"the logs do not say who called {entry.host}"
    fix = "say whose logs these are with `--client NAMESPACE/SERVICEACCOUNT`, or add `clients` to the entry"
    findings.append(UNKNOWN(entry.span, message, fix))
    entry.ask("Who may call? Add `clients`", entry.span)


def _client(namespace: str, account: str, ports: Iterable[int] = ()) -> Any:
    """A client as a list has it, with `ports` where it may not use all."""
    more = {"serviceAccount": account, "ports": sorted(ports)}
    said = {"namespace": namespace} | {key: value for key, value in more.items() if value}
    return said if len(said) > 1 else namespace


def _comments(entry: Entry, found: Found) -> None:
    ordered = sorted(found.items(), key=lambda item: (-item[1].count, item[0]))
    for call, seen in ordered[:COMMENTS]:
        what = f"{times(seen.count, 'call', ',')} of {call.who} at port {call.port}"
        beside = [
            *(["refused by the mesh"] if call.kind == "refused" else []),
            *(["the port is that of the Host, metrics show none"] if call.assumed else []),
            *(["at a private address"] if call.private else []),
        ]
        entry.ask("; ".join([what, *beside]), seen.span)
    if len(ordered) > COMMENTS:
        rest = sum(seen.count for _, seen in ordered[COMMENTS:])
        entry.questions.append(f"{rest:,} more calls of others")


def _whole_namespaces(by_host: dict[str, Found]) -> list[Finding]:
    first: dict[str, Span] = {}
    for found in by_host.values():
        for call, seen in found.items():
            if call.namespace and not call.account:
                first[call.namespace] = min(seen.span, first.get(call.namespace, seen.span))
    return [
        WHOLE_NAMESPACE(
            span,
            f"the logs say that callers are of the namespace {namespace}, and not which service accounts they have",
            f"say it with `--client {namespace}/<service account>` if the logs are of one; else all of it may call",
        )
        for namespace, span in sorted(first.items())
    ]
