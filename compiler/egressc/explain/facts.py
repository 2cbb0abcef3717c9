"""What is true of one gateway, each fact found once, for the texts, the JSON and the diagrams."""

from dataclasses import dataclass
from typing import Any, Literal

from egressc import emit
from egressc.explain.denied import Denied, denied
from egressc.explain.lines import Line, Lines, client_line, host_line
from egressc.explain.load import Checks, Pods, checks, from_to, pods
from egressc.model import Client, Host, Port, Tls
from egressc.plan import Gateway, GatewayPort


@dataclass(frozen=True, slots=True)
class Verified:
    """Who verifies the upstream: `names` and `ca` where a proxy does, `reason` where nobody does."""

    by: Literal["gateway", "sidecar", "application", "nobody"]
    names: tuple[str, ...]
    ca: str | None
    reason: str | None
    lines: Lines

    @property
    def text(self) -> str:
        """The answer to the words `verified by`."""
        if self.by in ("gateway", "sidecar"):
            return f"the {self.by}: {', '.join(self.names)}; {self.ca}"
        return "the application" if self.by == "application" else f"nobody: {self.reason}"


@dataclass(frozen=True, slots=True)
class Way:
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
        if self.namespace is None:
            return "the whole mesh"
        return f"{self.namespace}/{self.service_account}" if self.service_account else self.namespace

    @property
    def labels(self) -> str:
        """The pod labels as `kubectl -l` takes them."""
        return ",".join(f"{key}={value}" for key, value in self.pod_labels.items())


@dataclass(frozen=True, slots=True)
class Facts:
    """One host and its gateway; `gateway`, `namespace` and `service` are None where its clients' sidecars carry it."""

    host: str
    gateway: str | None
    namespace: str | None
    service: str | None
    description: str | None
    owner: str | None
    review_by: str | None
    resolution: str
    endpoints: tuple[str, ...]
    failover: tuple[str, ...]
    addresses: tuple[str, ...]
    pods: Pods
    ports: tuple[Way, ...]
    clients: tuple[Caller, ...]
    denied: tuple[Denied, ...]
    enforcement: str
    access_log: bool | None
    line: Line

    @property
    def carrier(self) -> str:
        """The gateway with its namespace, or what carries the host without one."""
        return f"{self.namespace}/{self.gateway}" if self.gateway else "its clients' sidecars"


def facts(gateway: Gateway) -> Facts:
    """What is true of `gateway`."""
    host, values = gateway.host, emit.gateway_values(gateway)
    running = pods(gateway)
    return Facts(
        host=host.host,
        gateway=gateway.pods.name,
        namespace=gateway.namespace,
        service=gateway.service,
        description=plain(host.description),
        owner=plain(host.owner),
        review_by=host.review_by,
        resolution=host.kind,
        endpoints=host.endpoints,
        failover=host.failover,
        addresses=host.addresses,
        pods=running,
        ports=tuple(
            _way(gateway, port, printed, running) for port, printed in zip(gateway.ports, values["ports"], strict=True)
        ),
        clients=tuple(
            caller(client, rule.who.principal) for rule, client in zip(gateway.rules, gateway.host.callers, strict=True)
        ),
        denied=denied(gateway),
        enforcement=host.enforcement,
        access_log=host.access_log,
        line=host_line(host),
    )


def client_certificate(tls: Tls) -> str | None:
    """Where the certificate comes from that the gateway presents, None where it presents none."""
    if tls.mode != "mutual":
        return None
    return f"Secret {tls.secret}" if tls.secret else f"file {tls.files.certificate if tls.files else ''}"


def ca(tls: Tls) -> str:
    """The CA certificates that the upstream's certificate must chain to."""
    if tls.secret:
        return f"CA of Secret {tls.secret}"
    return f"CA file {tls.files.ca}" if tls.files and tls.files.ca else "public CAs"


def plain(text: str | None) -> str | None:
    """`text` in one line, without what would steer a terminal."""
    return " ".join("".join(letter if letter.isprintable() else " " for letter in text).split()) if text else None


def _way(gateway: Gateway, port: GatewayPort, printed: dict[str, Any], running: Pods) -> Way:
    tls = port.port.tls
    return Way(
        port=port.port.port,
        protocol=port.port.protocol,
        gateway_port=port.number,
        upstream_port=port.port.upstream_port,
        tls=tls.mode,
        sni=tls.sni if tls.originates else None,
        client_certificate=client_certificate(tls),
        verified=verified(tls, "gateway"),
        ready_when=_ready_when(gateway.host, port, printed),
        checks_per_minute=checks(gateway, running),
        lines=port_lines(port.port),
    )


def port_lines(port: Port) -> Lines:
    """Where the list says that `port` is one; a host in passthrough has its port from there."""
    return port.said("port") or (port.tls.said("mode") if port.tls.mode == "passthrough" else ())


def verified(tls: Tls, by: Literal["gateway", "sidecar"]) -> Verified:
    """Who verifies the upstream, where a proxy of this kind speaks to it."""
    if tls.unverified:
        return Verified("nobody", (), None, plain(tls.unverified), tls.said("unverified"))
    if tls.mode == "passthrough":
        return Verified("application", (), None, None, tls.said("mode"))
    lines = [line for key in ("sans", "sni", "secret", "files") for line in tls.said(key)]
    return Verified(by, tls.sans or (tls.sni,), ca(tls), None, tuple(lines))


def _ready_when(host: Host, port: GatewayPort, printed: dict[str, Any]) -> str:
    readiness, check, tls = host.readiness, printed.get("check", {}), port.port.tls
    if readiness.mode == "gateway":
        return "the gateway itself runs"
    if readiness.probe is not None:
        return _probe(readiness.probe)
    if "path" in check:
        ranges = [from_to(one["start"], one["end"] - 1) for one in check["statuses"]]
        answer = ", ".join(ranges) if readiness.path else "anything"
        return f"GET {check['path']} answers {answer}"
    if "tls" in check:
        return f"TLS connects, verified; {ca(tls)}"
    if tls.originates and "connect" not in check:
        return "TLS connects" if tls.unverified else "TLS connects, verified"
    return "TCP connects"


def _probe(probe: dict[str, Any]) -> str:
    return f"the probe httpGet :{probe['httpGet']['port']}{probe['httpGet']['path']} succeeds"


def caller(client: Client, principal: str | None) -> Caller:
    """Who `client` is."""
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
