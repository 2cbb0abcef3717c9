"""What is true of one host and what carries it, each fact found once, for the texts, the JSON and the diagrams."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Literal

from egressc.model import Client, Deny, Port, caller_name
from egressc.plan import Carrier, GatewayCarrier, Rule
from egressc.plan.decisions.lines import client_line, deny_line, host_line, port_lines
from egressc.plan.decisions.tls import Verified, client_certificate, verified
from egressc.plan.load import Checks, Replicas
from egressc.plan.spelled import one_line
from egressc.positions import Line, Lines


@dataclass(frozen=True, slots=True)
class PortFacts:
    """A client port and what is behind it; `gateway_port` is None where there is no gateway."""

    port: int
    protocol: str
    gateway_port: int | None
    upstream_port: int
    tls: str
    sni: str | None
    client_certificate: str | None
    verified: Verified
    ready_when: str
    checks_per_minute: Checks
    lines: Lines


@dataclass(frozen=True, slots=True)
class Caller:
    """Who may call: `namespace` and `service_account` are None for any, empty tuples mean everything.

    `principal` is None where no gateway asks for one.
    """

    namespace: str | None
    service_account: str | None
    principal: str | None
    pod_labels: dict[str, str]
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    line: Line

    @property
    def who(self) -> str:
        """The caller's name for people: `the whole mesh`, a namespace, or namespace/account."""
        return caller_name(self.namespace, self.service_account) or "the whole mesh"

    @property
    def labels(self) -> str:
        """The pod labels as `kubectl -l` takes them."""
        return ",".join(f"{key}={value}" for key, value in self.pod_labels.items())


@dataclass(frozen=True, slots=True)
class Denied:
    """Who is refused what: `namespace` and `service_account` are None for any, empty tuples mean everything.

    `by` is the host's own entry or the fleet; `ports` are the client ports where it can be decided.
    """

    by: Literal["host", "fleet"]
    who: str
    namespace: str | None
    service_account: str | None
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    line: Line


@dataclass(frozen=True, slots=True)
class Facts:
    """One host and its gateway; `gateway`, `namespace` and `service` are None where its clients' sidecars carry it.

    `marks` are what else a reader of the fleet should know, in a word or two each.
    """

    host: str
    gateway: str | None
    namespace: str | None
    service: str | None
    standby: str | None  # a second gateway, that nobody is led to, by its namespace and name
    description: str | None
    owner: str | None
    review_by: str | None
    resolution: str
    endpoints: tuple[str, ...]
    failover: tuple[str, ...]
    addresses: tuple[str, ...]
    pods: Replicas
    ports: tuple[PortFacts, ...]
    clients: tuple[Caller, ...]
    denied: tuple[Denied, ...]
    marks: tuple[str, ...]
    enforcement: str
    access_log: bool | None
    line: Line

    @property
    def carrier(self) -> str:
        """The gateway with its namespace, or what carries the host without one."""
        return f"{self.namespace}/{self.gateway}" if self.gateway else "its clients' sidecars"


def facts(carrier: Carrier) -> Facts:
    """What is true of `carrier`."""
    host = carrier.host
    return Facts(
        host=host.host,
        gateway=carrier.gateway,
        namespace=carrier.namespace,
        service=carrier.service,
        standby=_standby(carrier),
        description=one_line(host.description),
        owner=one_line(host.owner),
        review_by=host.review_by,
        resolution=host.kind,
        endpoints=host.endpoints,
        failover=host.failover,
        addresses=host.addresses,
        pods=carrier.replicas(),
        ports=tuple(_port(carrier, port) for port in host.ports),
        clients=tuple(_caller(client, principal) for client, principal in carrier.callers()),
        denied=(*_denied(carrier, "fleet", carrier.fleet_denials), *_denied(carrier, "host", carrier.denials)),
        marks=tuple(_marks(carrier)),
        enforcement=host.enforcement,
        access_log=host.access_log,
        line=host_line(host),
    )


def _marks(carrier: Carrier) -> Iterator[str]:
    host, outside = carrier.host, carrier.host.external_authorization
    if second := _standby(carrier):
        yield f"standby {second}"
    if host.reports:
        yield "only reports"
    denied = (one.said for one in (*carrier.fleet_denials, *carrier.denials))
    yield from dict.fromkeys(f"not {deny.who}" for deny in denied if isinstance(deny, Deny))
    if host.rate_limit:
        yield "rate limit"
    if host.headers and host.headers.credential:
        yield "credential"
    if outside:
        yield "OPA" if outside.opa else f"asks {outside.provider}"
    if host.expose:
        yield "exposed"


def _standby(carrier: Carrier) -> str | None:
    second = carrier.standby if isinstance(carrier, GatewayCarrier) else None
    return f"{second.namespace}/{second.gateway}" if second else None


def _port(carrier: Carrier, port: Port) -> PortFacts:
    tls = port.tls
    return PortFacts(
        port=port.port,
        protocol=port.protocol,
        gateway_port=carrier.gateway_port(port),
        upstream_port=port.upstream_port,
        tls=tls.mode,
        sni=tls.sni if tls.originates else None,
        client_certificate=client_certificate(tls),
        verified=verified(tls, carrier.speaker),
        ready_when=carrier.ready_when(port),
        checks_per_minute=carrier.checks(port),
        lines=port_lines(port),
    )


def _caller(client: Client, principal: str | None) -> Caller:
    return Caller(
        namespace=client.namespace,
        service_account=client.service_account,
        principal=principal,
        pod_labels=dict(client.pod_labels),
        ports=client.ports,
        methods=tuple(sorted(client.methods)),
        paths=tuple(sorted(client.paths)),
        line=client_line(client),
    )


def _denied(carrier: Carrier, by: Literal["host", "fleet"], denials: tuple[Rule, ...]) -> Iterator[Denied]:
    for denial in denials:
        deny = denial.said
        if isinstance(deny, Deny):
            everywhere = len(denial.ports) == len(carrier.host.ports) and not (denial.methods or denial.paths)
            yield Denied(
                by=by,
                who=deny.who,
                namespace=deny.namespace,
                service_account=deny.service_account,
                ports=() if everywhere else denial.ports,
                methods=denial.methods,
                paths=denial.paths,
                line=deny_line(deny),
            )
