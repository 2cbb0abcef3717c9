"""VirtualServices and Gateways → the ways of a host's calls: from the client's port to the upstream's."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import Any

from egressc.findings import Finding, Span
from egressc.hostname import normalise, short
from egressc.importing.objects import Object, Objects
from egressc.importing.part import Part
from egressc.importing.registry import NOT_CARRIED, Service
from egressc.schema import schema

FAMILIES = ("http", "tls", "tcp")
USUAL = {"http": 80, "tls": 443}
#: Conditions of a match that are read; others limit the calls that the route is for.
READ = {"gateways", "port", "sniHosts", "name", "sourceLabels", "sourceNamespace"}
MESH = "mesh"
#: The port to which egressc's chart leads what nobody may send.
DISCARD = 9


@dataclass(slots=True)
class Hop:
    """A route of a VirtualService for one of its matches; `port` is None where the match says none."""

    rule: Object
    family: str
    route: Part
    gateways: set[str]
    port: int | None
    to: str
    to_port: int | None
    subset: str
    labels: dict[str, str]
    namespace: str
    limits: tuple[str, ...]
    span: Span


@dataclass(slots=True)
class Way:
    """How calls of a client port go on. `gateway` is the Service of an egress gateway, empty if they go directly."""

    port: int
    family: str
    upstream: str
    upstream_port: int
    subset: str
    gateway: str = ""
    gateway_port: int | None = None
    gateway_objects: set[str] = field(default_factory=set)
    hops: list[Hop] = field(default_factory=list)
    span: Span | None = None


def hops(objects: Objects) -> dict[str, list[Hop]]:
    """The routes by the host that they are for."""
    found: dict[str, list[Hop]] = {}
    for one in objects.of_kind("VirtualService"):
        routes = list(_hops(one))
        for host in one.spec.texts("hosts"):
            found.setdefault(normalise(host), []).extend(routes)
    return found


def _hops(one: Object) -> Iterator[Hop]:
    one.spec.skip("exportTo")
    everywhere = {_named(one, name) for name in one.spec.texts("gateways")} or {MESH}
    for family in FAMILIES:
        for route in one.spec.parts(family):
            route.skip("name")
            for match in route.parts("match") or [Part(None, route.span)]:
                yield from _hop(one, family, route, match, everywhere)
            if "directResponse" in route and one.of_the_chart:
                route.done()


def _hop(one: Object, family: str, route: Part, match: Part, everywhere: set[str]) -> Iterator[Hop]:
    match.skip("sniHosts", "name")
    if match.part("uri").data in ({"prefix": "/"}, {"prefix": ""}):
        match.part("uri").text("prefix")
    limits = tuple(
        key for key in match.data if key not in READ and not (key == "uri" and not [*match.part("uri").unread()])
    )
    only = one.namespace if one.spec.texts("exportTo") == ["."] else ""
    for target in route.parts("route")[:1]:
        target.skip("weight")
        to = target.part("destination")
        host = normalise(to.text("host"))
        hop = Hop(
            rule=one,
            family=family,
            route=route,
            gateways={_named(one, name) for name in match.texts("gateways")} or everywhere,
            port=match.number("port"),
            to=host,
            to_port=to.part("port").number("number"),
            subset=to.text("subset"),
            labels=match.pairs("sourceLabels"),
            namespace=match.text("sourceNamespace") or only,
            limits=limits,
            span=match.span,
        )
        nowhere = host == "refused.invalid" or (one.of_the_chart and hop.to_port == DISCARD)
        if not nowhere:
            yield hop


def _named(one: Object, name: str) -> str:
    """A Gateway by its namespace and name; `mesh` as it is."""
    if name == MESH:
        return name
    return name if "/" in name else f"{one.namespace}/{name}"


def ways(service: Service, routes: list[Hop], known: dict[str, Service], findings: list[Finding]) -> list[Way]:
    """The ways to a host: those that routes describe, and the direct ones of the ports that no route is for."""
    found: dict[tuple[int, str], Way] = {}
    behind = [hop for hop in routes if hop.gateways - {MESH}]
    for hop in routes:
        if MESH not in hop.gateways:
            continue
        for number in [hop.port] if hop.port else _ports(service, hop.family):
            way = _way(hop, number, behind, known)
            if way is None:
                what = short(f"{service.host}:{number}")
                message = f"{hop.rule.title} leads {what} to {short(hop.to)}, and no further route is there"
                findings.append(NOT_CARRIED(hop.span, message, "import the objects that say where this way ends, too"))
            if way and (number, hop.family) in found:
                found[number, hop.family].hops += way.hops
            elif way:
                found[number, hop.family] = way
    taken = {number for number, _ in found}
    for number, port in service.ports.items():
        if number not in taken:
            found[number, ""] = Way(number, "", service.host, number, "", span=port.span)
    return [found[key] for key in sorted(found)]


def _ports(service: Service, family: str) -> list[int]:
    """The ports of a route that names none."""
    kinds = {"http": ("HTTP", "HTTP2", "GRPC"), "tls": ("TLS",), "tcp": ("TCP", "TLS")}[family]
    if not service.ports and family in USUAL:
        return [USUAL[family]]
    return [number for number, port in service.ports.items() if port.protocol in kinds]


def _way(hop: Hop, number: int, behind: list[Hop], known: dict[str, Service]) -> Way | None:
    """The way of a client port on from its first hop; None if its end is unknown."""
    if hop.to in known:
        return Way(number, hop.family, hop.to, hop.to_port or number, hop.subset, hops=[hop], span=hop.span)
    onward = [other for other in behind if other.to in known and _follows(other.family, hop.family)]
    exact = [other for other in onward if other.port == (hop.to_port or number)]
    # of two gateways that carry a host, the one in use has the name of the Service
    name = hop.to.partition(".")[0]
    in_use = [other for other in exact if any(one.endswith(f"/{name}") for one in other.gateways)]
    for other in in_use or exact or onward:
        return Way(
            number,
            hop.family,
            other.to,
            other.to_port or other.port or number,
            other.subset,
            gateway=hop.to,
            gateway_port=hop.to_port,
            gateway_objects=other.gateways - {MESH},
            hops=[hop, other],
            span=hop.span,
        )
    return None


def _follows(family: str, before: str) -> bool:
    return family == before or {family, before} == {"tls", "tcp"}


def requests(way: Way) -> dict[str, Any]:
    """What the routes of a way say of its requests: timeouts, retries, headers."""
    said: dict[str, Any] = {}
    for hop in reversed(way.hops):  # what is nearest to the upstream says it
        route = hop.route
        if (limit := route.text("timeout")) and limit.rstrip("smh") not in ("0", "0.0"):
            said.setdefault("timeouts", {"request": limit})
        if "retries" in route:
            said.setdefault("retries", _retries(route.part("retries")))
        if host := route.part("rewrite").text("authority"):
            said["headers"] = {"host": host}
        if "headers" in route:
            changed = _headers(route.part("headers"), ours=hop.rule.of_the_chart)
            if changed:
                said["headers"] = changed | said.get("headers", {})
    return said


def _retries(part: Part) -> dict[str, Any]:
    attempts = part.number("attempts")
    part.skip("retryRemoteLocalities")  # a gateway tries again wherever it can
    conditions = [word.strip() for word in part.text("retryOn").split(",") if word.strip()]
    per_try = part.text("perTryTimeout")
    said: dict[str, Any] = {} if attempts in (None, 2) else {"attempts": attempts}
    usual = schema()["$defs"]["retries"]["properties"]["retryOn"]["default"]
    if conditions and attempts != 0 and sorted(conditions) != sorted(usual):
        said["retryOn"] = sorted(conditions)
    if per_try:
        said["perTry"] = per_try
    return said


def _headers(part: Part, *, ours: bool) -> dict[str, Any]:
    said: dict[str, Any] = {}
    for side in ("request", "response"):
        changes = part.part(side)
        written = changes.pairs("set")
        if not all(map(_is_plain, written.values())):
            changes.forget("set")
        values = {name: value.replace("%%", "%") for name, value in written.items() if _is_plain(value)}
        host = values.pop("Host", values.pop("host", ""))
        removed = changes.texts("remove")
        if ours and side == "request":
            removed = []
        one = ({"set": values} if values else {}) | ({"remove": removed} if removed else {})
        if one:
            said[side] = one
        if host:
            said["host"] = host
    return said


def _is_plain(value: str) -> bool:
    """Whether a header's value has no command of Envoy."""
    return "%" not in value.replace("%%", "")


def gateways(objects: Objects) -> dict[str, dict[str, str]]:
    """The labels of the pods of each Gateway, by its namespace and name."""
    found = {}
    for one in objects.of_kind("Gateway"):
        found[f"{one.namespace}/{one.name}"] = one.spec.pairs("selector")
    return found
