"""Hosts without a gateway: what would need one is refused, and Secrets go only to pods that are named."""

from collections.abc import Iterator

from egressc.elsewhere import KEPT_BY_NOBODY
from egressc.findings import Code, Finding, Span
from egressc.hostname import is_service_name
from egressc.model import Client, Host, Inventory, stands_for
from egressc.rules.fleet import RESERVED

SECRET_FOR_NOBODY = Code(
    "EG273",
    "a Secret for pods that Istio would not send it to",
    "Istio sends a Secret to a sidecar only where a DestinationRule with a workloadSelector names the pod, in the "
    "pod's own namespace, and to service accounts that may list Secrets there. So such a client needs `podLabels`, "
    "and a client certificate also its `serviceAccount`.",
)
FILES = Code(
    "EG274",
    "files at a host without a gateway",
    "Files are mounted into a gateway's pod. The chart makes no pods of applications, and changes none.",
)
WILDCARD = Code(
    "EG275",
    "a wildcard without a gateway",
    "Each name of a wildcard leads where its DNS says. A gateway connects to no address inside of the cluster; a "
    "sidecar has nothing that keeps it from there. Istio's DYNAMIC_DNS finds the names, from Istio 1.30 on.",
    "warning",
)
OWN_PORT = Code(
    "EG299",
    "an upstream port that no sidecar finds for a wildcard",
    "Istio's DYNAMIC_DNS knows no ports. A sidecar goes to the port that the application asks for, and from http:// to "
    "the port of https://.",
)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """Policies that nobody would keep, and Secrets that would reach no sidecar."""
    if not host.in_sidecar:
        return
    yield from _policies(host, inventory)
    for client in host.clients:
        yield from _client(host, client)
    for port in host.ports:
        if port.tls.files:
            message = f"{host.host} has no gateway: `files` can be mounted nowhere"
            yield FILES(port.tls.at("files"), message, "write `secret: <name>`, a Secret in each client's namespace")
    if host.per_name:
        message = f"{host.host} has no gateway: nothing keeps its names from leading into the cluster"
        yield WILDCARD(host.at("at"), message, "remove `at: sidecar`, or list each host by its name")
        yield from _own_ports(host)
    if is_service_name(host.host, inventory.mesh.cluster_domain) and any(client.whole_mesh for client in host.clients):
        message = f"{host.host} is a Service too: the mesh prefers it to an entry of another namespace"
        yield RESERVED(host.at("clients"), message, "name the clients' namespaces instead of `wholeMesh`")


def _policies(host: Host, inventory: Inventory) -> Iterator[Finding]:
    for deny in inventory.deny:
        refused = {client.namespace for client in host.clients if stands_for(deny.namespace, client.namespace)}
        if host.decided_on(deny) and (refused or any(client.whole_mesh for client in host.clients)):
            yield _kept_by_nobody(host, deny.at("namespace"), "deny")


def _client(host: Host, client: Client) -> Iterator[Finding]:
    for key in ("methods", "paths"):
        if getattr(client, key):
            yield _kept_by_nobody(host, client.at(key), key)
    used = [port for port in host.ports if client.covers(port.port)]
    secret = next((port for port in used if port.tls.originates and port.tls.secret), None)
    mutual = any(port.tls.mode == "mutual" for port in used)
    if client.service_account and not mutual:
        yield _kept_by_nobody(host, client.at("serviceAccount"), "serviceAccount")
    if secret is None:
        return
    if client.whole_mesh:
        message = f"every namespace of the mesh would need the Secret {secret.tls.secret}"
        fix = "name the clients' namespaces, or remove `at: sidecar`"
        yield SECRET_FOR_NOBODY(client.at("wholeMesh"), message, fix)
        return
    if not client.pod_labels:
        message = f"Istio sends the Secret {secret.tls.secret} only to pods that labels name"
        fix = f"add the `podLabels` of the pods to the client {client.namespace}"
        yield SECRET_FOR_NOBODY(client.at("namespace"), message, fix)
    if mutual and not client.service_account:
        message = f"Istio sends the key of {secret.tls.secret} only to a service account that may list Secrets"
        fix = f"add the `serviceAccount` of the pods to the client {client.namespace}"
        yield SECRET_FOR_NOBODY(client.at("namespace"), message, fix)


def _kept_by_nobody(host: Host, where: Span, key: str) -> Finding:
    message = f"{host.host} has no gateway: only the client's own pod would keep `{key}`"
    return KEPT_BY_NOBODY(where, message, f"remove `{key}`, or `at: sidecar`")


def _own_ports(host: Host) -> Iterator[Finding]:
    for port in host.ports:
        own = port.tls.behind(port.port)
        if port.upstream_port != own:
            message = f"{host.host} is called on port {port.port}: a sidecar asks each of its names on port {own}"
            fix = "remove `upstreamPort`, or `at: sidecar`" if port.says("upstreamPort") else "remove `at: sidecar`"
            yield OWN_PORT(port.at("upstreamPort"), message, fix)
