"""A host that its clients' own sidecars carry: no gateway stands between them and the upstream."""

from collections.abc import Iterator
from dataclasses import dataclass

from egressc.model import Client, Host, Port
from egressc.names import gateway_name, port_name
from egressc.plan.authorization import EVERYBODY
from egressc.plan.gateway import Source, told_apart

Labels = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class SidecarPort:
    """A client port; `name` is the port's in every object."""

    name: str
    port: Port
    sources: tuple[Source, ...]  # the pods that a sidecar lets through; empty: all that see the port


@dataclass(frozen=True, slots=True)
class Placement:
    """What a client namespace has of a host; `namespace` is EVERYBODY where the whole mesh may call.

    Objects stand where the clients are: there Istio looks first, also past a Service of the same name, and there is the
    Secret. For the whole mesh they stand in the release's namespace.
    """

    namespace: str
    ports: tuple[SidecarPort, ...]
    pods: tuple[Labels, ...]  # whose TLS has a Secret; empty: no TLS here has one
    accounts: tuple[str, ...]  # that Istio may hand the client's key to


@dataclass(frozen=True, slots=True)
class Sidecar:
    """A host without a gateway, in each of its clients' namespaces."""

    name: str
    host: Host
    placements: tuple[Placement, ...]


def plan_sidecar(host: Host) -> Sidecar:
    """The way to `host`, whose clients' sidecars speak to it themselves."""
    whole = any(client.whole_mesh for client in host.clients)
    namespaces = {EVERYBODY} if whole else {client.namespace or "" for client in host.clients}
    return Sidecar(
        name=host.name or gateway_name(host.host),
        host=host,
        placements=tuple(_placement(host, namespace) for namespace in sorted(namespaces)),
    )


def _placement(host: Host, namespace: str) -> Placement:
    clients = [client for client in host.clients if namespace in (EVERYBODY, client.namespace)]
    ports = tuple(_ports(host, clients, whole_mesh=namespace == EVERYBODY))
    secret = {port.port for port in host.ports if port.tls.originates and port.tls.secret}
    key = {port.port for port in host.ports if port.tls.mode == "mutual"}
    return Placement(
        namespace=namespace,
        ports=ports,
        pods=tuple(sorted({client.pod_labels for client in clients if any(map(client.covers, secret))})),
        accounts=tuple(sorted({client.service_account or "" for client in clients if any(map(client.covers, key))})),
    )


def _ports(host: Host, clients: list[Client], whole_mesh: bool) -> Iterator[SidecarPort]:
    for port in host.ports:
        users = [client for client in clients if client.covers(port.port)]
        if not users:
            continue  # a sidecar that does not know a port cannot be led to it
        sources = {Source(client.namespace if whole_mesh else None, client.pod_labels) for client in users}
        yield SidecarPort(port_name(port.protocol, port.port), port, told_apart(sources))
