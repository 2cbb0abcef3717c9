"""One entry of `exposures`: a name of one's own at an ingress gateway."""

from typing import Any

from egressc.plan import ExposedName


def exposure_values(exposed: ExposedName) -> dict[str, Any]:
    """What stands under `exposures.<name>`."""
    return {
        "host": exposed.host,
        "namespace": exposed.ingress.namespace,
        "selector": dict(exposed.ingress.selector),
        "credentialName": exposed.secret,
        "exportTo": list(exposed.export_to),
        "routes": [
            {"path": route.path, "gateway": route.gateway.name, "port": route.port.name} for route in exposed.routes
        ],
    }
