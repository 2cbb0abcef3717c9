"""Who is refused whatever clients say, and hosts that refuse nobody yet."""

from collections import defaultdict
from collections.abc import Iterator

from egressc.counted import some
from egressc.elsewhere import ONE_LOG
from egressc.findings import Code, Finding, Span
from egressc.model import Client, Deny, Host, Inventory, SharedGateway, stands_for
from egressc.rules.clients import operation, paths, silent_ports, spoken
from egressc.slips import nearest

HALF_AN_IDENTITY = Code(
    "EG250",
    "a denied service account without its namespace",
    "An identity is a namespace and a service account: every namespace can have an account of the same name.",
)
UNSEEN_DENIAL = Code(
    "EG251",
    "a denial of methods or paths on a protocol that has none",
    "On TLS and TCP ports a gateway sees bytes and no requests. A denial of methods or paths would refuse nobody "
    "there. Name the HTTP ports with `ports`.",
)
CLIENT_DENIED = Code(
    "EG252",
    "a client that is denied everything",
    "A denial goes before every client. This client may call no port of the host, and one of the two lines is wrong.",
    "warning",
)
DENIED_HOST = Code(
    "EG253",
    "a fleet-wide denial for a host that the list does not have",
    "A denial with a slip in a host's name would refuse nobody, and nobody would see it.",
)
NOBODY_DENIED = Code(
    "EG254",
    "a fleet-wide denial that refuses nobody",
    "No host has the ports that the denial names, or requests that it could look at.",
    "warning",
)
PARTLY_UNSEEN = Code(
    "EG255",
    "a fleet-wide denial that some ports cannot show",
    "On TLS and TCP ports a gateway sees no methods and no paths. There the denial refuses nobody; it holds for the "
    "HTTP ports.",
    "warning",
)
REPORTS = Code(
    "EG256",
    "nobody is refused: the host only reports",
    "With `enforcement: report` the gateway lets everybody through and writes down whom the rules would have refused. "
    "Every namespace sees the host, so that each caller is seen. Fleet-wide denials still refuse. Whom one of them "
    "refuses paths gets 403 for a path with two readings too, such as one with an escaped slash. The mesh's TLS holds.",
    "warning",
)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """A host's denials, and clients of whom they leave nothing."""
    for deny in host.deny:
        yield from _who(deny)
        yield from operation(host, deny)
        deaf = silent_ports(host, deny)
        if deaf:
            said = "methods" if deny.methods else "paths"
            http = [port.port for port in host.ports if port.is_http]
            fix = f"add `ports: {http}` to this denial" if http else "remove the denial, or its `methods` and `paths`"
            message = f"`{said}` cannot be denied on {spoken(deaf)}: the gateway sees no requests there"
            yield UNSEEN_DENIAL(deny.at(said), message, fix)
    for client in host.clients:
        refusing = next((deny for deny in (*host.deny, *inventory.deny) if _covers(host, deny, client)), None)
        if refusing:
            where = refusing.at("namespace")
            who = client.namespace or "wholeMesh"
            message = (
                f"the client {who} may call nothing of {host.host}: {where.file}:{where.line} refuses {refusing.who}"
            )
            fix = "remove the client, or limit the denial to `ports`, `methods` or `paths`"
            yield CLIENT_DENIED(client.at("namespace"), message, fix)


def check_fleet(inventory: Inventory) -> Iterator[Finding]:
    """The denials for all hosts."""
    names = [host.host for host in inventory.hosts]
    for deny in inventory.deny:
        yield from _who(deny)
        yield from paths(deny)
        unknown = [index for index, name in enumerate(deny.hosts) if name not in names]
        for index in unknown:
            close = nearest(deny.hosts[index], names)
            fix = f"did you mean {close}?" if close else "write a host of the list, or leave `hosts` out for all hosts"
            message = f"no list has the host `{deny.hosts[index]}`: the denial refuses nobody there"
            yield DENIED_HOST(deny.at("hosts", index), message, fix)
        meant = [host for host in inventory.hosts if not deny.hosts or host.host in deny.hosts]
        deaf = [f"{host.host}:{port.port}" for host in meant for port in silent_ports(host, deny)]
        if not unknown and meant and not any(host.decided_on(deny) for host in meant):
            said = "requests" if deaf else f"client port {' or '.join(map(str, deny.ports))}"
            fix = "write `ports` that a host has, or remove the denial"
            if deaf:
                fix = "deny without `methods` and `paths`, or remove the denial"
            yield NOBODY_DENIED(deny.at("ports"), f"no host has {said}: the denial refuses nobody", fix)
        elif deaf:
            message = f"the gateway sees no methods and no paths at {some(deaf)}: the denial refuses nobody there"
            fix = "name the `hosts` or `ports` that speak HTTP, or deny without `methods` and `paths`"
            yield PARTLY_UNSEEN(deny.at("methods" if deny.methods else "paths"), message, fix)


def check_reports(inventory: Inventory) -> Iterator[Finding]:
    """Hosts that only report, once for each line that says it."""
    hosts: dict[Span, list[Host]] = defaultdict(list)
    for host in inventory.hosts:
        if host.reports:
            hosts[host.at("enforcement")].append(host)
    for where, reporting in hosts.items():
        few = some([host.host for host in reporting])
        message = f"`enforcement: report` refuses nobody at {few}, and every namespace sees the host"
        if any(host.decided_on(deny) for host in reporting for deny in inventory.deny):
            message += ". Fleet-wide denials still refuse"
        fix = "write `enforcement: enforce` when the access log shows nobody any more who would be refused"
        yield REPORTS(where, message, fix)


def check_logs(inventory: Inventory) -> Iterator[Finding]:
    """What is logged is one decision for all that pods carry."""
    for shared in inventory.shared:
        if not shared.adopt:
            yield from _shared_log(shared, inventory)


def _shared_log(shared: SharedGateway, inventory: Inventory) -> Iterator[Finding]:
    hosts = inventory.carried_by(shared)
    for host in hosts:
        if host.access_log != hosts[0].access_log:
            message = (
                f"{host.host} and {hosts[0].host} share the pods of {shared.name}, but not `accessLog`: "
                "Istio turns the log of a pod on or off as a whole"
            )
            yield ONE_LOG(host.at("accessLog"), message, f"write one `accessLog` for all hosts of {shared.name}")


def _who(deny: Deny) -> Iterator[Finding]:
    if deny.service_account and not deny.namespace:
        message = f"the service account {deny.service_account} stands without its namespace"
        fix = "add its `namespace`: an identity is a namespace and a service account"
        yield HALF_AN_IDENTITY(deny.at("serviceAccount"), message, fix)


def _covers(host: Host, deny: Deny, client: Client) -> bool:
    """Whether nothing is left of `client`."""
    if deny.methods or deny.paths or (deny.service_account and not deny.namespace):
        return False
    if not stands_for(deny.namespace, client.namespace) or deny.service_account not in (None, client.service_account):
        return False
    used = client.ports or tuple(port.port for port in host.ports)
    return set(used) <= set(host.decided_on(deny))
