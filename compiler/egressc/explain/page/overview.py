"""The fleet at a glance: what somebody sees first, and the table of all hosts."""

from collections.abc import Sequence

from egressc.explain.facts import Facts
from egressc.explain.page.markup import Markup, element, join
from egressc.explain.page.words import TLS, badge, caller, few, link, review, stacked, way
from egressc.explain.summary import is_overdue
from egressc.explain.view import View
from egressc.plan.decisions.tls import Verified
from egressc.plan.remarks import Remark

HEADS = ("Host", "Who may call", "Way out", "Encrypted and checked", "Gateway", "Owner", "Review by")


def numbers(known: Sequence[Facts], remarks: Sequence[Remark], view: View) -> Markup:
    """What somebody sees first."""
    shown = (
        ("Hosts", str(len(known)), "#fleet"),
        ("Gateways", str(len({about.carrier for about in known if about.gateway})), "#costs"),
        ("Clients", str(len({one.who for about in known for one in about.clients})), "#fleet"),
        ("Worth a look", str(len(remarks)), "#look"),
        ("Reviews overdue", str(sum(is_overdue(about.review_by, view) for about in known)), "#reviews"),
    )
    return element(
        "ul",
        *(
            element("li", element("a", element("strong", number), element("span", what), href=target))
            for what, number, target in shown
        ),
        class_="numbers",
    )


def fleet(known: Sequence[Facts], view: View) -> Markup:
    """All hosts, a row each."""
    rows = [
        element(
            "tr",
            element("th", link(about.host), *_about(about), scope="row"),
            *(element("td", cell) for cell in _cells(about, view)),
            data_host=about.host,
        )
        for about in known
    ]
    heads = (element("th", head, scope="col") for head in HEADS)
    return element(
        "table",
        element("caption", "All hosts: who may call them, and on which way"),
        element("thead", element("tr", *heads)),
        element("tbody", *rows),
        id="hosts",
    )


def _about(about: Facts) -> list[Markup]:
    return [element("small", about.description)] if about.description else []


def _cells(about: Facts, view: View) -> tuple[str, ...]:
    refused = [f"refused: {caller(one)}" for one in about.denied]
    reported = [badge("bad", "refuses nobody yet")] if about.enforcement == "report" else []
    pods = f"{about.pods.text} pods" if about.gateway else "no gateway"
    return (
        join([*reported, few([*map(caller, about.clients), *refused])]),
        stacked(map(way, about.ports)),
        stacked(join([TLS[port.tls], "; ", *_checked(port.verified, about.host)]) for port in about.ports),
        join([about.carrier, element("small", pods)]),
        about.owner or "nobody",
        review(about, view),
    )


def _checked(verified: Verified, host: str) -> tuple[str, ...]:
    if verified.by == "nobody":
        return badge("bad", "verified by nobody"), f": {verified.reason}"
    # what differs from the rule is to be seen
    text = f"the {verified.by}: the host's name; {verified.ca}" if verified.names == (host,) else verified.text
    return (f"verified by {text}",)
