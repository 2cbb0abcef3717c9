"""One entry of `sidecars`: a host that its clients' own sidecars carry."""

from typing import Any

from egressc.emit.gateway import annotations, source_values
from egressc.emit.traffic import traffic
from egressc.emit.upstream import client_tls, upstream
from egressc.plan import EVERYBODY, OWN_NAMESPACE, Placement, Sidecar, SidecarPort


def sidecar_values(sidecar: Sidecar) -> dict[str, Any]:
    """What stands under `sidecars.<name>`."""
    host = sidecar.host
    result: dict[str, Any] = {"host": host.host} | annotations(host)
    result["namespaces"] = {placement.namespace: _placement(placement) for placement in sidecar.placements}
    return result | upstream(host) | traffic(host)


def _placement(placement: Placement) -> dict[str, Any]:
    result: dict[str, Any] = {
        "exportTo": EVERYBODY if placement.namespace == EVERYBODY else OWN_NAMESPACE,
        "ports": [_port(port) for port in placement.ports],
    }
    if placement.pods:
        result["rules"] = [
            {"suffix": f".{number}" if number > 1 else "", "selector": dict(labels)}
            for number, labels in enumerate(placement.pods, start=1)
        ]
    if placement.accounts:
        result["accounts"] = list(placement.accounts)
    return result


def _port(port: SidecarPort) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": port.name,
        "port": port.port.port,
        "upstreamPort": port.port.upstream_port,
        "protocol": port.port.protocol,
    }
    if port.port.tls.originates:
        result["tls"] = client_tls(port.port.tls)
    if port.sources:
        result["sources"] = [source_values(source) for source in port.sources]
    return result
