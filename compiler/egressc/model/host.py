"""One external host."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from ipaddress import ip_network
from typing import Any, Literal

from egressc.findings import Span
from egressc.hostname import is_ip
from egressc.model.clients import EVERYBODY, Client, Deny, is_prefix
from egressc.model.durations import Duration
from egressc.model.gateways import Exposure, SharedGateway
from egressc.model.mesh import Mesh
from egressc.model.pods import PodSettings
from egressc.model.ports import WILDCARD, Port
from egressc.model.requests import ExternalAuthorization, Headers, RateLimit
from egressc.model.traffic import ConnectionPool, OutlierDetection, Retries, Timeouts
from egressc.names import gateway_name
from egressc.positions import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness(Settled):
    """When a gateway pod is Ready; `statuses` are inclusive ranges."""

    mode: Literal["upstream", "gateway", "probe"]
    path: str | None
    statuses: tuple[tuple[int, int], ...]
    interval: Duration
    timeout: Duration
    unhealthy_threshold: int
    healthy_threshold: int
    probe: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy(Settled):
    """Where a proxy is that takes CONNECT."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(Settled):
    """One external host, everything settled that its entry, defaults and overlays say.

    `in_sidecar` is a host without a gateway: its clients' own sidecars speak to the upstream. `gateway` is the name of
    the shared gateway that it asks for, `shared` that gateway, None where the list has none of the name. `standby` is
    the same host as a second gateway carries it, which is led nobody.
    """

    mesh: Mesh = field(repr=False, compare=False)
    host: str
    name: str | None
    in_sidecar: bool
    namespace: str
    gateway: str | None
    shared: SharedGateway | None
    standby: "Host | None"
    pod_settings: PodSettings
    owner: str | None
    description: str | None
    review_by: str | None
    ports: tuple[Port, ...]
    clients: tuple[Client, ...]
    deny: tuple[Deny, ...]
    enforcement: Literal["enforce", "report"]
    escaped_slashes: Literal["refuse", "keep"]
    access_log: bool | None
    gateway_protocol: Literal["HTTP", "HTTP2"]
    expose: Exposure | None
    resolution: Literal["DNS_ROUND_ROBIN", "DNS"]
    dns_retry: Duration
    endpoints: tuple[str, ...]
    failover: tuple[str, ...]
    denied_ranges: tuple[str, ...]
    proxy: Proxy | None
    addresses: tuple[str, ...]
    readiness: Readiness
    timeouts: Timeouts
    retries: Retries
    pool: ConnectionPool
    outlier_detection: OutlierDetection | None
    headers: Headers | None
    rate_limit: RateLimit | None
    external_authorization: ExternalAuthorization | None

    @property
    def callers(self) -> tuple[Client, ...]:
        """The clients, and the ingress gateway that leads others here."""
        if self.expose is None:
            return self.clients
        ingress = self.expose.gateway
        caller = Client(
            source=ingress.source,
            group=None,
            namespace=ingress.namespace,
            whole_mesh=False,
            service_account=ingress.service_account,
            pod_labels=(),
            ports=(self.expose.port,) if self.expose.port else (),
            methods=(),
            paths=(),
        )
        return (*self.clients, caller)

    @property
    def reports(self) -> bool:
        """Whether nobody is refused here, and who would be is written down instead."""
        return self.enforcement == "report"

    @property
    def keeps_slashes(self) -> bool:
        """Whether a path goes on with its escaped slashes where somebody decides by it."""
        return self.escaped_slashes == "keep"

    @property
    def seen_by_all(self) -> bool:
        """Whether sidecars of every namespace know the host.

        Who does not see it cannot be reported, and no object can be exported to namespaces by a prefix.
        """
        return self.reports or any(client.whole_mesh or is_prefix(client.namespace) for client in self.callers)

    @property
    def seen_in(self) -> tuple[str, ...]:
        """The namespaces whose sidecars know the host, sorted: EVERYBODY alone where all do."""
        return (EVERYBODY,) if self.seen_by_all else tuple(sorted({client.namespace or "" for client in self.callers}))

    def decided_on(self, deny: Deny) -> tuple[int, ...]:
        """The client ports that `deny` is about and that show what it asks for."""
        if deny.hosts and self.host not in deny.hosts:
            return ()
        ports = (port for port in self.ports if deny.covers(port.port))
        # on other ports there are no requests that could be denied
        return tuple(port.port for port in ports if port.is_http or not (deny.methods or deny.paths))

    def takes_whole(self, port: Port) -> bool:
        """Whether sidecars of clients lead here what goes to any address on `port`, which no other host has."""
        return port.protocol == "TCP" and not self.addresses and not self.wildcard

    @property
    def wildcard(self) -> bool:
        """Whether the host stands for every name of a domain."""
        return self.host.startswith(WILDCARD)

    def covers(self, host: str) -> bool:
        """Whether `host` is a name, or a narrower wildcard, of those that the host stands for."""
        return self.wildcard and host != self.host and host.endswith(self.host[1:])

    @property
    def per_name(self) -> bool:
        """Whether each name that the host stands for is an upstream of its own."""
        return self.wildcard and not self.endpoints

    def in_clear(self, port: Port) -> bool:
        """Whether each name is found by its Host, and asked in clear, on `port`."""
        return self.per_name and port.tls.mode == "none"

    @property
    def own_name(self) -> str:
        """What the host's own objects are called: as the list says, or as made of the host."""
        return self.name or gateway_name(self.host)

    @property
    def carried(self) -> tuple["Host", ...]:
        """The host as each of its gateways carries it: the one in use, and what stands by."""
        return (self, self.standby) if self.standby else (self,)

    @property
    def over_http2(self) -> bool:
        """Whether clients' sidecars make HTTP/2 of requests to the gateway."""
        return self.gateway_protocol == "HTTP2" and any(port.takes_http2 for port in self.ports)

    @property
    def by_socket(self) -> bool:
        """Whether the gateway reaches each upstream port by a socket: no ServiceEntry can say where it is."""
        return (self.per_name and not self.in_sidecar) or self.proxy is not None

    @property
    def kind(self) -> Literal["PROXY", "PER_NAME", "DYNAMIC_DNS", "STATIC", "DNS", "DNS_ROUND_ROBIN"]:
        """How the upstream is found: by a proxy, name by name, at fixed addresses, or by one of Istio's resolutions."""
        if self.by_socket:
            return "PROXY" if self.proxy else "PER_NAME"
        if self.per_name:
            return "DYNAMIC_DNS"
        if self.failover:
            return "DNS"  # Envoy takes addresses there too, and only there the patch that says who is asked when
        return "STATIC" if self.endpoints and all(map(is_ip, self.endpoints)) else self.resolution

    @property
    def places(self) -> tuple[str, ...]:
        """Where the upstream is, in the order of preference: names and addresses, never empty."""
        return (*(self.endpoints or (self.host,)), *self.failover)

    def written_places(self) -> list[tuple[Span, str]]:
        """Where the list itself says that the upstream, or the proxy before it, is: each with its place in the list."""
        places = [
            (self.at(key, index), place)
            for key, written in (("endpoints", self.endpoints), ("failover", self.failover))
            for index, place in enumerate(written)
        ]
        return [*places, (self.proxy.at("host"), self.proxy.host)] if self.proxy else places

    @property
    def connected_to(self) -> tuple[str, ...]:
        """What the gateway opens its connections to: the proxy, or where the upstream is."""
        return (self.proxy.host,) if self.proxy else self.places

    @property
    def needs_dns(self) -> bool:
        """Whether DNS must know any of what the gateway connects to."""
        return not all(map(is_ip, self.connected_to))

    def out_port(self, port: Port) -> int:
        """The port that the gateway connects to for `port`."""
        return self.proxy.port if self.proxy else port.upstream_port

    @property
    def fixed_addresses(self) -> tuple[str, ...]:
        """All that it connects to, as ranges of one address; empty where DNS says any of it."""
        return () if self.needs_dns else tuple(str(ip_network(place.strip("[]"))) for place in self.connected_to)

    @property
    def checked(self) -> tuple[Port, ...]:
        """The ports whose upstream readiness follows."""
        follows = self.readiness.mode == "upstream"
        return tuple(port for port in self.ports if follows and port.readiness.mode == "upstream")

    @property
    def unfiltered(self) -> bool:
        """Whether a gateway carries the host and no EnvoyFilter may say how."""
        return not (self.mesh.envoy_filters or self.in_sidecar)

    @property
    def shares_policies(self) -> bool:
        """Whether its policies stand beside those of other hosts, in each filter chain of the pods."""
        return self.unfiltered and self.shared is not None

    @property
    def has_requests(self) -> bool:
        """Whether any of the ports has requests."""
        return any(port.is_http for port in self.ports)


def called(name: str, hosts: Iterable[Host]) -> Host | None:
    """The host that a call of `name` reaches: the one of that name, or the narrowest wildcard above it."""
    standing = [one for one in hosts if one.host == name or one.covers(name)]
    return max(standing, key=lambda one: (one.host == name, len(one.host)), default=None)
