"""Hosts that a gateway reaches by a socket of its own: behind a proxy, or each name of a wildcard by itself."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Port

UNUSED = {
    "resolution": "the proxy finds the upstream",
    "failover": "a tunnel has one end",
    "deniedRanges": "the proxy decides where the upstream may be",
    "outlierDetection": "no other tunnel can stand in for the one",
}

TWO_UPSTREAM_PORTS = Code(
    "EG234",
    "upstreams behind one socket on several ports",
    "The gateway reaches a wildcard's names, and hosts behind a proxy, by a Unix socket of its own. A ServiceEntry "
    "whose endpoint is a socket takes no ports, so that all client ports lead to one upstream port.",
)
BEHIND_A_PROXY = Code(
    "EG237",
    "a setting without meaning behind a proxy",
    "The proxy finds the upstream, decides where it is and opens the one connection. What the gateway would do for "
    "that has nothing to work on. The same in `defaults` serves the other hosts, and is left out here.",
)
HIDDEN = Code(
    "EG239",
    "a readiness that cannot see through a proxy",
    "A check of plain TCP ends at the proxy, and a check of a wildcard has no name to ask for. Such a gateway can "
    "only be Ready when it runs itself.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What has no meaning behind a socket or a proxy. What the defaults say for other hosts is passed over."""
    if host.by_socket:
        yield from _ports(host)
    if host.proxy is None:
        return
    for key, why in UNUSED.items():
        if key in host.own:
            message = f"{host.host} is behind a proxy and has no use for `{key}`: {why}"
            yield BEHIND_A_PROXY(host.own.keys_at[key], message, f"remove `{key}`, or `proxy`")
    if len(host.endpoints) > 1:
        message = f"{host.host} is behind a proxy and has {len(host.endpoints)} endpoints: a tunnel has one end"
        fix = "keep one endpoint, or none: the proxy is then asked for the host"
        yield BEHIND_A_PROXY(host.at("endpoints"), message, fix)
    for port in host.ports:
        if host.readiness.mode == "upstream" and _hidden(host, port):
            message = f"readiness cannot see {host.host} on port {port.port}: the check ends at the proxy"
            yield HIDDEN(host.at("proxy"), message, "add `readiness: {mode: gateway}`")


def _hidden(host: Host, port: Port) -> bool:
    """Whether a check of this port would end at the gateway's own socket."""
    return (port.tls.mode == "none" and not port.is_http) or (host.wildcard and port.tls.per_name)


def _ports(host: Host) -> Iterator[Finding]:
    first, *others = host.ports
    for port in others:
        if port.upstream_port != first.upstream_port:
            message = (
                f"{host.host} has the upstream ports {first.upstream_port} and {port.upstream_port}: the gateway "
                "reaches both by one socket, and Istio takes no ports beside a socket"
            )
            fix = f"write `upstreamPort: {first.upstream_port}` for all client ports"
            yield TWO_UPSTREAM_PORTS(port.at("upstreamPort"), message, fix)
