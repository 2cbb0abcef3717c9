"""From a sidecar to the gateway: which pods it lets through, and where it leads them."""

from collections.abc import Iterable, Iterator

from egressc.model import OWN_NAMESPACE, Client
from egressc.plan.decision import Decision, Object
from egressc.plan.decisions.limits import idle
from egressc.plan.decisions.lines import client_line, once
from egressc.plan.decisions.seen import namespaces
from egressc.plan.ports import CarriedPort, GatewayPort
from egressc.plan.way import GatewayWay

CLOSED_PORT = 9  # of a Service: nothing listens there


def sent(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """What the sidecar of a caller decides."""
    route, rule = way.object("VirtualService"), way.object("DestinationRule")
    yield from told_apart(port, route, users(way, port), "any namespace", "leads all other pods to a closed port")
    if port.callers and not port.is_http:
        yield Decision(route, "the closed port is one where nothing listens", (), {"closedPort": CLOSED_PORT})
    again = ", and tries again only what no upstream has seen" if port.is_http else ""
    yield Decision(route, f"leads to the gateway's Service{again}")
    yield from _stands_by(way, route, port)
    yield _kept_from_upstream(way)
    yield Decision(rule, f"wraps it in the mesh's mutual TLS, SNI {way.host.host}")
    yield idle(way.host, rule)
    says = f"leads port {port.gateway_port} to the gateway's Ready pods"
    yield Decision(way.object("Service"), says, way.host.said("gateway"), {"selector": way.pods.selector})
    if way.service_export_to != way.export_to:
        says, seers = f"seen by {namespaces(way, way.service_export_to)}", tuple(map(client_line, way.host.callers))
        yield Decision(way.object("Service"), says, seers, {"serviceExportTo": list(way.service_export_to)})
    if way.over_http2(port):
        yield from _as_http2(way)


def _as_http2(way: GatewayWay) -> Iterator[Decision]:
    lines, sets = way.host.said("gatewayProtocol"), {"gatewayProtocol": "HTTP2"}
    says = "says that it speaks HTTP/2, so that a sidecar sends all requests in a few connections"
    yield Decision(way.object("Service"), says, lines, sets)
    says = "asks over each HTTP/2 connection whether the gateway is there"
    yield Decision(way.object("DestinationRule"), says, lines, sets)
    says = "takes WebSockets over HTTP/2, and reads each as the GET that it was"
    yield Decision(way.object("EnvoyFilter", ".requests"), says, lines, sets)


def _stands_by(way: GatewayWay, route: Object, port: GatewayPort) -> Iterator[Decision]:
    """The gateway that is ready to take the host over."""
    if way.standby:
        number = next(one.gateway_port for one in way.standby.ports if one.client_port == port.client_port)
        says = f"leads nobody to {way.standby.namespace}/{way.standby.pods.name}, which stands by with the same rules"
        yield Decision(route, says, way.host.said("standby"), {"standbyPort": number}, port.client_port)


def _kept_from_upstream(way: GatewayWay) -> Decision:
    # Istio merges rules of one host that are seen by "." only: the namespace's name says the same
    sets = {"directExportTo": [way.namespace]} if way.export_to == (OWN_NAMESPACE,) else {}
    says = "keeps the sidecar from going to the upstream itself: this TLS cannot succeed"
    return Decision(way.object("DestinationRule", ".direct"), says, (), sets)


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
        sources = [pods.values for pods in port.callers]
        yield Decision(route, says, (), {"sources": sources}, port.client_port)


def users(way: GatewayWay, port: CarriedPort) -> list[Client]:
    """The clients that may use `port`."""
    return [client for client in way.host.callers if client.covers(port.client_port)]
