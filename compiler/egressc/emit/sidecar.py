"""One entry of `sidecars`: a host that its clients' own sidecars carry."""

from typing import Any

from egressc.emit.gateway import annotations
from egressc.emit.order import in_order
from egressc.plan import EVERYBODY, OWN_NAMESPACE, ClientSidecars, Placement, fold


def sidecar_values(sidecar: ClientSidecars) -> dict[str, Any]:
    """What stands under `sidecars.<name>`."""
    places = {place.namespace: _placement(sidecar, place) for place in sidecar.placements}
    sets = fold(sidecar.decisions())[None]
    return in_order({"host": sidecar.host.host} | annotations(sidecar.host) | {"namespaces": places} | sets)


def _placement(sidecar: ClientSidecars, place: Placement) -> dict[str, Any]:
    sets = fold(sidecar.decided(place))
    ports = [
        in_order(
            {"name": port.name, "port": port.client_port, "protocol": port.protocol} | sets.get(port.client_port, {})
        )
        for port in place.ports
    ]
    result: dict[str, Any] = {
        "exportTo": EVERYBODY if place.namespace == EVERYBODY else OWN_NAMESPACE,
        "ports": ports,
    }
    if place.pods:
        result["rules"] = [
            {"suffix": f".{number}" if number > 1 else "", "selector": dict(labels)}
            for number, labels in enumerate(place.pods, start=1)
        ]
    if place.accounts:
        result["accounts"] = list(place.accounts)
    return result
