"""Clients that are namespaces by how their names begin: what only a namespace with a known name can have."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Client, Host, Inventory, Port, is_prefix

LABELS = Code(
    "EG322",
    "pod labels beside clients by a prefix",
    "Sidecars tell the pods of a client by its namespace and labels, and Istio's routes match whole names of "
    "namespaces only. A route for all namespaces would let through pods that the labels of another client keep out.",
)
NO_PLACE = Code(
    "EG323",
    "clients by a prefix without a gateway",
    "Without a gateway a host's objects stand in the namespaces of its clients, and nobody knows the names of these. A "
    "gateway knows them by their identity.",
)
WHOLE_PORT = Code(
    "EG324",
    "a TCP port of every namespace",
    "Istio cannot export a host to namespaces by a prefix, so that every namespace sees it. A TCP host without "
    "`addresses` takes all that is sent to its port number. In the whole mesh it would take the connections of others, "
    "and close them.",
)
NO_SIDECARS = Code(
    "EG325",
    "namespaces that get no Sidecar",
    "`companions.sidecars` makes a Sidecar for each client namespace. It cannot make one for a namespace that does not "
    "exist yet, so nothing of the list closes the other ways out there.",
    "warning",
)
FIRST_WORDS = Code(
    "EG326",
    "accounts by a prefix that no handshake asks for",
    "If each client of a TCP port names its account, the TLS handshake refuses all others. A handshake takes whole "
    "identities only. With a prefix the rules decide at the first byte of the caller, and a server that speaks first "
    "has spoken by then.",
    "warning",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What clients by a prefix cannot have, and what they would take from others."""
    for client in filter(_by_prefix, host.clients):
        if host.in_sidecar:
            message = f"{host.host} has no gateway, and namespaces that begin with {_begin(client)} have no names yet"
            fix = "name the namespaces, or remove `at: sidecar`"
            yield NO_PLACE(client.at("namespace"), message, fix)
            continue
        yield from _labels(host, client)
        for port in host.ports:
            if port.protocol == "TCP" and client.covers(port.port):
                yield from _bytes(host, port, client)


def check_sidecars(inventory: Inventory) -> Iterator[Finding]:
    """Namespaces that `companions` makes no Sidecar for."""
    if not inventory.companions.sidecars:
        return
    seen = set()
    for client in (client for host in inventory.hosts for client in filter(_by_prefix, host.clients)):
        if client.namespace not in seen:
            seen.add(client.namespace)
            message = (
                f"`companions.sidecars` makes no Sidecar for the namespaces {client.namespace}: they have no names yet"
            )
            fix = "set REGISTRY_ONLY for the mesh, or let whoever makes such a namespace make its Sidecar"
            yield NO_SIDECARS(client.at("namespace"), message, fix)


def _by_prefix(client: Client) -> bool:
    return is_prefix(client.namespace)


def _begin(client: Client) -> str:
    return str(client.namespace)[:-1]


def _labels(host: Host, client: Client) -> Iterator[Finding]:
    """Labels on a port that `client` may use, its own too."""
    used = [port.port for port in host.ports if client.covers(port.port)]
    for other in host.clients:
        if other.pod_labels and any(map(other.covers, used)):
            message = (
                f"`podLabels` cannot hold beside the client {client.namespace}: routes match whole namespaces only"
            )
            fix = "write a `serviceAccount` instead of `podLabels`, or name the namespaces"
            yield LABELS(other.at("podLabels"), message, fix)


def _bytes(host: Host, port: Port, client: Client) -> Iterator[Finding]:
    where = client.at("namespace")
    if not host.addresses:
        message = f"every namespace would see {host.host}, and it would take all that is sent to TCP port {port.port}"
        yield WHOLE_PORT(where, message, "add `addresses` to the host, or name the namespaces of its clients")
    elif all(one.service_account for one in host.clients if one.covers(port.port)):
        message = (
            f"no handshake asks for {client.namespace}/{client.service_account}: the rules decide at the first byte"
        )
        fix = f"name the namespaces, if the server of {host.host} speaks first and nobody else may hear it"
        yield FIRST_WORDS(where, message, fix)
