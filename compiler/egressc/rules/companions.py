"""What goes with the gateways: no namespace may lose what it has."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Inventory, Sidecars
from egressc.rules.fleet import ROOT_NAMESPACES

EVERYBODY = "*"
OWN = {EVERYBODY, "."}


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """EG313 to EG316, EG318."""
    companions = inventory.companions
    if companions.sidecars:
        yield from _sidecars(companions.sidecars, inventory)
    if companions.network_policies or companions.strict:
        key = "networkPolicies" if companions.network_policies else "peerAuthentication"
        ours = {host.namespace for host in inventory.hosts if host.shared is None or not host.shared.adopt}
        for shared in inventory.shared:
            if shared.adopt and shared.namespace in ours:
                message = (
                    f"`{key}` is for whole namespaces, and in {shared.namespace} run the pods of {shared.name}, which "
                    "the list does not know enough of"
                )
                fix = f"give the hosts with gateways of their own another `namespace` than {shared.namespace}"
                yield Finding(shared.at("namespace"), "EG316", message, fix)


def _sidecars(sidecars: Sidecars, inventory: Inventory) -> Iterator[Finding]:
    clients = {client.namespace for host in inventory.hosts for client in host.clients if client.namespace}
    yield from _of_any_namespace(sidecars)
    for namespace in sorted(clients - {*sidecars.without}):
        if not OWN & {*sidecars.services} and namespace not in sidecars.services:
            message = f"the Sidecar of {namespace} would cut its applications off from the Services beside them"
            yield Finding(sidecars.at("services"), "EG313", message, 'add ".", each client\'s own namespace')
        if namespace in ROOT_NAMESPACES:
            message = f"a Sidecar in {namespace} would hold for every namespace of the mesh that has none"
            yield Finding(sidecars.at(), "EG315", message, f"add `except: [{namespace}]`")
    for key, namespaces in (("also", tuple(sidecars.also)), ("except", sidecars.without)):
        for index, namespace in enumerate(namespaces):
            if namespace not in clients:
                where = sidecars.at("also", namespace) if key == "also" else sidecars.at("except", index)
                message = f"no host has clients in {namespace}: there is no Sidecar"
                yield Finding(where, "EG314", message, "write a namespace of `clients`, or remove it", "warning")
        if key == "also":
            for namespace in sorted({*sidecars.also} & {*sidecars.without}):
                message = f"{namespace} is in `also` and in `except`"
                yield Finding(sidecars.at("also", namespace), "EG314", message, "keep one of the two")


def _of_any_namespace(sidecars: Sidecars) -> Iterator[Finding]:
    """EG318: a ServiceEntry for `x.svc.cluster.local` is a Service to a Sidecar, whoever has written it."""
    takes = "whoever may write a ServiceEntry anywhere can take what clients send to"
    if EVERYBODY in sidecars.services:
        message = f"`*` lets in what any namespace calls a Service: {takes} a Service, or to its address"
        fix = 'name the namespaces whose Services the clients call, as in `services: [".", istio-system]`'
        yield Finding(sidecars.at("services", sidecars.services.index(EVERYBODY)), "EG318", message, fix, "warning")
    for namespace, hosts in sidecars.also.items():
        for index, host in enumerate(hosts):
            if host.startswith(f"{EVERYBODY}/"):
                message = f"`{host}` lets in what any namespace says of it: {takes} it"
                fix = f"name the namespace that it is of, as in `legacy/{host.partition('/')[2]}`"
                yield Finding(sidecars.at("also", namespace, index), "EG318", message, fix, "warning")
