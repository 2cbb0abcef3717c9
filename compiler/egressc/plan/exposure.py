"""Names of one's own at ingress gateways, each with the hosts behind it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egressc.model import EVERYBODY, OWN_NAMESPACE, Exposure, IngressGateway
from egressc.names import gateway_name
from egressc.plan.ports import GatewayPort
from egressc.plan.way import GatewayWay


@dataclass(frozen=True, slots=True)
class ExposedRoute:
    """The requests of `path` and below it go to `gateway`, at `port`."""

    path: str
    gateway: GatewayWay
    port: GatewayPort


@dataclass(frozen=True, slots=True)
class ExposedName:
    """A name of one's own; of its `routes`, none hides a later one."""

    name: str
    host: str
    secret: str
    ingress: IngressGateway
    export_to: tuple[str, ...]
    routes: tuple[ExposedRoute, ...]


def plan_exposures(gateways: Sequence[GatewayWay]) -> tuple[ExposedName, ...]:
    """The own names of all hosts, sorted."""
    exposed = [(gateway, gateway.host.expose) for gateway in gateways if gateway.host.expose]
    names = sorted({expose.host for _, expose in exposed})
    return tuple(_name(name, [one for one in exposed if one[1].host == name]) for name in names)


def _name(host: str, exposed: Sequence[tuple[GatewayWay, Exposure]]) -> ExposedName:
    first = exposed[0][1]
    routes = [
        ExposedRoute(expose.path, gateway, port)
        for gateway, expose in exposed
        for port in gateway.ports
        if port.client_port == expose.port
    ]
    return ExposedName(
        name=gateway_name(host),
        host=host,
        secret=first.secret,
        ingress=first.gateway,
        export_to=_export_to(first.gateway.namespace, (gateway for gateway, _ in exposed)),
        # the longer path first: Istio asks them in this order
        routes=tuple(sorted(routes, key=lambda route: (-len(route.path), route.path))),
    )


def _export_to(namespace: str, gateways: Iterable[GatewayWay]) -> tuple[str, ...]:
    """Who may use the name inside of the mesh: the clients of the hosts behind it."""
    hosts = [gateway.host for gateway in gateways]
    if any(host.seen_by_all for host in hosts):
        return (EVERYBODY,)
    clients = {client.namespace or "" for host in hosts for client in host.clients}
    return (OWN_NAMESPACE, *sorted(clients - {namespace}))
