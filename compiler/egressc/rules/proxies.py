"""Hosts that a gateway reaches by a socket of its own: behind a proxy, or each name of a wildcard by itself."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory, Port


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG234, EG237 and EG239."""
    if host.by_socket:
        yield from _ports(host)
    if host.proxy is None:
        return
    if len(host.endpoints) > 1:
        message = f"{len(host.endpoints)} endpoints of {host.host}, which is behind a proxy: a tunnel has one end"
        yield Finding(host.at("endpoints"), "EG237", message, "keep one, or none: the proxy is then asked for the host")
    for port in host.ports:
        if host.readiness.mode == "upstream" and _hidden(host, port):
            message = f"readiness of {host.host} on port {port.port}: what is checked there ends at the proxy"
            yield Finding(host.at("proxy"), "EG239", message, "add `readiness: {mode: gateway}`")


def _hidden(host: Host, port: Port) -> bool:
    """Whether a check of this port would end at the gateway's own socket."""
    return (port.tls.mode == "none" and not port.is_http) or (host.wildcard and port.tls.per_name)


def _ports(host: Host) -> Iterator[Finding]:
    first, *others = host.ports
    for port in others:
        if port.upstream_port != first.upstream_port:
            message = (
                f"{host.host} has upstreams on ports {first.upstream_port} and {port.upstream_port}: the gateway "
                "reaches them by one socket of its own, and Istio takes no ports beside a socket"
            )
            fix = "let all client ports have one `upstreamPort`, or list the ports as hosts of their own"
            yield Finding(port.at("upstreamPort"), "EG234", message, fix)
