"""Gateways that are not a host's own: shared ones, and the ingress gateway that leads to a host."""

from egressc.model import Exposure, IngressGateway, Port, SharedGateway
from egressc.positions import Mapping
from egressc.schema import default
from egressc.settle.pods import pod_settings


def shared(data: Mapping) -> SharedGateway:
    """An item of the list's `gateways`."""
    return SharedGateway(
        source=data,
        name=data["name"],
        namespace=data.get("namespace", default("host", "namespace")),
        adopt=tuple(sorted((data.get("adopt") or {}).items())),
        pod_settings=pod_settings(data),
    )


def exposure(data: Mapping, ports: tuple[Port, ...]) -> Exposure:
    """An entry's `expose`, for a host with these ports."""
    given = data.get("gateway")
    gateway = given if isinstance(given, Mapping) else Mapping(data.span)
    return Exposure(
        source=data,
        host=data.get("host", ""),
        secret=data.get("secret", ""),
        path=data.get("path", default("expose", "path")),
        port=data.get("port", next((port.port for port in ports if port.is_http), None)),
        gateway=IngressGateway(
            source=gateway,
            namespace=gateway.get("namespace", ""),
            selector=tuple(sorted((gateway.get("selector") or {}).items())),
            service_account=gateway.get("serviceAccount", ""),
        ),
    )
