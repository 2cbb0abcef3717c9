"""Hosts on a gateway that they share, or that runs already."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory
from egressc.rules.mounts import check_mounts
from egressc.slips import nearest

NO_SUCH_GATEWAY = Code(
    "EG280",
    "a shared gateway that the list does not have",
    "`gateway` and `standby` name one of `gateways`, of any file of the list.",
)
NO_HOSTS = Code(
    "EG285",
    "a shared gateway without hosts",
    "A gateway that carries no host is most often a slip in a name. It gets no pods.",
    "warning",
)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """A host on a gateway that is not there."""
    for key, one in (("gateway", host), ("standby", host.standby)):
        if one and not one.in_sidecar and one.gateway is not None and one.shared is None:
            close = nearest(one.gateway, [shared.name for shared in inventory.shared])
            fix = f"did you mean {close}?" if close else "add `gateways: [{name: " + one.gateway + "}]`"
            yield NO_SUCH_GATEWAY(host.at(key), f"`gateways` has no {one.gateway}", fix)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """Shared gateways that nobody uses, or whose hosts' volumes meet."""
    for shared in inventory.shared:
        hosts = inventory.carried_by(shared)
        if not hosts:
            fix = f"remove the gateway, or write `gateway: {shared.name}` at a host"
            yield NO_HOSTS(shared.at("name"), f"no host has `gateway: {shared.name}`", fix)
        files = {port.tls.at(): port.tls.files for host in hosts for port in host.ports if port.tls.files}
        yield from check_mounts(files.values())
