"""MODEL: what a host list says, with every default settled; it knows nothing of Kubernetes or Istio."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any, Literal

from egressc.companions import Companions
from egressc.hostname import is_ip
from egressc.model_requests import ExternalAuthorization, Headers, RateLimit
from egressc.positions import Mapping, Sourced
from egressc.shape import schema

Protocol = Literal["HTTP", "HTTP2", "GRPC", "TLS", "TCP"]
HTTP_FAMILY = ("HTTP", "HTTP2", "GRPC")
WILDCARD = "*."
UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True, kw_only=True)
class Volume(Sourced):
    """A Secret or ConfigMap mounted into the gateway; exactly one of the two is meant to be set."""

    secret: str | None
    config_map: str | None
    mount_path: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Files(Sourced):
    """Certificate files in the gateway's container, as absolute paths."""

    certificate: str | None
    key: str | None
    ca: str | None
    volumes: tuple[Volume, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Tls(Sourced):
    """TLS to the upstream. `sni` and `sans` are settled; `sans` is empty where each name of a wildcard has its own."""

    mode: Literal["simple", "mutual", "passthrough", "none"]
    secret: str | None
    files: Files | None
    sni: str
    sans: tuple[str, ...]
    unverified: str | None

    @property
    def originates(self) -> bool:
        """Whether the gateway itself speaks TLS to the upstream."""
        return self.mode in ("simple", "mutual")

    @property
    def per_name(self) -> bool:
        """Whether the SNI is the name that is asked for, of all those that a wildcard stands for."""
        return self.sni.startswith(WILDCARD)


@dataclass(frozen=True, slots=True, kw_only=True)
class Port(Sourced):
    """A client port and the upstream port behind it."""

    port: int
    protocol: Protocol
    upstream_port: int
    tls: Tls

    @property
    def is_http(self) -> bool:
        """Whether requests can be told apart on this port: methods, paths, retries."""
        return self.protocol in HTTP_FAMILY


@dataclass(frozen=True, slots=True, kw_only=True)
class Client(Sourced):
    """Who may call; `namespace` is None for the whole mesh, empty tuples mean everything."""

    namespace: str | None
    whole_mesh: bool
    service_account: str | None
    pod_labels: tuple[tuple[str, str], ...]
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Deny(Sourced):
    """Who is refused what: everybody where `namespace` is None, everything where a tuple is empty."""

    namespace: str | None
    service_account: str | None
    hosts: tuple[str, ...]
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]

    @property
    def who(self) -> str:
        """Who is refused, for people: `everybody`, a namespace, or namespace/account."""
        if self.namespace is None:
            return "everybody"
        return f"{self.namespace}/{self.service_account}" if self.service_account else self.namespace


@dataclass(frozen=True, slots=True, kw_only=True)
class Readiness(Sourced):
    """When a gateway pod is Ready; times in milliseconds, `statuses` as inclusive ranges."""

    mode: Literal["upstream", "gateway", "probe"]
    path: str | None
    statuses: tuple[tuple[int, int], ...]
    interval: int
    timeout: int
    unhealthy_threshold: int
    healthy_threshold: int
    probe: dict[str, Any] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Proxy(Sourced):
    """Where a proxy is that takes CONNECT."""

    host: str
    port: int


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGateway(Sourced):
    """A gateway for several hosts; its pods run already where `adopt` has their labels."""

    name: str
    namespace: str
    adopt: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressGateway(Sourced):
    """An ingress gateway that runs already; a rule sees to it that no field is empty."""

    namespace: str
    selector: tuple[tuple[str, str], ...]
    service_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure(Sourced):
    """A host under a name of one's own; `port` is the client port that it leads to, None where none speaks HTTP."""

    host: str
    secret: str
    path: str
    port: int | None
    gateway: IngressGateway


@dataclass(frozen=True, slots=True, kw_only=True)
class Host(Sourced):
    """One external host, everything settled that its entry, defaults and overlays say.

    `in_sidecar` is a host without a gateway: its clients' own sidecars speak to the upstream.
    """

    host: str
    name: str | None
    in_sidecar: bool
    namespace: str
    shared: SharedGateway | None
    owner: str | None
    description: str | None
    review_by: str | None
    ports: tuple[Port, ...]
    clients: tuple[Client, ...]
    deny: tuple[Deny, ...]
    enforcement: Literal["enforce", "report"]
    access_log: bool | None
    expose: Exposure | None
    resolution: Literal["DNS_ROUND_ROBIN", "DNS"]
    endpoints: tuple[str, ...]
    failover: tuple[str, ...]
    denied_ranges: tuple[str, ...]
    proxy: Proxy | None
    addresses: tuple[str, ...]
    readiness: Readiness
    headers: Headers | None
    rate_limit: RateLimit | None
    external_authorization: ExternalAuthorization | None
    own: Mapping = field(repr=False, compare=False)

    @property
    def callers(self) -> tuple[Client, ...]:
        """The clients, and the ingress gateway that leads others here."""
        if self.expose is None:
            return self.clients
        ingress = self.expose.gateway
        caller = Client(
            source=ingress.source,
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
    def seen_by_all(self) -> bool:
        """Whether sidecars of every namespace know the host: who does not see it cannot be reported."""
        return self.reports or any(client.whole_mesh for client in self.callers)

    def decided_on(self, deny: Deny) -> tuple[int, ...]:
        """The client ports that `deny` is about and that show what it asks for."""
        if deny.hosts and self.host not in deny.hosts:
            return ()
        ports = (port for port in self.ports if not deny.ports or port.port in deny.ports)
        # Istio drops methods and paths from a denial on other ports, which would refuse every connection there
        return tuple(port.port for port in ports if port.is_http or not (deny.methods or deny.paths))

    @property
    def wildcard(self) -> bool:
        """Whether the host stands for every name of a domain."""
        return self.host.startswith(WILDCARD)

    @property
    def per_name(self) -> bool:
        """Whether each name that the host stands for is an upstream of its own."""
        return self.wildcard and not self.endpoints

    @property
    def by_socket(self) -> bool:
        """Whether the gateway reaches the upstream by a socket of its own: no ServiceEntry can say where it is."""
        return self.per_name or self.proxy is not None

    @property
    def kind(self) -> Literal["PROXY", "PER_NAME", "STATIC", "DNS", "DNS_ROUND_ROBIN"]:
        """How the upstream is found: by a proxy, name by name, at fixed addresses, or by one of Istio's resolutions."""
        if self.by_socket:
            return "PROXY" if self.proxy else "PER_NAME"
        if self.failover:
            return "DNS"  # Envoy takes addresses there too, and only there the patch that says who is asked when
        return "STATIC" if self.endpoints and all(map(is_ip, self.endpoints)) else self.resolution

    @property
    def places(self) -> tuple[str, ...]:
        """Where the upstream is, in the order of preference: names and addresses, never empty."""
        return (*(self.endpoints or (self.host,)), *self.failover)

    @property
    def has_requests(self) -> bool:
        """Whether any of the ports has requests."""
        return any(port.is_http for port in self.ports)

    def duration(self, group: str, name: str) -> int | None:
        """The duration `group`.`name` in milliseconds, None where neither the list nor the schema says one."""
        text = (self.source.get(group) or {}).get(name, default(group, name))
        return None if text is None else milliseconds(text)


@dataclass(frozen=True, slots=True)
class Inventory:
    """The whole list: hosts and shared gateways sorted by name, what is true of all, and facts of the mesh."""

    hosts: tuple[Host, ...]
    shared: tuple[SharedGateway, ...]
    deny: tuple[Deny, ...]
    companions: Companions
    trust_domain: str
    cluster_domain: str


def default(group: str, name: str) -> Any:
    """The schema's default of the field `name` of the definition `group`, None where it has none."""
    return schema()["$defs"][group]["properties"][name].get("default")


def milliseconds(text: str) -> int:
    """`1h30m` → 5400000; fractions of a millisecond, which a rule refuses, are dropped."""
    return int(exact_milliseconds(text))


def exact_milliseconds(text: str) -> Decimal:
    """`1.5ms` → 1.5."""
    return sum((Decimal(number) * UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", text)), Decimal(0))
