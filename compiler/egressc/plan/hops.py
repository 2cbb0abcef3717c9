"""The hops of a request through one client port: what is spoken, who verifies whom, and what objects decide."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

from egressc.model import Host, Port
from egressc.plan.decision import Decision
from egressc.plan.decisions.tls import client_certificate, verified
from egressc.plan.spelled import in_certificates, socket

SPOKEN = {"HTTP": "HTTP", "HTTP2": "HTTP/2", "GRPC": "gRPC", "TCP": "TCP"}
IN_CLEAR = {name: f"{spoken} in clear" for name, spoken in SPOKEN.items()} | {"TCP": "TCP, whatever it carries"}


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of a request."""

    source: str
    target: str
    spoken: str
    verified: str
    decisions: tuple[Decision, ...]


def to_sidecar(host: Host, port: Port, decisions: Iterable[Decision]) -> Hop:
    """From the application to its sidecar."""
    passthrough = port.tls.mode == "passthrough"
    spoken = "the application's own TLS" if passthrough else IN_CLEAR[port.protocol]
    inside = "by the application, end to end" if passthrough else "by nobody: the connection stays inside the pod"
    return Hop("application", "its sidecar", f"{spoken}, to {host.host}:{port.port}", inside, tuple(decisions))


def nobody(port: Port) -> Hop:
    """The only hop where no sidecar knows a port."""
    says = f"nothing: no client may use port {port.port}, so no sidecar knows it"
    return Hop("application", "its sidecar", says, "by nobody", ())


def to_upstream(speaker: Literal["gateway", "sidecar"], host: Host, port: Port, decisions: Iterable[Decision]) -> Hop:
    """From the gateway or the sidecar to the upstream."""
    places = _either(host.endpoints or (host.host,), port)
    if host.failover:
        places += f", else {_either(host.failover, port)}"
    source = "gateway" if speaker == "gateway" else "its sidecar"
    return Hop(source, "upstream", f"{_spoken(port)}, to {places}", _verification(port, speaker), tuple(decisions))


def _spoken(port: Port) -> str:
    if port.tls.originates:
        return f"{SPOKEN[port.upstream_protocol]} inside TLS, SNI {in_certificates([port.tls.sni])}"
    passthrough = port.tls.mode == "passthrough"
    return "the application's own TLS, unchanged" if passthrough else IN_CLEAR[port.upstream_protocol]


def _verification(port: Port, speaker: Literal["gateway", "sidecar"]) -> str:
    certificate = client_certificate(port.tls)
    back = f". By the upstream: the certificate of {certificate}" if certificate else ""
    return f"by {verified(port.tls, speaker).text}{back}"


def _either(places: Iterable[str], port: Port) -> str:
    return " or ".join(socket(place, port.upstream_port) for place in places)
