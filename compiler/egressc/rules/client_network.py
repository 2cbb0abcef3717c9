"""NetworkPolicies of client namespaces: whom they would cut off, and where they cannot hold."""

from collections.abc import Iterator

from egressc.findings import Code, Finding, Span
from egressc.model import EVERYBODY, OWN_NAMESPACE, ClientNetworkPolicies, Host, Inventory, is_prefix
from egressc.rules.fleet import ROOT_NAMESPACES
from egressc.slips import nearest

#: Namespaces of `companions.sidecars.services` that each NetworkPolicy lets clients to, as far as sidecars need them.
ALWAYS = {OWN_NAMESPACE, "istio-system"}

OTHER_GATEWAYS = Code(
    "EG327",
    "a client namespace with gateways that are not ours",
    "A NetworkPolicy of a client namespace holds for all of its pods. An adopted gateway or an ingress gateway there "
    "would be cut off from its upstreams, and the list does not know these.",
)
PLATFORM = Code(
    "EG328",
    "a NetworkPolicy that would cut off the platform",
    "The platform's own pods, such as istiod and DNS, connect to the Kubernetes API, to nodes and to each other. A "
    "NetworkPolicy for clients would let them reach gateways only.",
)
NO_NAME = Code(
    "EG329",
    "client namespaces that get no NetworkPolicy",
    "A NetworkPolicy stands in one namespace. None can be made for a namespace that only a prefix or the whole mesh "
    "stands for, so nothing of the list closes the other ways out there.",
    "warning",
)
ANY_ADDRESS = Code(
    "EG330",
    "a port that is open to any address",
    "Without a gateway the client's sidecar connects to the upstream itself. A NetworkPolicy knows addresses and no "
    "names, and does not know the sidecar from its application. If DNS says the upstream's addresses, all pods of the "
    "client namespace may connect to any address on this port.",
    "warning",
)
NOT_REACHED = Code(
    "EG331",
    "what a Sidecar lets in and a NetworkPolicy does not",
    "`companions.sidecars` lets applications call the Services of a namespace. `companions.clientNetworkPolicies` "
    "refuses the connections if it does not name that namespace, too.",
    "warning",
)
NO_CLIENTS = Code(
    "EG332",
    "an exception for a namespace that has no clients",
    "Only namespaces that hosts name as clients get a NetworkPolicy. `except` does nothing for another, and is most "
    "often a slip.",
    "warning",
)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """What NetworkPolicies of client namespaces would break, and what they leave open."""
    wanted = inventory.companions.client_network_policies
    if not wanted:
        return
    closed = inventory.client_namespaces - {*wanted.without}
    yield from _cut_off(wanted, inventory, closed)
    yield from _without_name(wanted, inventory)
    for host in inventory.hosts:
        if host.in_sidecar:
            yield from _open_port(host, closed)
    yield from _services(wanted, inventory)
    for index, namespace in enumerate(wanted.without):
        if namespace not in inventory.client_namespaces:
            close = nearest(namespace, inventory.client_namespaces)
            fix = f"did you mean {close}?" if close else "write a namespace of `clients`, or remove it"
            message = f"no host names {namespace} as a client: it gets no NetworkPolicy"
            yield NO_CLIENTS(wanted.at("except", index), message, fix)


def _cut_off(wanted: ClientNetworkPolicies, inventory: Inventory, closed: set[str]) -> Iterator[Finding]:
    others = [one for one in sorted(_others(inventory)) if one[0] in closed]
    platform = sorted(closed & {*ROOT_NAMESPACES})
    # one fix for all: the list has one `except`
    names = ", ".join(dict.fromkeys((*wanted.without, *(namespace for namespace, _, _ in others), *platform)))
    fix = f"write `except: [{names}]` under `companions.clientNetworkPolicies`, and a NetworkPolicy of your own there"
    for namespace, where, what in others:
        message = f"the NetworkPolicy of the client namespace {namespace} would cut off {what}"
        yield OTHER_GATEWAYS(where, message, fix)
    for namespace in platform:
        message = f"a NetworkPolicy for clients in {namespace} would cut off the platform's own pods there"
        yield PLATFORM(wanted.at(), message, fix)


def _others(inventory: Inventory) -> Iterator[tuple[str, Span, str]]:
    for shared in inventory.shared:
        if shared.adopt:
            yield shared.namespace, shared.at("namespace"), f"the adopted pods of {shared.name}"
    for host in inventory.hosts:
        if host.expose:
            gateway = host.expose.gateway
            yield gateway.namespace, gateway.at("namespace"), f"the ingress gateway that exposes {host.expose.host}"


def _without_name(wanted: ClientNetworkPolicies, inventory: Inventory) -> Iterator[Finding]:
    seen = set()
    for client in (client for host in inventory.hosts for client in host.clients):
        if is_prefix(client.namespace) and client.namespace not in seen:
            seen.add(client.namespace)
            message = (
                "`companions.clientNetworkPolicies` makes no NetworkPolicy for the namespaces "
                f"{client.namespace}: they have no names yet"
            )
            fix = "let whoever makes such a namespace make its NetworkPolicy, or name the namespaces"
            yield NO_NAME(client.at("namespace"), message, fix)
    if not inventory.client_namespaces and inventory.hosts and not seen:
        message = "no host names a client namespace: no NetworkPolicy is made"
        yield NO_NAME(wanted.at(), message, "name the namespaces that are to be closed in `clients` of a host")


def _open_port(host: Host, closed: set[str]) -> Iterator[Finding]:
    if host.fixed_addresses or not any(one.whole_mesh or one.namespace in closed for one in host.clients):
        return
    ports = sorted({port.upstream_port for port in host.ports})
    named = f"port{'s' if len(ports) > 1 else ''} {', '.join(map(str, ports))}"
    message = f"clients of {host.host} may connect to any address on {named}: their sidecars go there by themselves"
    fix = "remove `at: sidecar`, so that a gateway goes there, or write the upstream's addresses as `endpoints`"
    yield ANY_ADDRESS(host.at("at"), message, fix)


def _services(wanted: ClientNetworkPolicies, inventory: Inventory) -> Iterator[Finding]:
    sidecars = inventory.companions.sidecars
    if not sidecars or EVERYBODY in wanted.namespaces:
        return
    for index, namespace in enumerate(sidecars.services):
        if namespace not in ALWAYS and namespace not in wanted.namespaces:
            message = f"sidecars let applications call the Services of {namespace}, and the NetworkPolicies refuse it"
            if namespace == EVERYBODY:
                message = "sidecars let applications call all Services, and the NetworkPolicies refuse it"
            spelled = ", ".join(
                f'"{one}"' if one in (OWN_NAMESPACE, EVERYBODY) else one for one in (*wanted.namespaces, namespace)
            )
            fix = f"write `namespaces: [{spelled}]` under `companions.clientNetworkPolicies`"
            yield NOT_REACHED(sidecars.at("services", index), message, fix)
