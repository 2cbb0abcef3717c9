"""Objects of egressc's own chart → the gateway that carries a host, and the one that stands by."""

from collections.abc import Sequence
from typing import Any

from egressc.importing.calls import Call, Mesh
from egressc.importing.entry import Entry
from egressc.importing.registry import CONTRADICTION, NOT_CARRIED, Service
from egressc.importing.ways import MESH
from egressc.model import OWN_GATEWAY
from egressc.names import gateway_name, shared_name
from egressc.plan.pods import POD_LABEL

#: Where a gateway is by default.
USUAL = "egress"
#: The name of pods that run already, where their objects do not say it.
ADOPTED = "adopted"


def carried(mesh: Mesh, service: Service, calls: Sequence[Call], entry: Entry) -> None:
    """Puts into the entry which gateway carries the host, and which stands by; the mesh gets the shared ones."""
    first = service.objects[0]
    route, namespace = first.labels["egressc.io/gateway"], first.namespace
    if route != gateway_name(entry.host):
        entry.settings["name"] = route
    in_use = used(service, calls)
    known = {name for hop in mesh.hops.get(service.host, ()) for name in hop.gateways} - {MESH}
    others = sorted(known - {in_use})[:1]
    mesh.stand_by |= {*others}
    carriers = [_carrier(mesh, place, route, entry) for place in (in_use, *others)]
    for key, carrier in zip(("gateway", "standby"), carriers, strict=False):
        if carrier != OWN_GATEWAY or key == "standby":
            entry.settings[key] = carrier
    if namespace != USUAL and OWN_GATEWAY in carriers:
        entry.settings["namespace"] = namespace


def used(service: Service, calls: Sequence[Call]) -> str:
    """The gateway that clients are led to, by its namespace and name; the host's own if no route says it."""
    first = service.objects[0]
    to = next((call.way.gateway for call in calls if call.way.gateway), "")
    return f"{first.namespace}/{to.partition('.')[0] or first.labels.get('egressc.io/gateway', '')}"


def _carrier(mesh: Mesh, place: str, route: str, entry: Entry) -> str:
    """What `gateway` or `standby` says of the gateway at `place`, which the mesh then knows if it is shared."""
    namespace, _, name = place.partition("/")
    selector = mesh.gateways.get(place, {})
    if name == route or not selector:
        return OWN_GATEWAY
    said: dict[str, Any] = {} if namespace == USUAL else {"namespace": namespace}
    if "egressc.io/namespace" in selector:
        said = {"name": selector.get(POD_LABEL, name)} | said
    else:
        said = {"name": _adopted(mesh, place, route, entry)} | said | {"adopt": selector}
    known = mesh.shared.setdefault(said["name"], said)
    if known != said:
        message = f"{entry.host} has another gateway of the name {said['name']} than a host before it"
        mesh.findings.append(CONTRADICTION(entry.span, message, "import the objects of one list"))
    return str(said["name"])


def _adopted(mesh: Mesh, place: str, route: str, entry: Entry) -> str:
    """The name of pods that run already: only names of objects have it, and a long one is cut."""
    namespace, _, name = place.partition("/")
    alike = [other for other, labels in mesh.gateways.items() if labels == mesh.gateways[place]]
    tried = [other.partition("-on-")[2] for other in (place, *sorted(alike)) if other.partition("/")[0] == namespace]
    for one in (*tried, ADOPTED, *mesh.gateways[place].values()):
        if one and shared_name(route, one) == name:
            return one
    message = f"the name of the gateway of {entry.host} is cut in its objects, and does not come back"
    mesh.findings.append(NOT_CARRIED(entry.span, message, f"write its first name for {ADOPTED}"))
    return ADOPTED
