"""Where the upstream is, and how a gateway or a sidecar finds it."""

from collections.abc import Iterator
from typing import Any

from egressc.addresses import every_form
from egressc.hostname import whole
from egressc.model import Host, Port, Proxy
from egressc.plan.decision import Decision, Object, chosen
from egressc.plan.decisions.lines import upstream_lines
from egressc.plan.ports import GatewayPort
from egressc.plan.spelled import seconds, socket
from egressc.plan.way import GatewayWay

FOUND = {
    "PER_NAME": "leads to a socket of the gateway's own",
    "PROXY": "leads to a socket of the gateway's own",
    "DNS_ROUND_ROBIN": "found by DNS, one upstream at the first address of the answer",
    "DNS": "found by DNS, every address of the answer is {}used",
    "DYNAMIC_DNS": "each name found by its own DNS answer, at whatever address it gives",
    "STATIC": "found at fixed addresses",
}


REQUESTED_NAME = "%REQUESTED_SERVER_NAME%"


def reached(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """How the gateway comes to the upstream behind `port`."""
    host, entry = way.host, way.entry(port)
    yield behind(port.settled, entry)
    yield found(host, entry, checked=True)
    yield from _of_every_cluster(way, port.settled)
    if way.isolated:
        yield _let_out(way, port)
    yield from failed_over(way)
    yield from by_socket(way, port.settled)


def behind(port: Port, entry: Object) -> Decision:
    """Which upstream port the ServiceEntry `entry` has behind a client port."""
    says = f"client port {port.port} is upstream port {port.upstream_port}"
    return Decision(entry, says, upstream_lines(port), {"upstreamPort": port.upstream_port}, port.port)


def asked_by(port: Port, rule: Object) -> Iterator[Decision]:
    """What the upstream gets by the DestinationRule `rule`, where applications speak something else."""
    if port.upstream_protocol != port.protocol:
        says, sets = "makes HTTP/2 of HTTP/1.1", {"upstreamProtocol": port.upstream_protocol}
        yield Decision(rule, says, port.said("upstreamProtocol"), sets, port.port)


def found(host: Host, entry: Object, *, checked: bool) -> Decision:
    """How the ServiceEntry `entry` finds the upstream; each address is `checked` where a gateway does that."""
    named = f": {', '.join(host.endpoints)}" if host.endpoints else ""
    says = FOUND[host.kind].format("checked and " if checked else "") + named
    return Decision(entry, says, host.said("endpoints") + host.said("resolution"), _found(host))


def _found(host: Host) -> dict[str, Any]:
    if host.by_socket:
        return {"perName": True} if host.kind == "PER_NAME" else {}
    if host.kind == "DYNAMIC_DNS":
        return {"resolution": host.kind}
    endpoints = [whole(place) for place in host.endpoints or (host.host,)]
    return {"endpoints": endpoints} | ({"resolution": host.kind} if host.kind != "DNS" else {})


def _of_every_cluster(way: GatewayWay, port: Port) -> Iterator[Decision]:
    """How much is read at once, and when DNS is asked once more for a name that it did not answer or did not know."""
    host, retry = way.host, way.host.dns_retry
    if not way.filtered:
        return
    patch = way.object("EnvoyFilter", "" if port in host.checked else ".upstream")
    yield Decision(patch, "reads answers in parts of 32 KiB, so that a large one holds up no other")
    if host.kind in ("DNS", "DNS_ROUND_ROBIN"):
        says = f"asks DNS again within {retry.spelled} where it had no answer"
        yield chosen(patch, says, host.said("dnsRetry"), {"dnsRetry": seconds(retry)})


def failed_over(way: GatewayWay) -> Iterator[Decision]:
    """Where the gateway goes while nothing answers."""
    host = way.host
    if host.failover:
        first, second = (" or ".join(places) for places in (host.endpoints or (host.host,), host.failover))
        says = f"leads to {second} only while nothing answers at {first}"
        sets = {"failover": [whole(place) for place in host.failover]}
        yield Decision(way.object("DestinationRule", ".upstream"), says, host.said("failover"), sets)


def by_socket(way: GatewayWay, port: Port) -> Iterator[Decision]:
    """Who listens on the socket that the ServiceEntry of `port` leads to, where it leads to one."""
    host = way.host
    if host.proxy:
        tunnel, proxy = way.object("EnvoyFilter", ".proxy"), socket(host.proxy.host, host.proxy.port)
        target = "each name" if host.per_name else host.places[0]
        says = f"asks the proxy {proxy} for a tunnel to {target}, port {port.upstream_port}, by CONNECT in clear"
        sets: dict[str, Any] = {"proxy": _proxy(host, host.proxy)} | ({"perName": True} if host.per_name else {})
        yield Decision(tunnel, says, host.said("proxy"), sets)
        if host.per_name:
            yield from own_ways(way, tunnel)
    elif host.per_name:
        finder, ranges = way.object("EnvoyFilter", ".wildcard"), host.said("deniedRanges")
        asked, found_by = ("Host", {"inClear": True}) if host.in_clear(port) else ("SNI", {})
        says = f"finds each name below {host.host[2:]} by DNS, and refuses every other {asked}"
        yield Decision(finder, says, (), found_by, port.port)
        yield from own_ways(way, finder)
        every = every_form(host.denied_ranges)
        sets = {"deniedRanges": list(every)} if ranges else {}
        yield Decision(finder, f"connects to no address in {', '.join(host.denied_ranges)}", ranges, sets)
        hidden = ", ".join(one for one in every if one not in host.denied_ranges)
        yield Decision(finder, f"nor to what IPv6 makes of those: {hidden}", ranges, sets)


def own_ways(way: GatewayWay, keeper: Object) -> Iterator[Decision]:
    """What the EnvoyFilter `keeper` closes because the list has a way of its own for it."""
    if way.listed:
        says = f"closes what is for {' or '.join(way.listed)}: the list has a way of its own for it"
        yield Decision(keeper, says, (), {"listed": list(way.listed)})


def unread(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """What holds connections that nobody reads to their host."""
    host = way.host
    says = f"leads every connection to {host.host}, port {port.client_port} of the ServiceEntry"
    yield Decision(way.object("VirtualService"), says)
    if not way.filtered:
        return
    keeper = way.object("EnvoyFilter", ".passthrough")
    yield Decision(keeper, "leads nowhere else, whatever route somebody adds")
    if port.protocol == "TLS" and not host.per_name:
        name = f"a name below {host.host[2:]}" if host.wildcard else host.host
        yield Decision(keeper, f"closes what is no TLS, or whose SNI is not {name}")
        yield from own_ways(way, keeper)


def _proxy(host: Host, proxy: Proxy) -> dict[str, Any]:
    # Envoy puts the name that the gateway's, or the application's, TLS asks for
    (name,) = host.endpoints or (REQUESTED_NAME if host.per_name else host.host,)
    target = f"[{name}]" if ":" in name else name
    return {"host": whole(proxy.host), "port": proxy.port, "target": target}


def _let_out(way: GatewayWay, port: GatewayPort) -> Decision:
    host, fixed = way.host, way.host.fixed_addresses
    where, lines = "these addresses", host.said("endpoints") + host.said("resolution")
    if host.proxy:
        where, lines = "the proxy's address", host.said("proxy")
    says = f"lets out to {where if fixed else 'any address'}, port {host.out_port(port.settled)}"
    return Decision(way.object("NetworkPolicy"), says, lines if fixed else ())
