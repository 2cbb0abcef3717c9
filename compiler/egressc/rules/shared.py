"""Hosts on a gateway that they share, or that runs already."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import POD_SETTINGS, Host, Inventory
from egressc.rules.tls import check_mounts
from egressc.slips import nearest

NO_SUCH_GATEWAY = Code(
    "EG280",
    "a shared gateway that the list does not have",
    "`gateway` names one of `gateways`, of any file of the list.",
)
SHARED_PODS = Code(
    "EG281",
    "a setting of pods that are not the host's own",
    "The pods of a shared gateway have one number, one size and one time to drain, for all hosts. Their settings "
    "stand at the shared gateway. The same in `defaults` serves hosts with gateways of their own, and is left out "
    "here.",
)
OTHER_NAMESPACE = Code(
    "EG282",
    "a host in another namespace than its gateway",
    "A Service finds only pods of its own namespace, and each host has a Service in front of the shared pods.",
)
ADOPTED_PODS = Code(
    "EG284",
    "a setting of pods that run already",
    "The pods of an adopted gateway belong to whoever runs them. No object of the chart can change them.",
)
NO_HOSTS = Code(
    "EG285",
    "a shared gateway without hosts",
    "A gateway that carries no host is most often a slip in a name. It gets no pods.",
    "warning",
)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """A host on a gateway that is not there, or whose pods are not the host's to set."""
    if "gateway" not in host.source:
        return
    if host.shared is None:
        names = [shared.name for shared in inventory.shared]
        close = nearest(host.source["gateway"], names)
        fix = f"did you mean {close}?" if close else "add `gateways: [{name: " + host.source["gateway"] + "}]`"
        yield NO_SUCH_GATEWAY(host.at("gateway"), f"`gateways` has no {host.source['gateway']}", fix)
        return
    # what defaults say is for the hosts with pods of their own
    for key in POD_SETTINGS:
        if key in host.own:
            message = f"{host.host} runs in the pods of {host.shared.name} and has no `{key}` of its own"
            fix = f"remove `{key}`" if host.shared.adopt else f"write `{key}` at {host.shared.name} in `gateways`"
            yield SHARED_PODS(host.own.keys_at[key], message, fix)
    if host.readiness.mode == "probe":
        message = f"{host.host} runs in the pods of {host.shared.name}: its probe would decide for all their hosts"
        yield SHARED_PODS(host.readiness.at("mode"), message, "write `mode: upstream`, or `mode: gateway`")
    if host.own.get("namespace", host.namespace) != host.namespace:
        message = f"{host.host} stands in another namespace than {host.shared.name}: its Service would find no pods"
        fix = f"remove `namespace`, or write `namespace: {host.namespace}`"
        yield OTHER_NAMESPACE(host.own.keys_at["namespace"], message, fix)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """Shared gateways that nobody uses, whose pods are not ours, or whose hosts' volumes meet."""
    for shared in inventory.shared:
        for key in POD_SETTINGS:
            if shared.adopt and key in shared.source:
                message = f"{shared.name} is adopted: the list cannot set `{key}` of its pods"
                yield ADOPTED_PODS(shared.at(key), message, f"remove `{key}`, or `adopt`")
        hosts = inventory.carried_by(shared)
        if not hosts:
            fix = f"remove the gateway, or write `gateway: {shared.name}` at a host"
            yield NO_HOSTS(shared.at("name"), f"no host has `gateway: {shared.name}`", fix)
        files = {id(port.tls.source): port.tls.files for host in hosts for port in host.ports if port.tls.files}
        yield from check_mounts(files.values())
