"""Hosts without a gateway: what would need one is refused, and Secrets go only to pods that are named."""

from collections.abc import Iterator

from egressc.findings import Finding, Span
from egressc.hostname import is_service_name
from egressc.model import Client, Host, Inventory


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG272 to EG275 and, for Services that the whole mesh would call, EG402."""
    if not host.in_sidecar:
        return
    yield from _policies(host, inventory)
    for client in host.clients:
        yield from _client(host, client)
    for port in host.ports:
        if port.tls.files:
            message = f"files of {host.host}, which has no gateway to mount them into"
            yield Finding(port.tls.at("files"), "EG274", message, "write `secret: <name>`, in each client's namespace")
    if host.wildcard:
        message = f"{host.host} without a gateway: nothing would keep its names from leading into the cluster"
        yield Finding(host.at("at"), "EG275", message, "remove `at: sidecar`, or list each host by its name")
    if is_service_name(host.host, inventory.cluster_domain) and any(client.whole_mesh for client in host.clients):
        message = f"{host.host} for the whole mesh: the Service of that name comes before an entry of another namespace"
        yield Finding(host.at("clients"), "EG402", message, "name the clients' namespaces")


def _policies(host: Host, inventory: Inventory) -> Iterator[Finding]:
    for deny in inventory.deny:
        refused = {client.namespace for client in host.clients if deny.namespace in (None, client.namespace)}
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
        message = f"the whole mesh with the Secret {secret.tls.secret}: every namespace would need the same Secret"
        yield Finding(client.at("wholeMesh"), "EG273", message, "name the clients' namespaces, or remove `at: sidecar`")
        return
    if not client.pod_labels:
        message = (
            f"the Secret {secret.tls.secret} for every pod of {client.namespace}: Istio sends it to pods with labels"
        )
        fix = f"add their `podLabels` to the client {client.namespace}"
        yield Finding(client.at("namespace"), "EG273", message, fix)
    if mutual and not client.service_account:
        message = f"the key of {secret.tls.secret} for nobody: Istio hands it to service accounts that may list Secrets"
        fix = f"add their `serviceAccount` to the client {client.namespace}"
        yield Finding(client.at("namespace"), "EG273", message, fix)


def _kept_by_nobody(host: Host, where: Span, key: str) -> Finding:
    message = f"`{key}` of {host.host}, which has no gateway: the policy would be kept by the pod that it is about"
    return Finding(where, "EG272", message, f"remove `{key}`, or `at: sidecar`")
