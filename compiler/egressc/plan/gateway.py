"""A gateway's way to one host: names, ports, identities, and whose pods carry it."""

from dataclasses import dataclass
from typing import Literal

from egressc.model import Host, Inventory, Port
from egressc.names import gateway_name, gateway_ports, port_name
from egressc.plan.authorization import EVERYBODY, Rule, denials, fleet_denials, rules

OWN_NAMESPACE = "."
SYSTEM_CA = "system"  # what Istio means by no CA at all; said aloud it also satisfies its analyzer


def pod_labels(name: str, namespace: str) -> tuple[tuple[str, str], ...]:
    """What the pods of a gateway are found by, also where Istio looks for labels in every namespace."""
    return (("egressc.io/gateway", name), ("egressc.io/namespace", namespace))


@dataclass(frozen=True, slots=True)
class Source:
    """Pods that a client's sidecar lets through: of a namespace (None: any), with these labels."""

    namespace: str | None
    pod_labels: tuple[tuple[str, str], ...]


def told_apart(sources: set[Source]) -> tuple[Source, ...]:
    """`sources` in their order; none where one of them is any pod at all."""
    if Source(None, ()) in sources:
        return ()
    return tuple(sorted(sources, key=lambda source: (source.namespace or "", source.pod_labels)))


@dataclass(frozen=True, slots=True)
class GatewayPort:
    """A client port's way: `number` is the gateway's own port, `name` the port's in every object."""

    name: str
    number: int
    port: Port
    sources: tuple[Source, ...]  # empty: nobody is told apart by pod labels
    identities: tuple[str, ...]  # the callers that TLS itself lets in; empty: the policy alone decides


@dataclass(frozen=True, slots=True)
class Pods:
    """Whose pods carry a host: its own, a shared gateway's, or adopted ones that run already; found by `labels`."""

    kind: Literal["own", "shared", "adopted"]
    name: str
    labels: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Gateway:
    """The way to one host: its Service, routes and policy, and the pods behind them."""

    name: str
    namespace: str
    pods: Pods
    host: Host
    ports: tuple[GatewayPort, ...]
    listed: tuple[str, ...]  # what the list has below a wildcard: these names have ways of their own
    export_to: tuple[str, ...]
    rules: tuple[Rule, ...]
    denials: tuple[Rule, ...]
    fleet_denials: tuple[Rule, ...]
    isolated: bool  # whether network policies deny what is not its own traffic
    service: str  # the full name of its Service

    @property
    def fetches_key(self) -> bool:
        """Whether Istio must let the gateway read Secrets: a CA alone needs no right."""
        return any(port.port.tls.mode == "mutual" and port.port.tls.secret for port in self.ports)

    @property
    def strict_paths(self) -> bool:
        """Whether somebody decides by path, so that a path must have one reading."""
        decided = any(rule.paths for rule in (*self.rules, *self.denials, *self.fleet_denials))
        return self.host.has_requests and (decided or self.host.external_authorization is not None)

    @property
    def drops_underscores(self) -> bool:
        """Whether a header counts here that `_` could spell again: the list's own, or one of a method or a path."""
        headers = self.host.headers
        named = self.strict_paths or any(rule.methods for rule in (*self.rules, *self.denials, *self.fleet_denials))
        return self.host.has_requests and (named or (headers is not None and headers.has_twins))

    @property
    def carries(self) -> bool:
        """Whether any of its ports has bytes that it carries unread."""
        return any(not port.port.is_http for port in self.ports)

    @property
    def checks_upstream(self) -> bool:
        """Whether the pod's readiness follows its upstream."""
        return self.host.readiness.mode == "upstream"


def plan_gateway(host: Host, inventory: Inventory) -> Gateway:
    """The way to `host`."""
    name = host.name or gateway_name(host.host)
    pods = _pods(name, host)
    numbers = gateway_ports({port.port for port in host.ports}, adopted=pods.kind == "adopted")
    return Gateway(
        name=name,
        namespace=host.namespace,
        pods=pods,
        host=host,
        ports=tuple(
            GatewayPort(
                name=port_name(port.protocol, port.port),
                number=numbers[port.port],
                port=port,
                sources=_sources(host, port),
                identities=_identities(host, port, inventory.trust_domain),
            )
            for port in host.ports
        ),
        listed=_listed(host, inventory),
        export_to=_export_to(host),
        rules=rules(host, inventory.trust_domain),
        denials=denials(host),
        fleet_denials=fleet_denials(host, inventory),
        isolated=inventory.companions.network_policies and pods.kind != "adopted",
        service=f"{name}.{host.namespace}.svc.{inventory.cluster_domain}",
    )


def _pods(name: str, host: Host) -> Pods:
    if host.shared is None:
        return Pods("own", name, pod_labels(name, host.namespace))
    if host.shared.adopt:
        return Pods("adopted", host.shared.name, host.shared.adopt)
    return Pods("shared", host.shared.name, pod_labels(host.shared.name, host.namespace))


def _listed(host: Host, inventory: Inventory) -> tuple[str, ...]:
    """The listed hosts below `host`, without those that a listed narrower wildcard has below it."""
    below = [other for other in inventory.hosts if host.covers(other.host)]
    return tuple(sorted(one.host for one in below if not any(other.covers(one.host) for other in below)))


def _export_to(host: Host) -> tuple[str, ...]:
    if host.seen_by_all:
        return (EVERYBODY,)
    namespaces = {client.namespace or "" for client in host.callers} - {host.namespace}
    return (OWN_NAMESPACE, *sorted(namespaces))


def _sources(host: Host, port: Port) -> tuple[Source, ...]:
    clients = [client for client in host.clients if client.covers(port.port)]
    sources = {Source(client.namespace, client.pod_labels) for client in clients}
    if host.reports or not any(source.pod_labels for source in sources):
        return ()
    return told_apart(sources)


def _identities(host: Host, port: Port, trust_domain: str) -> tuple[str, ...]:
    """The SPIFFE names of all who may use a port without requests, where each is known exactly.

    A policy on such a port decides at the caller's first byte, and a server that speaks first has spoken by then.
    """
    clients = [client for client in host.clients if client.covers(port.port)]
    if host.reports or port.is_http or not all(client.service_account for client in clients):
        return ()
    accounts = {f"ns/{client.namespace}/sa/{client.service_account}" for client in clients}
    return tuple(f"spiffe://{trust_domain}/{account}" for account in sorted(accounts))
