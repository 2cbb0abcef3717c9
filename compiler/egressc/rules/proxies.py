"""Hosts that a gateway reaches by a socket of its own: behind a proxy, or each name of a wildcard by itself."""

from collections.abc import Iterator

from egressc.elsewhere import PROXY_SETTING
from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Port

TWO_UPSTREAM_PORTS = Code(
    "EG234",
    "upstreams behind one socket on several ports",
    "The gateway reaches a wildcard's names, and hosts behind a proxy, by a Unix socket of its own. A ServiceEntry "
    "whose endpoint is a socket takes no ports, so that all client ports lead to one upstream port.",
)
HIDDEN = Code(
    "EG239",
    "a readiness that cannot see through a proxy",
    "A check of plain TCP ends at the proxy, and a check of a wildcard has no name to ask for. Such a gateway can "
    "only be Ready when it runs itself.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What one socket, or a tunnel by a proxy, cannot carry."""
    if host.by_socket:
        yield from _ports(host)
    if host.proxy is None:
        return
    if len(host.endpoints) > 1:
        message = f"{host.host} is behind a proxy and has {len(host.endpoints)} endpoints: a tunnel has one end"
        fix = "keep one endpoint, or none: the proxy is then asked for the host"
        yield PROXY_SETTING(host.at("endpoints"), message, fix)
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
