"""From a sidecar to the gateway: which pods it lets through, and where it leads them."""

from collections.abc import Iterable, Iterator
from typing import Any

from egressc.model import Client
from egressc.plan.decision import Decision, Object
from egressc.plan.decisions.limits import idle
from egressc.plan.decisions.lines import client_line, once
from egressc.plan.way import CallerPods, CarriedPort, GatewayPort, GatewayWay


def sent(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """What the sidecar of a caller decides."""
    route, rule = way.object("VirtualService"), way.object("DestinationRule")
    yield from told_apart(port, route, users(way, port), "any namespace", "leads all other pods to a closed port")
    again = ", and tries again only what no upstream has seen" if port.is_http else ""
    yield Decision(route, f"leads to the gateway's Service{again}")
    straight = way.object("DestinationRule", ".direct")
    yield Decision(straight, "keeps the sidecar from going to the upstream itself: this TLS cannot succeed")
    yield Decision(rule, f"wraps it in the mesh's mutual TLS, SNI {way.host.host}")
    yield idle(way.host, rule)
    says = f"leads port {port.gateway_port} to the gateway's Ready pods"
    sets = {} if way.pods.single else {"selector": dict(way.pods.labels)}
    yield Decision(way.object("Service"), says, way.host.said("gateway"), sets)


def told_apart(
    port: CarriedPort, route: Object, clients: Iterable[Client], anywhere: str, refused: str
) -> Iterator[Decision]:
    """Which pods of `clients` the VirtualService `route` lets through to `port`, and what becomes of all others."""
    known = list(clients)
    for pods in port.callers:
        mine = [one for one in known if one.pod_labels == pods.labels and pods.namespace in (None, one.namespace)]
        lines = once(line for client in mine for line in client.said("podLabels") or (client_line(client),))
        yield Decision(route, f"lets {pods.text(anywhere)} through", lines)
    if port.callers:
        says = "answers 403 to all other pods" if port.is_http else refused
        sources = [_source(pods) for pods in port.callers]
        yield Decision(route, says, (), {"sources": sources}, port.client_port)


def users(way: GatewayWay, port: CarriedPort) -> list[Client]:
    """The clients that may use `port`."""
    return [client for client in way.host.callers if client.covers(port.client_port)]


def _source(pods: CallerPods) -> dict[str, Any]:
    given = (("namespace", pods.namespace), ("podLabels", dict(pods.labels)))
    return {key: value for key, value in given if value}
