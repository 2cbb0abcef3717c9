"""One entry of `exposures`: a name of one's own at an ingress gateway."""

from typing import Any

from egressc.plan import ExposedName, ExposedRoute


def exposure_values(exposed: ExposedName) -> dict[str, Any]:
    """What stands under `exposures.<name>`."""
    return {
        "host": exposed.host,
        "namespace": exposed.ingress.namespace,
        "selector": dict(exposed.ingress.selector),
        "credentialName": exposed.secret,
        "exportTo": list(exposed.export_to),
        "routes": [_route(route) for route in exposed.routes],
    }


def _route(route: ExposedRoute) -> dict[str, Any]:
    # a prefix alone would take /partnership for /partner
    below = [] if route.path == "/" else [{"exact": route.path}]
    result: dict[str, Any] = {
        "gateway": route.gateway.name,
        "namespace": route.gateway.namespace,
        "gatewayPort": route.port.gateway_port,
        "host": route.gateway.host.host,
        "uris": [*below, {"prefix": f"{route.path.rstrip('/')}/"}],
    }
    if route.port.callers:
        result["sources"] = [pods.values for pods in route.port.callers]
    return result
