"""The hops of a request through one client port: what is spoken, who verifies whom, and which object decides it."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass

from egressc.addresses import every_form
from egressc.explain.authorization import admitted, users
from egressc.explain.decision import Decision, time
from egressc.explain.facts import Way
from egressc.explain.layout import socket
from egressc.explain.lines import Lines, client_line, once
from egressc.explain.objects import Object, named_object
from egressc.explain.policies import changes, judges
from egressc.hostname import is_ip
from egressc.model import WILDCARD, Host, Port
from egressc.plan import EVERYBODY, OWN_NAMESPACE, Gateway, GatewayPort, Source

SPOKEN = {"HTTP": "HTTP", "HTTP2": "HTTP/2", "GRPC": "gRPC", "TCP": "TCP"}
IN_CLEAR = {name: f"{spoken} in clear" for name, spoken in SPOKEN.items()} | {"TCP": "TCP, whatever it carries"}
RESOLUTIONS = {
    "PER_NAME": "leads to a socket of the gateway's own",
    "PROXY": "leads to a socket of the gateway's own",
    "DNS_ROUND_ROBIN": "found by DNS, one upstream at the first address of the answer",
    "DNS": "found by DNS, every address of the answer is checked and used",
    "STATIC": "found at fixed addresses",
}


@dataclass(frozen=True, slots=True)
class Hop:
    """One hop of a request."""

    source: str
    target: str
    spoken: str
    verified: str
    decisions: tuple[Decision, ...]


def hops(gateway: Gateway, port: GatewayPort, way: Way) -> tuple[Hop, Hop, Hop]:
    """From the application to its sidecar, on to the gateway, and on to the upstream."""
    host, account = gateway.host, f"{gateway.namespace}/{gateway.pods.name}"
    upstream = " or ".join(socket(name, way.upstream_port) for name in host.endpoints or [host.host])
    if host.failover:
        upstream += f", else {' or '.join(socket(name, way.upstream_port) for name in host.failover)}"
    return (
        to_sidecar(host, way, _seen(gateway, port, way)),
        Hop(
            "its sidecar",
            "gateway",
            f"the same inside the mesh's mutual TLS, to {gateway.service}:{way.gateway_port}",
            f"by both, with mesh certificates: of the account {account}, and the client's",
            (*_sent(gateway, port), *admitted(gateway, port), *judges(gateway, port, way)),
        ),
        Hop(
            "gateway",
            "upstream",
            f"{to_upstream(way)}, to {upstream}",
            verification(way),
            tuple(_carried(gateway, port, way)),
        ),
    )


def to_sidecar(host: Host, way: Way, decisions: Iterable[Decision]) -> Hop:
    """From the application to its sidecar, with what sidecars decide about it."""
    tls = way.tls == "passthrough"
    spoken = "the application's own TLS" if tls else IN_CLEAR[way.protocol]
    inside = "by the application, end to end" if tls else "by nobody: the connection stays inside the pod"
    return Hop("application", "its sidecar", f"{spoken}, to {host.host}:{way.port}", inside, tuple(decisions))


def to_upstream(way: Way) -> str:
    """What is spoken to the upstream."""
    if way.sni:
        return f"{SPOKEN[way.protocol]} inside TLS, SNI {_names([way.sni])}"
    return "the application's own TLS, unchanged" if way.tls == "passthrough" else IN_CLEAR[way.protocol]


def _names(names: Iterable[str]) -> str:
    """`names` as certificates and SNI have them; a wildcard is no name but stands for the one that is asked for."""
    return " or ".join("of the name that is asked for" if name.startswith(WILDCARD) else name for name in names)


def verification(way: Way) -> str:
    """Who verifies whom on the way to the upstream."""
    back = f". By the upstream: the certificate of {way.client_certificate}" if way.client_certificate else ""
    return f"by {way.verified.text}{back}"


def _seen(gateway: Gateway, port: GatewayPort, way: Way) -> Iterator[Decision]:
    entry, host = named_object(gateway, "ServiceEntry"), gateway.host
    # a host that reports is seen by all, whoever may call
    seers = host.said("enforcement") if host.reports else tuple(map(client_line, host.callers))
    if gateway.export_to == (EVERYBODY,):
        seen = "every namespace"
    else:
        seen = ", ".join(gateway.namespace if name == OWN_NAMESPACE else name for name in sorted(gateway.export_to))
    known = f"sidecars know {host.host} on port {way.port}, and on no port that is no client port"
    yield Decision(entry, known, way.lines)
    yield Decision(entry, f"seen by {seen}", seers)
    if host.addresses and not port.port.is_http:
        apart = f"told apart by the addresses {', '.join(host.addresses)}"
        yield Decision(entry, apart, host.said("addresses"))


def _sent(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    route, rule, host = named_object(gateway, "VirtualService"), named_object(gateway, "DestinationRule"), gateway.host
    for source in port.sources:
        pods = pods_of(source, "any namespace")
        lines = [
            line
            for client in users(gateway, port)
            if (client.namespace, client.pod_labels) == (source.namespace, source.pod_labels)
            for line in client.said("podLabels") or (client_line(client),)
        ]
        yield Decision(route, f"lets {pods} through", once(lines))
    if port.sources:
        refused = "answers 403 to all other pods" if port.port.is_http else "leads all other pods to a closed port"
        yield Decision(route, refused, ())
    again = ", and tries again only what no upstream has seen" if port.port.is_http else ""
    yield Decision(route, f"leads to the gateway's Service{again}", ())
    yield Decision(rule, f"wraps it in the mesh's mutual TLS, SNI {host.host}", ())
    yield Decision(rule, *_idle(gateway.host))
    yield Decision(named_object(gateway, "Service"), f"leads port {port.number} to the gateway's Ready pods", ())


def pods_of(source: Source, anywhere: str) -> str:
    """Who `source` is; `anywhere` are the namespaces where it names none."""
    labels = ", ".join(f"{key}={value}" for key, value in source.pod_labels)
    return f"pods of {source.namespace or anywhere}" + (f" with {labels}" if labels else "")


def _carried(gateway: Gateway, port: GatewayPort, way: Way) -> Iterator[Decision]:
    host, tls = gateway.host, port.port.tls
    entry = named_object(gateway, "ServiceEntry")
    if port.port.is_http:
        yield from _requests(gateway)
    else:
        route = f"leads every connection to {host.host}, port {way.port} of the ServiceEntry"
        yield Decision(named_object(gateway, "VirtualService"), route, ())
        yield from _unread(gateway, port)
    reached = port.port.said("upstreamPort") or way.lines
    yield Decision(entry, f"client port {way.port} is upstream port {way.upstream_port}", reached)
    where = host.said("endpoints") + host.said("resolution")
    found = RESOLUTIONS[host.kind] + (f": {', '.join(host.endpoints)}" if host.endpoints else "")
    yield Decision(entry, found, where)
    if gateway.isolated:
        fixed = all(map(is_ip, host.connected_to))
        addresses, number, lines = "these addresses", way.upstream_port, where
        if host.proxy:
            addresses, number, lines = "the proxy's address", host.proxy.port, host.said("proxy")
        out = f"lets out to {addresses if fixed else 'any address'}, port {number}"
        yield Decision(named_object(gateway, "NetworkPolicy"), out, lines if fixed else ())
    if host.failover:
        rule, other = named_object(gateway, "DestinationRule", ".upstream"), " or ".join(host.failover)
        says = f"leads to {other} only while nothing answers at {' or '.join(host.endpoints or (host.host,))}"
        yield Decision(rule, says, host.said("failover"))
    yield from _by_socket(gateway, way)
    if tls.mode == "mutual" and tls.secret and gateway.pods.kind != "adopted":
        role = named_object(gateway, "Role")
        yield Decision(role, f"lets Istio hand the gateway the Secret {tls.secret}", tls.said("secret"))
    rule = named_object(gateway, "DestinationRule", ".upstream")
    yield from spoken_tls(port.port, way, rule)
    yield from limits(host, port.port, rule)


def _unread(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    """What holds connections that nobody reads to their host."""
    keeper, host = named_object(gateway, "EnvoyFilter", ".passthrough"), gateway.host
    yield Decision(keeper, "leads nowhere else, whatever route somebody adds", ())
    if port.port.protocol == "TLS" and not host.per_name:
        name = f"a name below {host.host[2:]}" if host.wildcard else host.host
        yield Decision(keeper, f"closes what is no TLS, or whose SNI is not {name}", ())
        if gateway.listed:
            yield Decision(keeper, _own_ways(gateway), ())


def _own_ways(gateway: Gateway) -> str:
    return f"closes what is for {' or '.join(gateway.listed)}: the list has a way of its own for it"


def spoken_tls(port: Port, way: Way, rule: Object) -> Iterator[Decision]:
    """What the DestinationRule `rule` makes of TLS on `port`."""
    tls = port.tls
    mode = tls.said("mode")
    if way.sni:
        yield Decision(rule, f"speaks TLS, mode {way.tls}", mode)
        yield Decision(rule, f"sends the SNI {_names([way.sni])}", tls.said("sni"))
        if way.client_certificate:
            credential = tls.said("secret") or tls.said("files", "certificate")
            yield Decision(rule, f"presents the client certificate of {way.client_certificate}", credential)
        if way.verified.by != "nobody":
            names = tls.said("sans") or tls.said("sni")
            yield Decision(rule, f"wants a certificate for {_names(way.verified.names)}", names)
            anchor = tls.said("secret") or tls.said("files", "ca")
            yield Decision(rule, f"trusts {way.verified.ca}", anchor)
        else:
            yield Decision(rule, f"verifies nothing: {way.verified.reason}", way.verified.lines)
    else:
        yield Decision(rule, "speaks no TLS of its own", mode or port.said("protocol"))


def _by_socket(gateway: Gateway, way: Way) -> Iterator[Decision]:
    """Who listens on the socket that the ServiceEntry leads to, where it leads to one."""
    host = gateway.host
    if host.proxy:
        tunnel, proxy = named_object(gateway, "EnvoyFilter", ".proxy"), socket(host.proxy.host, host.proxy.port)
        target = "each name" if host.per_name else host.places[0]
        says = f"asks the proxy {proxy} for a tunnel to {target}, port {way.upstream_port}, by CONNECT in clear"
        yield Decision(tunnel, says, host.said("proxy"))
        if host.per_name and gateway.listed:
            yield Decision(tunnel, _own_ways(gateway), ())
    elif host.per_name:
        finder = named_object(gateway, "EnvoyFilter", ".wildcard")
        yield Decision(finder, f"finds each name below {host.host[2:]} by DNS, and refuses every other SNI", ())
        if gateway.listed:
            yield Decision(finder, _own_ways(gateway), ())
        ranges = host.said("deniedRanges")
        yield Decision(finder, f"connects to no address in {', '.join(host.denied_ranges)}", ranges)
        hidden = (one for one in every_form(host.denied_ranges) if one not in host.denied_ranges)
        yield Decision(finder, f"nor to what IPv6 makes of those: {', '.join(hidden)}", ranges)


def _requests(gateway: Gateway) -> Iterator[Decision]:
    yield from requests(gateway.host, named_object(gateway, "VirtualService"))
    yield from changes(gateway)
    if gateway.drops_underscores:
        says = "drops headers with an underscore in their name: upstreams may read one as a header of the gateway's"
        yield Decision(named_object(gateway, "EnvoyFilter", ".requests"), says, gateway.host.said("headers"))
    if gateway.pods.kind != "adopted":
        yield Decision(named_object(gateway, "Telemetry"), "writes no trace headers of its own", ())
        yield Decision(named_object(gateway, "Deployment"), "keeps back the client's mesh certificate", ())


def requests(host: Host, route: Object) -> Iterator[Decision]:
    """How the VirtualService `route` sends requests to `host`."""
    timeouts, retries = host.timeouts, host.retries
    yield Decision(route, *time(timeouts.request, "a request may take {}", timeouts.said("request")))
    if retries.attempts:
        on = ", ".join(retries.retry_on)
        lines = retries.said("attempts") + retries.said("retryOn")
        yield Decision(route, f"tries again, {retries.attempts} times at most, on {on}", lines)
        if retries.per_try:
            yield Decision(route, *time(retries.per_try, "a try may take {}", retries.said("perTry")))
    else:
        yield Decision(route, "tries nothing again", retries.said("attempts"))


def _idle(host: Host) -> tuple[str, Lines]:
    return time(host.timeouts.idle, "closes a connection without traffic after {}", host.timeouts.said("idle"))


def limits(host: Host, port: Port, rule: Object) -> Iterator[Decision]:
    """What the DestinationRule `rule` limits on `port` of `host`."""
    timeouts, pool = host.timeouts, host.pool
    yield Decision(rule, *time(timeouts.connect, "a connection may take {} to open", timeouts.said("connect")))
    yield Decision(rule, *_idle(host))
    for key, most, what in (
        ("maxConnections", pool.max_connections, "connections"),
        ("maxPendingRequests", pool.max_pending_requests, "requests that wait for a connection"),
        ("maxRequests", pool.max_requests, "requests at once"),
        ("maxRequestsPerConnection", pool.max_requests_per_connection, "requests on one connection"),
    ):
        if most is not None and (port.is_http or key == "maxConnections"):
            yield Decision(rule, f"at most {most} {what} from each pod", pool.said(key))
    if pool.keepalive:
        yield Decision(rule, "keeps idle connections alive", pool.said("keepalive"))
    if host.outlier_detection:
        yield Decision(rule, "leaves failing addresses out for a while", host.said("outlierDetection"))
