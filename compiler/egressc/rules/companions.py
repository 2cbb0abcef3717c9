"""What goes with the gateways: no namespace may lose what it has."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import EVERYBODY, OWN_NAMESPACE, Host, Inventory, Sidecars
from egressc.rules.fleet import ROOT_NAMESPACES
from egressc.slips import nearest

OWN = {EVERYBODY, OWN_NAMESPACE}

CUT_OFF = Code(
    "EG313",
    "a Sidecar that would cut off a client's own namespace",
    "A Sidecar names everything that the applications of a namespace reach. Without `.` in `services` they would lose "
    "the Services of their own namespace.",
)
NO_SIDECAR = Code(
    "EG314",
    "a Sidecar for a namespace that has no clients",
    "Only namespaces of `clients` get a Sidecar. What `also` and `except` say of another namespace does nothing, and "
    "is most often a slip.",
    "warning",
)
WHOLE_MESH = Code(
    "EG315",
    "a Sidecar that would hold for the whole mesh",
    "Istio takes a Sidecar in its root namespace as the default of every namespace that has none. The other "
    "namespaces here belong to the platform.",
)
FOREIGN_PODS = Code(
    "EG316",
    "a companion of a namespace with pods that are not ours",
    "`networkPolicies` and `peerAuthentication` hold for all pods of a namespace. The list does not know what an "
    "adopted gateway carries besides, and would cut it off.",
)
ANY_NAMESPACE = Code(
    "EG318",
    "a Sidecar that lets in what any namespace says",
    "To a Sidecar, a ServiceEntry for `x.svc.cluster.local` is a Service, whoever has written it. With `*` every "
    "namespace where somebody may write ServiceEntries can take over what clients send to a Service or to its "
    "address.",
    "warning",
)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """Sidecars of clients' namespaces, and companions that hold for whole namespaces of gateways."""
    companions = inventory.companions
    if companions.sidecars:
        yield from _sidecars(companions.sidecars, inventory)
    for key, wanted in (("networkPolicies", companions.network_policies), ("peerAuthentication", companions.strict)):
        if wanted:
            yield from _foreign(key, inventory)


def _foreign(key: str, inventory: Inventory) -> Iterator[Finding]:
    for shared in inventory.shared:
        beside = [host for host in inventory.hosts if any(_is_ours(one, shared.namespace) for one in host.carried)]
        if shared.adopt and beside:
            message = (
                f"`{key}` holds for all pods of {shared.namespace}: those of {shared.name} run there too, and the "
                "list does not know them"
            )
            fix = f"give the hosts on other gateways another `namespace` than {shared.namespace}"
            if movers := [host.host for host in beside if any(one.shared is shared for one in host.carried)]:
                # a standby stands in the namespace of the gateway in use
                fix = f"leave `{key}` out until {', '.join(movers)} is on one of the two gateways alone"
            yield FOREIGN_PODS(shared.at("namespace"), message, fix)


def _is_ours(host: Host, namespace: str) -> bool:
    """Whether pods of the chart in a namespace carry the host."""
    adopted = host.shared is not None and bool(host.shared.adopt)
    return host.namespace == namespace and not host.in_sidecar and not adopted


def _sidecars(sidecars: Sidecars, inventory: Inventory) -> Iterator[Finding]:
    clients = inventory.client_namespaces
    yield from _of_any_namespace(sidecars)
    for namespace in sorted(clients - {*sidecars.without}):
        if not OWN & {*sidecars.services} and namespace not in sidecars.services:
            message = f"the Sidecar of {namespace} would cut its applications off from the Services beside them"
            yield CUT_OFF(sidecars.at("services"), message, 'add "." to `services`: each client\'s own namespace')
        if namespace in ROOT_NAMESPACES:
            message = f"a Sidecar in {namespace} would hold for every namespace that has no Sidecar of its own"
            fix = f"write `except: [{', '.join((*sidecars.without, namespace))}]`"
            yield WHOLE_MESH(sidecars.at(), message, fix)
    for key, namespaces in (("also", tuple(sidecars.also)), ("except", sidecars.without)):
        for index, namespace in enumerate(namespaces):
            if namespace not in clients:
                where = sidecars.at("also", namespace) if key == "also" else sidecars.at("except", index)
                close = nearest(namespace, clients)
                fix = f"did you mean {close}?" if close else "write a namespace of `clients`, or remove it"
                yield NO_SIDECAR(where, f"no host has clients in {namespace}: it gets no Sidecar", fix)
    for namespace in sorted({*sidecars.also} & {*sidecars.without}):
        message = f"{namespace} stands in `also` and in `except`"
        yield NO_SIDECAR(sidecars.at("also", namespace), message, "keep one of the two", "error")


def _of_any_namespace(sidecars: Sidecars) -> Iterator[Finding]:
    takes = "whoever may write a ServiceEntry anywhere can take what clients send to"
    if EVERYBODY in sidecars.services:
        message = f"`*` lets in what any namespace calls a Service: {takes} a Service, or to its address"
        fix = 'name the namespaces whose Services the clients call, as in `services: [".", istio-system]`'
        yield ANY_NAMESPACE(sidecars.at("services", sidecars.services.index(EVERYBODY)), message, fix)
    for namespace, hosts in sidecars.also.items():
        for index, host in enumerate(hosts):
            if host.startswith(f"{EVERYBODY}/"):
                message = f"`{host}` lets in what any namespace says of this host: {takes} it"
                fix = f"name the namespace that it belongs to, as in `legacy/{host.partition('/')[2]}`"
                yield ANY_NAMESPACE(sidecars.at("also", namespace, index), message, fix)
