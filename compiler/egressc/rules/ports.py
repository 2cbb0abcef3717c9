"""Client ports: each once, none that Istio keeps for itself."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory
from egressc.names import RESERVED_PORTS


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG205 and EG206."""
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
