"""Gateways that are not a host's own: shared ones, and the ingress gateway that leads to a host."""

from egressc.model import Exposure, IngressGateway, Port, SharedGateway
from egressc.positions import Mapping
from egressc.settle.pods import pod_settings
from egressc.settle.reading import Reading


def shared(data: Mapping) -> SharedGateway:
    """An item of the list's `gateways`."""
    said = Reading(data, "sharedGateway", data)
    return SharedGateway(
        source=data,
        name=said.get("name"),
        namespace=said.get("namespace"),
        adopt=said.pairs("adopt"),
        pod_settings=pod_settings(data),
    )


def exposure(data: Mapping, ports: tuple[Port, ...]) -> Exposure:
    """An entry's `expose`, for a host with these ports."""
    said = Reading(data, "expose", data)
    gateway = Reading(data.get("gateway"), "ingressGateway", data)
    return Exposure(
        source=data,
        host=said.get("host") or "",
        secret=said.get("secret") or "",
        path=said.get("path"),
        port=data.get("port", next((port.port for port in ports if port.is_http), None)),
        gateway=IngressGateway(
            source=gateway.data,
            namespace=gateway.get("namespace") or "",
            selector=gateway.pairs("selector"),
            service_account=gateway.get("serviceAccount") or "",
        ),
    )
