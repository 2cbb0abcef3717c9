"""The fleet as a table and one host's path as a list, for people: plain text, no colour."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from egressc import printable
from egressc.explain.before import Before, before
from egressc.explain.facts import Caller, Facts, PortFacts, facts
from egressc.explain.layout import shorten, table, wrap
from egressc.model import HTTP_FAMILY, Port
from egressc.plan import Admission, Carrier, Companions, Decision, Plan
from egressc.plan.decisions.tls import Verified
from egressc.plan.needs import Need
from egressc.plan.remarks import Remark
from egressc.positions import Lines

HEAD = (
    "HOST\n  GATEWAY",
    "PORT → UPSTREAM",
    "TLS",
    "VERIFIED BY",
    "READY WHEN",
    "CHECKS\nA MINUTE",
    "WHO MAY CALL",
    "OWNER\nREVIEW BY",
)
WIDTHS = (30, 16, 11, 24, 21, 8, 22, 13)
SHOWN = 4  # of clients, of one client's paths, of names; the host's own page has them all
REASON = 60
PAGE = 120
ONLY = "Who may call, and nobody else"
NOTES = (104, 40)  # a sentence, and its lines of the list


def fleet(plan: Plan) -> str:
    """All hosts of `plan` in a table, what must exist before the installation, and what a person should look at."""
    rows = [HEAD, *map(_row, sorted(map(facts, plan.carriers), key=lambda about: about.host))]
    parts = (
        table(rows, WIDTHS),
        _needs(before(plan.carriers, plan.companions)),
        *_companions(plan.companions),
        *_remarks(remark for carrier in plan.carriers for remark in carrier.remarks()),
    )
    return printable.lines("\n".join(parts).rstrip("\n") + "\n")


def host(carrier: Carrier) -> str:
    """The path of a request to the host of `carrier`, hop by hop."""
    about = facts(carrier)
    exposure, readiness = _decisions(carrier.exposure()), _decisions(carrier.readiness())
    notes = [(note.says, _where(note.lines, "")) for note in carrier.name_resolution()]
    parts = (
        _title(about),
        *(_port(carrier, port) for port in carrier.host.ports),
        _clients(about),
        *([_section("Exposed", exposure, NOTES)] if exposure else []),
        *_denied(about),
        _section("How clients find it", notes, NOTES),
        *([_section("Readiness", readiness, NOTES)] if readiness else []),
        _objects(carrier),
        _needs(before([carrier])),
        *_remarks(carrier.remarks()),
    )
    return printable.lines("\n".join(parts))


def _row(about: Facts) -> list[str]:
    ports = [_way(way, about.host) for way in about.ports]
    return [
        f"{about.host}\n  {about.carrier}",
        *("\n".join(column) for column in zip(*ports, strict=True)),
        _few([_caller(caller) for caller in about.clients], "\n"),
        f"{about.owner or '-'}\n{about.review_by or '-'}",
    ]


def _way(way: PortFacts, host: str) -> list[str]:
    """The cells of one port, padded so that the ports of a host stay side by side."""
    cells = (
        f"{way.port} → {way.upstream_port} {way.protocol}",
        way.tls,
        _verified(way.verified, host),
        way.ready_when,
        way.checks_per_minute.text,
    )
    wrapped = [wrap(cell, width) for cell, width in zip(cells, WIDTHS[1:6], strict=True)]
    height = max(map(len, wrapped))
    return ["\n".join(lines + [""] * (height - len(lines))) for lines in wrapped]


def _verified(verified: Verified, host: str) -> str:
    if verified.by in ("application", "nobody"):
        return shorten(verified.text, REASON)
    # what differs from the rule is to be seen
    names = "the host's name" if verified.names == (host,) else _few(verified.names, ", ")
    return f"the {verified.by}: {names}; {verified.ca}"


def _caller(caller: Caller) -> str:
    ports = [f":{port}" for port in caller.ports]
    parts = (caller.who, *ports, caller.labels, ",".join(caller.methods), _few(caller.paths, " "))
    return " ".join(part for part in parts if part)


def _few(texts: Sequence[str], between: str) -> str:
    left = len(texts) - SHOWN
    return between.join(texts[:SHOWN]) + (f"{between}and {left} more" if left > 0 else "")


def _needs(wanted: Before) -> str:
    rows = []
    for namespace in wanted.namespaces:
        rows.append((f"Namespace {namespace}", "", ""))
        rows += [_need(need) for need in wanted.objects if need.namespace == namespace]
    rows += [(one.of, one.what, one.why) for one in wanted.conditions]
    return _section("Needs, before the installation", rows, (60, 40, 56))


def _need(need: Need) -> tuple[str, str, str]:
    return f"  {need.kind} {need.name}", ", ".join(need.keys), f"for {', '.join(need.hosts)}"


def _companions(companions: Companions) -> list[str]:
    rows = [
        *((f"Namespace {namespace}", "PeerAuthentication: mutual TLS alone") for namespace in companions.strict),
        *((f"Namespace {name}", _isolation(name, companions)) for name in companions.isolated),
        *((f"Namespace {one.namespace}", f"Sidecar: {', '.join(one.hosts)}") for one in companions.sidecars),
        *([("Every namespace but:", _judged(companions.admission))] if companions.admission else []),
    ]
    return [_section("What goes with them", rows, (40, 110))] if rows else []


def _judged(admission: Admission) -> str:
    names = len(admission.hosts) + len(admission.addresses)
    return (
        f"{', '.join(admission.without) or '-'}. ValidatingAdmissionPolicies refuse others' objects for {names} names"
    )


def _isolation(namespace: str, companions: Companions) -> str:
    others = (
        "nothing for other pods" if namespace in companions.denied else "other pods, clients among them, as they are"
    )
    return f"NetworkPolicies: the gateways' own traffic; {others}"


def _remarks(seen: Iterable[Remark]) -> list[str]:
    rows = [
        (f"{one.host}:{one.port}" if one.port else one.host, one.says, _where(one.lines))
        for one in sorted(seen, key=lambda one: (one.host, one.port or 0))
    ]
    return [_section("Worth a look", rows, (44, 76, 34))] if rows else []


def _title(about: Facts) -> str:
    known = (
        ("host", about.host, about.line.place),
        ("for", about.description or "-", ""),
        ("gateway" if about.gateway else "carried by", about.carrier, ""),
        ("owner", about.owner or "-", ""),
        ("review by", about.review_by or "-", ""),
    )
    return table(known, (12, PAGE - 10, 50))


def _port(carrier: Carrier, port: Port) -> str:
    parts = [f"Client port {port.port} ({port.protocol}) → upstream port {port.upstream_port}\n"]
    for number, hop in enumerate(carrier.hops(port), 1):
        rows = [("spoken", hop.spoken), ("verified", hop.verified)]
        parts += [f"  {number}. {hop.source} → {hop.target}\n", _indented(table(rows, (8, PAGE)), 5)]
        parts.append(_indented(table(_decisions(hop.decisions), NOTES), 5))
    return "".join(parts)


def _decisions(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    rows = []
    for by, group in groupby(decisions, key=lambda decision: decision.by):
        rows.append((by.text, ""))
        rows += [(f"  {decision.says}", _where(decision.lines)) for decision in group]
    return rows


def _clients(about: Facts) -> str:
    requests = any(way.protocol in HTTP_FAMILY for way in about.ports)
    rows = [
        (
            caller.who,
            " ".join(caller.methods) or ("any method" if requests else ""),
            " ".join(caller.paths) or ("any path" if requests else ""),
            "port " + " ".join(map(str, caller.ports)) if caller.ports else "any port",
            caller.labels or "any labels",
            caller.line.place,
        )
        for caller in about.clients
    ]
    title = "Who may call; all others are only reported" if about.enforcement == "report" else ONLY
    return _section(title, rows, (40, 20, 40, 16, 30, 50))


def _denied(about: Facts) -> list[str]:
    rows = [
        (
            denied.who,
            " ".join(denied.methods) or "any method",
            " ".join(denied.paths) or "any path",
            "port " + " ".join(map(str, denied.ports)) if denied.ports else "any port",
            f"by the {denied.by}",
            denied.line.place,
        )
        for denied in about.denied
    ]
    return [_section("Refused, whoever may call", rows, (40, 20, 40, 16, 30, 50))] if rows else []


def _objects(carrier: Carrier) -> str:
    kinds: dict[str, list[str]] = {}
    for one in carrier.objects():
        kinds.setdefault(f"{one.namespace}/{one.name}", []).append(one.kind)
    return _section("Objects", [(name, ", ".join(listed)) for name, listed in kinds.items()], (70, 80))


def _section(title: str, rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    return f"{title}\n{_indented(table(rows, widths), 2)}"


def _indented(text: str, blanks: int) -> str:
    return "".join(f"{' ' * blanks}{line}\n" for line in text.splitlines())


def _where(lines: Lines, silent: str = "default") -> str:
    """`hosts.yaml:3, :7`, or the word for what the list does not say."""
    files = groupby(sorted({(line.file, line.line) for line in lines}), key=lambda place: place[0])
    return ", ".join(file + ", ".join(f":{line}" for _, line in places) for file, places in files) or silent
