"""Hosts on a gateway that they share, or that runs already."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import POD_SETTINGS, Host, Inventory
from egressc.rules.tls import check_mounts
from egressc.slips import nearest


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG280 to EG282."""
    if "gateway" not in host.source:
        return
    if host.shared is None:
        names = [shared.name for shared in inventory.shared]
        close = nearest(host.source["gateway"], names)
        fix = f"did you mean {close}?" if close else "add it: `gateways: [{name: " + host.source["gateway"] + "}]`"
        message = f"`gateways` has no {host.source['gateway']}"
        yield Finding(host.at("gateway"), "EG280", message, fix)
        return
    # what defaults say is for the hosts with pods of their own
    for key in POD_SETTINGS:
        if key in host.own:
            message = f"`{key}` of {host.host}, whose pods are those of {host.shared.name}"
            where = f"say it at {host.shared.name} in `gateways`"
            fix = "remove it: these pods run already" if host.shared.adopt else where
            yield Finding(host.own.keys_at[key], "EG281", message, fix)
    if host.readiness.mode == "probe":
        message = f"a probe of {host.host}, whose pods are those of {host.shared.name}: one host would speak for all"
        yield Finding(host.readiness.at("mode"), "EG281", message, "write `mode: upstream`, or `mode: gateway`")
    if host.own.get("namespace", host.namespace) != host.namespace:
        message = f"{host.host} in another namespace than {host.shared.name}: its Service would find no pods"
        yield Finding(host.own.keys_at["namespace"], "EG282", message, f"remove it, or write `{host.namespace}`")


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """EG214 between the hosts of one gateway, EG284 and EG285."""
    for shared in inventory.shared:
        for key in POD_SETTINGS:
            if shared.adopt and key in shared.source:
                message = f"`{key}` of {shared.name}, whose pods are not ours to make"
                yield Finding(shared.at(key), "EG284", message, "remove it, or `adopt`")
        hosts = inventory.carried_by(shared)
        if not hosts:
            message = f"no host has `gateway: {shared.name}`"
            yield Finding(shared.at("name"), "EG285", message, "remove it, or name it in a host", "warning")
        files = {id(port.tls.source): port.tls.files for host in hosts for port in host.ports if port.tls.files}
        yield from check_mounts(files.values())
