"""Hosts on a gateway that they share, or that runs already."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory
from egressc.rules.tls import check_mounts
from egressc.slips import nearest


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG280 and EG281."""
    if host.in_sidecar or host.gateway is None:
        return
    if host.shared is None:
        names = [shared.name for shared in inventory.shared]
        close = nearest(host.gateway, names)
        fix = f"did you mean {close}?" if close else "add it: `gateways: [{name: " + host.gateway + "}]`"
        yield Finding(host.at("gateway"), "EG280", f"`gateways` has no {host.gateway}", fix)
    elif host.readiness.mode == "probe":
        message = f"a probe of {host.host}, whose pods are those of {host.shared.name}: one host would speak for all"
        yield Finding(host.readiness.at("mode"), "EG281", message, "write `mode: upstream`, or `mode: gateway`")


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """EG214 between the hosts of one gateway, and EG285."""
    for shared in inventory.shared:
        hosts = inventory.carried_by(shared)
        if not hosts:
            message = f"no host has `gateway: {shared.name}`"
            yield Finding(shared.at("name"), "EG285", message, "remove it, or name it in a host", "warning")
        files = {port.tls.at(): port.tls.files for host in hosts for port in host.ports if port.tls.files}
        yield from check_mounts(files.values())
