"""The way to one host through a gateway: its names, ports and identities."""

from dataclasses import dataclass
from typing import TypeVar

from egressc.model import EVERYBODY, OWN_NAMESPACE, Host, Inventory, Port, is_prefix
from egressc.names import gateway_ports, port_name, shared_name
from egressc.plan.authorization import Rule, denials, fleet_denials, rules
from egressc.plan.decision import Object
from egressc.plan.pods import CallerPods, Pods, distinct
from egressc.plan.ports import CarriedPort, GatewayPort

#: What a gateway's pods have, whoever's they are; all else is the host's own.
POD_KINDS = (
    "AuthorizationPolicy",
    "Telemetry",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Role",
    "RoleBinding",
)
#: What clients are led by, whichever gateway carries the host.
CLIENT_KINDS = ("ServiceEntry", "VirtualService")
CLIENT_RULE = ".direct"


@dataclass(frozen=True, slots=True)
class GatewayWay:
    """The way to one host: its Service, routes and policy, and the pods behind them.

    `name` belongs to the host and these pods, `route` to the host, whatever pods carry it. Clients are led nowhere by
    a way that is not `in_use`: it is the `standby` of the one that is.
    """

    name: str
    route: str
    namespace: str
    pods: Pods
    host: Host
    ports: tuple[GatewayPort, ...]
    listed: tuple[str, ...]  # what the list has below a wildcard: these names have ways of their own
    export_to: tuple[str, ...]
    service_export_to: tuple[str, ...]  # a gateway keeps a cluster of each Service that it sees, and needs none
    rules: tuple[Rule, ...]
    denials: tuple[Rule, ...]
    fleet_denials: tuple[Rule, ...]
    isolated: bool  # whether network policies deny what is not its own traffic
    guarded: bool  # whether the API server refuses other teams' Gateways on its pods
    service: str  # the full name of its Service
    in_use: bool = True
    standby: "GatewayWay | None" = None

    @property
    def decided(self) -> tuple[Rule, ...]:
        """All rules that decide about a call."""
        return (*self.rules, *self.denials, *self.fleet_denials)

    @property
    def fetches_key(self) -> bool:
        """Whether Istio must let the gateway read Secrets: a CA alone needs no right."""
        return any(port.tls.mode == "mutual" and port.tls.secret for port in self.ports)

    @property
    def strict_paths(self) -> bool:
        """Whether somebody decides by path, so that a path must have one reading."""
        decided = any(rule.paths for rule in self.decided)
        return self.host.has_requests and (decided or self.host.external_authorization is not None)

    @property
    def drops_underscores(self) -> bool:
        """Whether a header counts here that `_` could spell again: the list's own, or one of a method or a path."""
        headers = self.host.headers
        return self.decides_by_requests or (self.host.has_requests and headers is not None and headers.has_twins)

    @property
    def decides_by_requests(self) -> bool:
        """Whether somebody decides by methods or paths."""
        return self.strict_paths or (self.host.has_requests and any(rule.methods for rule in self.decided))

    def over_http2(self, port: CarriedPort) -> bool:
        """Whether sidecars make HTTP/2 of the requests to `port`."""
        return self.host.over_http2 and port.settled.takes_http2

    @property
    def carries(self) -> bool:
        """Whether any of its ports has bytes that it carries unread."""
        return any(not port.is_http for port in self.ports)

    @property
    def checks_upstream(self) -> bool:
        """Whether the pod's readiness follows its upstream."""
        return bool(self.host.checked)

    @property
    def filtered(self) -> bool:
        """Whether EnvoyFilters say what Istio has no fields for; without them a policy decides, and curl checks."""
        return not self.host.unfiltered

    @property
    def allowing(self) -> Object:
        """What says who may call."""
        return self.object("EnvoyFilter", ".authorization") if self.filtered else self._policy(".clients")

    @property
    def refusing(self) -> Object:
        """What says who may not."""
        return self.object("EnvoyFilter", ".authorization") if self.filtered else self._policy(".denied")

    @property
    def reading(self) -> Object:
        """What says how requests are read."""
        return self.object("EnvoyFilter", ".requests") if self.filtered else self.object("VirtualService")

    @property
    def checking(self) -> Object:
        """What says how the upstream is checked."""
        return self.object("EnvoyFilter") if self.filtered else self.object("ConfigMap", ".readiness")

    def _policy(self, suffix: str) -> Object:
        return self.object("AuthorizationPolicy", suffix)

    def object(self, kind: str, suffix: str = "") -> Object:
        """The object of this kind that belongs to the host, or to the pods that carry it."""
        # at pods that are not ours a policy refuses for each host by itself
        of_pods = kind in POD_KINDS and not (kind == "AuthorizationPolicy" and (suffix or not self.pods.ours))
        if kind in CLIENT_KINDS or suffix == CLIENT_RULE:
            return Object(kind, self.namespace, self.route + suffix)
        return Object(kind, self.namespace, (self.pods.name if of_pods else self.name) + suffix)

    def leads(self, made: Object) -> bool:
        """Whether clients are led by `made`, one of its objects."""
        return made.kind in CLIENT_KINDS or made.name.endswith(CLIENT_RULE)

    def entry(self, port: GatewayPort) -> Object:
        """The ServiceEntry of `port`: Istio takes a socket for one port, so there each has its own."""
        own = self.host.by_socket and port is not self.ports[0]
        return self.object("ServiceEntry", f".{port.name}" if own else "")


Way = TypeVar("Way", bound=GatewayWay)


def plan_way(kind: type[Way], host: Host, inventory: Inventory, pods: Pods) -> Way:
    """The way of this kind to `host`, through a gateway with these pods."""
    route = host.own_name
    name = route if pods.single else shared_name(route, pods.name)
    numbers = gateway_ports({port.port for port in host.ports}, adopted=not pods.ours)
    return kind(
        name=name,
        route=route,
        namespace=host.namespace,
        pods=pods,
        host=host,
        ports=tuple(
            GatewayPort(
                name=port_name(port.protocol, port.port),
                settled=port,
                callers=_callers(host, port),
                gateway_port=numbers[port.port],
                identities=_identities(host, port, inventory.mesh.trust_domain),
            )
            for port in host.ports
        ),
        listed=_listed(host, inventory),
        export_to=_export_to(host),
        service_export_to=_service_export_to(host),
        rules=rules(host, inventory.mesh.trust_domain),
        denials=denials(host),
        fleet_denials=fleet_denials(host, inventory),
        isolated=inventory.companions.network_policies and pods.ours,
        guarded=inventory.companions.admission is not None,
        service=f"{name}.{host.namespace}.svc.{inventory.mesh.cluster_domain}",
    )


def _listed(host: Host, inventory: Inventory) -> tuple[str, ...]:
    """The listed hosts below `host`, without those that a listed narrower wildcard has below it."""
    if not host.wildcard:
        return ()
    below = [other for other in inventory.hosts if host.covers(other.host)]
    return tuple(sorted(one.host for one in below if not any(other.covers(one.host) for other in below)))


def _export_to(host: Host) -> tuple[str, ...]:
    if host.seen_by_all:
        return (EVERYBODY,)
    return (OWN_NAMESPACE, *(namespace for namespace in host.seen_in if namespace != host.namespace))


def _service_export_to(host: Host) -> tuple[str, ...]:
    known = _export_to(host)
    needed = host.namespace in host.seen_in or not host.seen_in
    return known if needed else tuple(one for one in known if one != OWN_NAMESPACE)


def _callers(host: Host, port: Port) -> tuple[CallerPods, ...]:
    clients = [client for client in host.clients if client.covers(port.port)]
    pods = {CallerPods(client.namespace, client.pod_labels) for client in clients}
    if host.reports or not any(one.labels for one in pods):
        return ()
    return distinct(pods)


def _identities(host: Host, port: Port, trust_domain: str) -> tuple[str, ...]:
    """The SPIFFE names of all who may use a port without requests, where each is known exactly.

    A policy on such a port decides at the caller's first byte, and a server that speaks first has spoken by then.
    """
    clients = [client for client in host.clients if client.covers(port.port)]
    known = all(client.service_account and not is_prefix(client.namespace) for client in clients)
    if host.reports or port.is_http or not known:
        return ()
    accounts = {f"ns/{client.namespace}/sa/{client.service_account}" for client in clients}
    return tuple(f"spiffe://{trust_domain}/{account}" for account in sorted(accounts))
