"""What several parts of the page say in the same words."""

from collections.abc import Iterable, Sequence
from urllib.parse import quote

from egressc import counted
from egressc.explain.facts import Caller, Denied, Facts, PortFacts
from egressc.explain.page.markup import Markup, element, join
from egressc.explain.summary import is_overdue
from egressc.explain.view import View
from egressc.positions import Lines

TLS = {
    "simple": "TLS",
    "mutual": "TLS with a client certificate",
    "passthrough": "the application's own TLS",
    "none": "no TLS added",
}
SHOWN = 6  # of a host's clients in the table; the host's own part has them all


def where(lines: Lines, silent: str = "default") -> Markup:
    """The places of `lines` in the list, or the word for what the list does not say."""
    places = dict.fromkeys(line.place for line in sorted(lines))
    return join((element("code", place) for place in places), " ") if places else element("small", silent)


def link(host: str) -> Markup:
    """A link to the part of the page about `host`."""
    return element("a", host, href=f"#{quote(anchor(host), safe='*')}")


def anchor(host: str) -> str:
    """The id of the part of the page about `host`."""
    return f"host-{host}"


def badge(kind: str, text: str) -> Markup:
    """A short word that marks something; the word says it all, the colour of `kind` only helps to find it."""
    return element("strong", text, class_=f"badge {kind}")


def stacked(parts: Iterable[str]) -> Markup:
    """`parts`, a line each."""
    return join(element("div", part) for part in parts)


def few(parts: Sequence[str]) -> Markup:
    """The first of `parts`, a line each, and how many more there are."""
    return stacked(counted.few(parts, SHOWN))


def caller(one: Caller | Denied) -> str:
    """Who, and to which calls that is limited."""
    ports = [f"port {port}" for port in one.ports]
    labels = [one.labels] if isinstance(one, Caller) and one.labels else []
    return " ".join((one.who, *ports, *labels, ",".join(one.methods), *one.paths)).rstrip()


def way(port: PortFacts) -> str:
    """`HTTP, 80 → 443`."""
    return f"{port.protocol}, {port.port} → {port.upstream_port}"


def is_unverified(about: Facts) -> bool:
    """Whether nobody verifies the upstream on some port."""
    return any(port.verified.by == "nobody" for port in about.ports)


def review(about: Facts, view: View) -> Markup:
    """The date, and a word if it has passed."""
    if about.review_by is None:
        return element("span", "no date")
    late = [badge("bad", "overdue")] if is_overdue(about.review_by, view) else []
    return join([element("time", about.review_by), *late], " ")
