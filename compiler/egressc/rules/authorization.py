"""Who is refused whatever clients say, and hosts that refuse nobody yet."""

from collections import defaultdict
from collections.abc import Iterator

from egressc.findings import Finding, Span
from egressc.model import Client, Deny, Host, Inventory
from egressc.rules.clients import operation, paths, silent_ports, spoken
from egressc.slips import nearest

SHOWN = 3


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG204, EG223, EG250 to EG252."""
    for deny in host.deny:
        yield from _who(deny)
        yield from operation(host, deny)
        deaf = silent_ports(host, deny)
        if deaf:
            said = "methods" if deny.methods else "paths"
            http = [port.port for port in host.ports if port.is_http]
            fix = f"add `ports: {http}` to this denial" if http else f"remove `{said}`: the gateway sees no requests"
            message = f"{said} denied on {spoken(deaf)}: the gateway sees no requests there, and would refuse nobody"
            yield Finding(deny.at(said), "EG251", message, fix)
    for client in host.clients:
        refusing = next((deny for deny in (*host.deny, *inventory.deny) if _covers(host, deny, client)), None)
        if refusing:
            where = refusing.at("namespace")
            message = f"this client may call nothing of {host.host}: {where.file}:{where.line} refuses {refusing.who}"
            fix = "remove the client, or let the denial say what it is about"
            yield Finding(client.at("namespace"), "EG252", message, fix, "warning")


def check_fleet(inventory: Inventory) -> Iterator[Finding]:
    """EG223, EG250, EG253 to EG255 of the fleet-wide denials."""
    names = [host.host for host in inventory.hosts]
    for deny in inventory.deny:
        yield from _who(deny)
        yield from paths(deny)
        unknown = [index for index, name in enumerate(deny.hosts) if name not in names]
        for index in unknown:
            close = nearest(deny.hosts[index], names)
            fix = f"did you mean {close}?" if close else "write a host of the list, or leave `hosts` out for all"
            message = f"no list has `{deny.hosts[index]}`: nothing is denied there"
            yield Finding(deny.at("hosts", index), "EG253", message, fix)
        meant = [host for host in inventory.hosts if not deny.hosts or host.host in deny.hosts]
        deaf = [f"{host.host}:{port.port}" for host in meant for port in silent_ports(host, deny)]
        if not unknown and meant and not any(host.decided_on(deny) for host in meant):
            said = "requests" if deaf else f"client port {' or '.join(map(str, deny.ports))}"
            message = f"no host has {said}: nobody is refused"
            yield Finding(
                deny.at("ports"), "EG254", message, "write what some host has, or remove the denial", "warning"
            )
        elif deaf:
            message = f"methods and paths are not seen at {_few(deaf)}: nobody is refused there"
            fix = "name the `hosts` or `ports` that speak HTTP, or deny without methods and paths"
            yield Finding(deny.at("methods" if deny.methods else "paths"), "EG255", message, fix, "warning")


def check_reports(inventory: Inventory) -> Iterator[Finding]:
    """EG256, once for each line that says it."""
    hosts: dict[Span, list[str]] = defaultdict(list)
    for host in inventory.hosts:
        if host.reports:
            hosts[host.at("enforcement")].append(host.host)
    for where, names in hosts.items():
        message = f"nobody is refused at {_few(names)}, and every namespace sees it: callers are only reported"
        yield Finding(where, "EG256", message, "write `enforce` once nobody is reported any more", "warning")


def check_logs(inventory: Inventory) -> Iterator[Finding]:
    """EG257: what is logged is one decision for all that pods carry."""
    for shared in inventory.shared:
        hosts = inventory.carried_by(shared)
        for host in hosts:
            if shared.adopt:
                if host.access_log is False:
                    message = f"the access log of {shared.name} is not ours to turn off: its pods run already"
                    yield Finding(
                        host.at("accessLog"), "EG257", message, "remove it, or write true for lines of its own"
                    )
            elif host.access_log != hosts[0].access_log:
                message = f"{host.host} and {hosts[0].host} share pods, whose log Istio turns on and off as a whole"
                fix = f"say the same `accessLog` at all hosts of {shared.name}"
                yield Finding(host.at("accessLog"), "EG257", message, fix)


def _who(deny: Deny) -> Iterator[Finding]:
    if deny.service_account and not deny.namespace:
        fix = "add its `namespace`: an identity is a namespace and an account"
        yield Finding(deny.at("serviceAccount"), "EG250", "a service account without its namespace", fix)


def _covers(host: Host, deny: Deny, client: Client) -> bool:
    """Whether nothing is left of `client`."""
    if deny.methods or deny.paths or (deny.service_account and not deny.namespace):
        return False
    if deny.namespace and (deny.namespace, deny.service_account or client.service_account) != (
        client.namespace,
        client.service_account,
    ):
        return False
    used = client.ports or tuple(port.port for port in host.ports)
    return set(used) <= set(host.decided_on(deny))


def _few(names: list[str]) -> str:
    left = len(names) - SHOWN
    return ", ".join(names[:SHOWN]) + (f" and {left} more" if left > 0 else "")
