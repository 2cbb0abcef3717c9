"""One host's path as a list, for people: plain text, no colour."""

from collections.abc import Iterable, Sequence
from itertools import groupby

from egressc import printable
from egressc.explain.before import before
from egressc.explain.facts import Facts, facts
from egressc.explain.layout import fit, table
from egressc.explain.sections import indented, needed, section, worth_a_look
from egressc.explain.summary import is_overdue, remarks
from egressc.explain.view import WHOLE, View
from egressc.model import HTTP_FAMILY, Port
from egressc.plan import Carrier, Decision
from egressc.positions import where

PAGE = 120
ONLY = "Who may call, and nobody else"
NOTES = (104, 40)  # a sentence, and its lines of the list
ACCESS = (40, 20, 40, 16, 30, 50)


def host(carrier: Carrier, view: View = WHOLE) -> str:
    """The path of a request to the host of `carrier`, hop by hop."""
    about, width = facts(carrier), view.width
    exposure, readiness = _decisions(carrier.exposure()), _decisions(carrier.readiness())
    notes = [(note.says, where(note.lines, "")) for note in carrier.name_resolution()]
    parts = (
        _title(about, view),
        *(_port(carrier, port, width) for port in carrier.host.ports),
        _clients(about, width),
        *([section("Exposed", exposure, NOTES, width)] if exposure else []),
        *_denied(about, width),
        section("How clients find it", notes, NOTES, width),
        *([section("Readiness", readiness, NOTES, width)] if readiness else []),
        _objects(carrier, width),
        needed(before([carrier]), width),
        *worth_a_look(remarks([carrier], view), width),
    )
    return printable.lines("\n".join(parts))


def _title(about: Facts, view: View) -> str:
    known = (
        ("host", about.host, about.line.place),
        ("for", about.description or "-", ""),
        ("gateway" if about.gateway else "carried by", about.carrier, ""),
        ("owner", about.owner or "-", ""),
        ("review by", f"{about.review_by or '-'}{', overdue' if is_overdue(about.review_by, view) else ''}", ""),
        ("asked for", ", ".join(view.asked), ""),
    )
    shown = [row for row in known if row[1]]
    return table(shown, fit(shown, (12, PAGE - 10, 50), view.width))


def _port(carrier: Carrier, port: Port, width: int) -> str:
    parts = [f"Client port {port.port} ({port.protocol}) → upstream port {port.upstream_port}\n"]
    for number, hop in enumerate(carrier.hops(port), 1):
        rows = [("spoken", hop.spoken), ("verified", hop.verified)]
        parts += [f"  {number}. {hop.source} → {hop.target}\n", _below(rows, (8, PAGE), width)]
        parts.append(_below(_decisions(hop.decisions), NOTES, width))
    return "".join(parts)


def _below(rows: Sequence[Sequence[str]], widths: Sequence[int], width: int) -> str:
    return indented(table(rows, fit(rows, widths, width - 5)), 5)


def _decisions(decisions: Iterable[Decision]) -> list[tuple[str, str]]:
    rows = []
    for by, group in groupby(decisions, key=lambda decision: decision.by):
        rows.append((by.text, ""))
        rows += [(f"  {decision.says}", where(decision.lines)) for decision in group]
    return rows


def _clients(about: Facts, width: int) -> str:
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
    return section(title, rows, ACCESS, width)


def _denied(about: Facts, width: int) -> list[str]:
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
    return [section("Refused, whoever may call", rows, ACCESS, width)] if rows else []


def _objects(carrier: Carrier, width: int) -> str:
    kinds: dict[str, list[str]] = {}
    for one in carrier.objects():
        kinds.setdefault(f"{one.namespace}/{one.name}", []).append(one.kind)
    return section("Objects", [(name, ", ".join(listed)) for name, listed in kinds.items()], (70, 80), width)
