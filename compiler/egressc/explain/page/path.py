"""One host: who may call, and the way of a request, hop by hop, with the list's lines."""

from collections.abc import Iterable
from itertools import groupby

from egressc.explain.before import before
from egressc.explain.facts import Caller, Denied, Facts, PortFacts, facts
from egressc.explain.page.markup import Markup, element, join, table, terms
from egressc.explain.page.needed import needs
from egressc.explain.page.words import TLS, anchor, badge, review, where
from egressc.explain.view import View
from egressc.model import HTTP_FAMILY
from egressc.plan import Carrier, Decision
from egressc.plan.hops import Hop
from egressc.plan.remarks import Remark

HEADS = ("Who", "Methods", "Paths", "Client ports", "Pod labels", "In the list")


def host(carrier: Carrier, view: View) -> Markup:
    """The part of the page about the host of `carrier`."""
    about = facts(carrier)
    name = anchor(about.host)
    notes = element(
        "ul", *(element("li", f"{note.says} ", where(note.lines, "")) for note in carrier.name_resolution())
    )
    parts = (
        element("a", "← All hosts", href="#fleet", class_="back"),
        element("h2", about.host, id=f"{name}-title"),
        element("p", about.description or "The list does not say what this host is for."),
        _known(about, view),
        _section("Who may call", _callers(about)),
        *(
            _section(_port(way), element("ol", *(_hop(hop, way) for hop in carrier.hops(port)), class_="hops"))
            for way, port in zip(about.ports, carrier.host.ports, strict=True)
        ),
        _section("Exposed under a name of one's own", _decisions(carrier.exposure())),
        _section("How clients find it", notes),
        _section("When its gateway is Ready", _decisions(carrier.readiness())),
        _section("Worth a look", _remarks(carrier.remarks())),
        _section("Needed before the installation", needs(before([carrier]))),
        _section("Objects in the cluster", _objects(carrier)),
    )
    return element(
        "article", *filter(None, parts), class_="host", id=name, tabindex="-1", aria_labelledby=f"{name}-title"
    )


def _section(title: str, content: Markup) -> Markup:
    return element("section", element("h3", title), content) if content else Markup()


def _known(about: Facts, view: View) -> Markup:
    places = (*about.endpoints, *(f"{place}, if the others fail" for place in about.failover))
    return terms(
        [
            ("Gateway", about.carrier),
            *([("Pods", about.pods.text)] if about.gateway else []),
            ("Owner", about.owner or "nobody"),
            ("Review by", review(about, view)),
            ("In the list", where((about.line,))),
            *([("Upstream at", ", ".join(places))] if places else []),
        ]
    )


def _callers(about: Facts) -> Markup:
    requests = any(way.protocol in HTTP_FAMILY for way in about.ports)
    reported = about.enforcement == "report"
    title = "Who may call; all others are only reported" if reported else "Who may call, and nobody else"
    rows = [_caller(one, requests, one.labels or "any") for one in about.clients]
    refused = [_caller(one, requests, f"by the {one.by}") for one in about.denied]
    return join(
        [
            *([element("p", badge("bad", "The rules refuse nobody yet"))] if reported else []),
            table(title, HEADS, rows),
            table("Refused, whoever may call", (*HEADS[:4], "Said", HEADS[5]), refused),
        ]
    )


def _caller(one: Caller | Denied, requests: bool, last: str) -> tuple[str, ...]:
    anything = "any" if requests else "-"
    ports = ", ".join(map(str, one.ports))
    return (
        one.who,
        " ".join(one.methods) or anything,
        " ".join(one.paths) or anything,
        ports or "any",
        last,
        where((one.line,)),
    )


def _port(way: PortFacts) -> str:
    return f"Client port {way.port} ({way.protocol}) → upstream port {way.upstream_port}: {TLS[way.tls]}"


def _hop(hop: Hop, way: PortFacts) -> Markup:
    open_end = hop.target == "upstream" and way.verified.by == "nobody"
    return element(
        "li",
        element("h4", f"{hop.source} → {hop.target}"),
        terms([("Spoken", hop.spoken), ("Verified", badge("bad", hop.verified) if open_end else hop.verified)]),
        _decisions(hop.decisions),
    )


def _decisions(decisions: Iterable[Decision]) -> Markup:
    """What each object decides; empty where there is nothing to decide."""
    parts = []
    for by, group in groupby(decisions, key=lambda decision: decision.by):
        parts.append(element("dt", by.text))
        parts += [element("dd", f"{decision.says} ", where(decision.lines)) for decision in group]
    return element("dl", *parts, class_="decided") if parts else Markup()


def _remarks(remarks: Iterable[Remark]) -> Markup:
    rows = [
        element("li", f"port {one.port}: {one.says} " if one.port else f"{one.says} ", where(one.lines))
        for one in remarks
    ]
    return element("ul", *rows) if rows else Markup()


def _objects(carrier: Carrier) -> Markup:
    return element("ul", *(element("li", one.text) for one in carrier.objects()), class_="objects")
