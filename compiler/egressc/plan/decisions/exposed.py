"""How an ingress gateway leads others to a host under a name of one's own."""

from collections.abc import Iterator

from egressc.model import Exposure
from egressc.names import exposure_name
from egressc.plan.decision import Decision, Object
from egressc.plan.way import GatewayWay


def exposed(way: GatewayWay) -> Iterator[Decision]:
    """What the objects of the own name decide; nothing where the host has none."""
    expose = way.host.expose
    if expose is None:
        return
    entrance, route, known = exposure_objects(expose)
    pods = ",".join(f"{key}={value}" for key, value in expose.gateway.selector)
    at = expose.said("host") + expose.said("gateway")
    yield Decision(entrance, f"{exposed_url(expose)} from outside of the mesh, at the pods {pods}", at)
    yield Decision(entrance, f"with the certificate of Secret {expose.secret}", expose.said("secret"))
    yield Decision(entrance, "what comes in clear is sent to https://")
    port = next(port.gateway_port for port in way.ports if port.client_port == expose.port)
    below = "everything" if expose.path == "/" else f"{expose.path} and what is below it, without this prefix,"
    says = f"leads {below} to {way.service}:{port}, as {way.host.host}"
    yield Decision(route, says, expose.said("path") + expose.said("port"))
    yield Decision(known, f"clients inside of the mesh know it as http://{expose.host}{expose.path}")
    account = f"{expose.gateway.namespace}/{expose.gateway.service_account}"
    yield Decision(way.allowing, f"lets the ingress gateway in: {account}", expose.gateway.said("serviceAccount"))


def exposure_objects(expose: Exposure) -> tuple[Object, Object, Object]:
    """The objects of an own name, which belong to all hosts that are exposed under it."""
    namespace, name = expose.gateway.namespace, exposure_name(expose.host)
    kinds = ("Gateway", "VirtualService", "ServiceEntry")
    entrance, route, known = (Object(kind, namespace, name) for kind in kinds)
    return entrance, route, known


def exposed_url(expose: Exposure) -> str:
    """What callers outside of the mesh ask for."""
    return f"https://{expose.host}{expose.path}"
