"""Between hosts: ports that clients cannot tell apart, keys that must not meet, names that must differ."""

import re
from collections import defaultdict
from collections.abc import Iterator

from egressc.findings import Code, Finding, Level
from egressc.hostname import canonical
from egressc.model import EVERYBODY, OWN_GATEWAY, Host, Inventory, Port, SharedGateway
from egressc.names import gateway_ports, shared_name

Use = tuple[Host, Port]
ANY_ADDRESS = "*"
ROOT_NAMESPACES = ("istio-system", "kube-system", "kube-public", "kube-node-lease")
LONGEST_NAME = 253  # of a Service, in DNS

ONE_PORT = Code(
    "EG302",
    "two hosts on one port that a client cannot tell apart",
    "A sidecar has one listener for all hosts of one port that have no address of their own. HTTP is told apart by "
    "its Host, TLS by its SNI, TCP by nothing: of two TCP hosts Istio takes one. Beside HTTP or TLS a sidecar waits "
    "for the first bytes of a TCP client, which never come where the server speaks first; that is a warning.",
)
ONE_NAMESPACE = Code(
    "EG303",
    "keys of different owners in one namespace",
    "Istio gives a gateway its client key from a Secret by name. For that the gateway's service account may list all "
    "Secrets of its namespace, those of other owners too.",
)
ONE_NAME = Code(
    "EG401",
    "two gateways of one name",
    "A gateway's name is the name of its Deployment, Service and all other objects. A name that a host does not give "
    "follows from the host.",
)
RESERVED = Code(
    "EG402",
    "a name is reserved or too long",
    "Some names already belong to Kubernetes, Istio or the cluster's DNS: the service account `default`, namespaces "
    "of the platform, Services of the cluster. DNS takes names of up to 253 characters.",
)


class _Listener:
    """The hosts on one listener, findable by the namespaces whose sidecars have it: exportTo knows no finer unit."""

    def __init__(self) -> None:
        self.first: Use | None = None
        self.by_namespace: dict[str, Use] = {}

    def met_by(self, use: Use) -> Use | None:
        """A host added before that some client of `use` sees too."""
        namespaces = _viewers(use[0])
        if EVERYBODY in namespaces:
            return self.first
        return next((self.by_namespace[name] for name in (EVERYBODY, *namespaces) if name in self.by_namespace), None)

    def add(self, use: Use) -> None:
        self.first = self.first or use
        for name in _viewers(use[0]):
            self.by_namespace.setdefault(name, use)


def _viewers(host: Host) -> list[str]:
    return [EVERYBODY] if host.seen_by_all else sorted({client.namespace or "" for client in host.clients})


def check_ports(inventory: Inventory) -> Iterator[Finding]:
    """A sidecar has one listener for all ports of one number that have no address of their own.

    HTTP is told apart by its Host, TLS by its SNI, and both by looking at the first bytes; TCP by nothing. So two TCP
    hosts exclude each other, and beside HTTP or TLS a TCP client has to speak first (measured on Istio 1.31).
    """
    tcp: dict[tuple[str, int], _Listener] = defaultdict(_Listener)
    inspected: dict[tuple[str, int], _Listener] = defaultdict(_Listener)
    uses = [(host, port) for host in inventory.hosts for port in host.ports]
    for use in uses:
        if use[1].protocol != "TCP":
            for listener in _listeners(use):
                inspected[listener].add(use)
        if use[1].is_http and not use[0].in_sidecar:
            inspected[ANY_ADDRESS, _gateway_port(use)].add(use)
    for use in uses:
        if use[1].protocol == "TCP":
            for listener in _listeners(use):
                yield from _clash(use, tcp[listener].met_by(use), "error")
                if listener in inspected:
                    yield from _clash(use, inspected[listener].met_by(use), "warning")
                tcp[listener].add(use)


def _listeners(use: Use) -> Iterator[tuple[str, int]]:
    host, port = use
    # HTTP is matched on the wildcard address, whatever virtual addresses the host has
    for address in host.addresses if host.addresses and not port.is_http else (ANY_ADDRESS,):
        yield canonical(address), port.port


def _gateway_port(use: Use) -> int:
    # clients see the gateway's Service too
    host, port = use
    return gateway_ports({port.port for port in host.ports}, adopted=bool(host.shared and host.shared.adopt))[port.port]


def _clash(use: Use, other: Use | None, level: Level) -> Iterator[Finding]:
    if other is None or other[0] is use[0]:
        return
    host, port = use
    if level == "error":
        message = (
            f"{host.host} and {other[0].host} both speak TCP on client port {port.port}: Istio gives a client that "
            "sees both only one of them"
        )
    else:
        who = other[0].host if other[1].port == port.port else f"the gateway of {other[0].host}"
        message = (
            f"{host.host} speaks TCP on client port {port.port}, where {who} speaks {other[1].protocol}: sidecars wait "
            "for the client's first bytes there, and a server that speaks first (SMTP, MySQL) is not heard"
        )
    fix = (
        f"give it a client port of its own (`port: {_free(port.port)}`, `upstreamPort: {port.upstream_port}`), "
        "its own `addresses`, or clients of other namespaces"
    )
    yield ONE_PORT(port.at("port"), message, fix, level)


def _free(port: int) -> int:
    return port % 10000 + (30000 if 20000 <= port < 30000 else 20000)


def check_keys(inventory: Inventory) -> Iterator[Finding]:
    """Istio lets a gateway that fetches one Secret by name list all Secrets of its namespace."""
    owners: dict[str, Host] = {}
    for host in inventory.hosts:
        keyed = next((port for port in host.ports if port.tls.mode == "mutual" and port.tls.secret), None)
        if keyed is None or host.in_sidecar:
            continue  # a sidecar's key is its application's
        first = owners.setdefault(host.namespace, host)
        if first.owner != host.owner:
            message = (
                f"{host.host} ({_owner(host)}) and {first.host} ({_owner(first)}) keep their keys in the namespace "
                f"{host.namespace}: each gateway can list all Secrets there"
            )
            fix = f"give {host.host} a namespace of its owner: `namespace: {_namespace(host)}`"
            yield ONE_NAMESPACE(keyed.tls.at("secret"), message, fix)


def _owner(host: Host) -> str:
    return f"owner {host.owner}" if host.owner else "no owner"


def _namespace(host: Host) -> str:
    """A namespace's name made from the host's and its owner's."""
    owner = re.sub(r"[^a-z0-9]+", "-", (host.owner or "").lower()).strip("-") or "team"
    return f"{host.namespace}-{owner}"[:63].rstrip("-")


def check_names(inventory: Inventory) -> Iterator[Finding]:
    """Names that two gateways would share. What belongs to one has a dot in its name, which no gateway has."""
    taken: dict[str, str] = {}
    fix = "give one of them another `name`"
    for shared in inventory.shared:
        if shared.name in taken:
            yield ONE_NAME(shared.at("name"), f"two shared gateways have the name {shared.name}", fix)
        taken[shared.name] = f"the shared gateway {shared.name}"
    for host in inventory.hosts:
        name = host.own_name
        if name in taken:
            yield ONE_NAME(host.at("name"), f"{host.host} and {taken[name]} would both have the name {name}", fix)
        taken.setdefault(name, host.host)
    for host in inventory.hosts:
        for one in host.carried:
            if one.shared:
                name = shared_name(host.own_name, one.shared.name)
                whose = f"{host.host} on {one.shared.name}"
                if taken.get(name, whose) != whose:
                    yield ONE_NAME(host.at("name"), f"{whose} and {taken[name]} would both have the name {name}", fix)
                taken.setdefault(name, whose)


def check_reserved(inventory: Inventory) -> Iterator[Finding]:
    """Names that are somebody else's, or too long."""
    for shared in inventory.shared:
        if not shared.adopt:
            yield from _reserved(shared, shared.name, shared.namespace)
    for host in inventory.hosts:
        name = host.own_name
        if host.in_sidecar:
            continue  # no Service, no account
        whole = shared_name(name, host.shared.name) if host.shared else name
        service = f"{whole}.{host.namespace}.svc.{inventory.mesh.cluster_domain}"
        if len(service) > LONGEST_NAME:
            message = f"{service} has {len(service)} characters: DNS takes at most {LONGEST_NAME}"
            yield RESERVED(host.at("name"), message, "give the gateway a shorter `name`")
        if host.shared is None or (host.standby and host.standby.shared is None):
            yield from _reserved(host, name, host.namespace)


def _reserved(gateway: Host | SharedGateway, name: str, namespace: str) -> Iterator[Finding]:
    if name == OWN_GATEWAY and isinstance(gateway, SharedGateway):
        message = f"the name {OWN_GATEWAY} is taken: `standby: {OWN_GATEWAY}` is a host's own gateway"
        yield RESERVED(gateway.at("name"), message, "give the gateway another `name`")
    if name == "default":
        message = "the name default is taken: every namespace has a service account of that name"
        yield RESERVED(gateway.at("name"), message, "give the gateway another `name`")
    if namespace in ROOT_NAMESPACES:
        fix = "give gateways a namespace of their own, such as egress"
        message = f"the namespace {namespace} belongs to the platform: objects there can hold for the whole mesh"
        yield RESERVED(gateway.at("namespace"), message, fix)
