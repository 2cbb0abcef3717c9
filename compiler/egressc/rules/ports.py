"""Client ports: each once, none that Istio keeps for itself."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.hostname import is_ip
from egressc.model import Host, Inventory
from egressc.names import OPA_PORTS, RESERVED_PORTS


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG205, EG206 and EG227."""
    seen: set[int] = set()
    for port in host.ports:
        if port.port in seen:
            fix = "keep one; a second way to the host needs a client port of its own"
            yield Finding(port.at("port"), "EG205", f"{host.host}:{port.port} is given twice", fix)
        seen.add(port.port)
        if port.port in RESERVED_PORTS:
            fix = "take a client port outside 15000 to 15099 and name the upstream's own as `upstreamPort`"
            message = f"client port {port.port}: Istio's sidecar keeps 15000 to 15099 for itself"
            yield Finding(port.at("port"), "EG206", message, fix)
    yield from _own(host)


def _own(host: Host) -> Iterator[Finding]:
    """Where DNS says that the upstream is 127.0.0.1, only its certificate tells it from the gateway."""
    if host.in_sidecar or host.by_socket or all(map(is_ip, host.places)):
        return
    asks_opa = host.external_authorization and host.external_authorization.opa
    for port in host.ports:
        verified = port.tls.originates and not port.tls.unverified
        if not verified and (port.upstream_port in RESERVED_PORTS or (asks_opa and port.upstream_port in OPA_PORTS)):
            message = (
                f"{host.host}:{port.upstream_port} is not verified: if DNS says 127.0.0.1, it is the gateway's own port"
            )
            fix = "let the gateway speak TLS with `mode: simple`, or give the upstream another port"
            yield Finding(port.at("upstreamPort"), "EG227", message, fix)
