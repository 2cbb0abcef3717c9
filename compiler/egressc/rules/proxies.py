"""Hosts behind a proxy: what a tunnel cannot carry, and what a check cannot see through one."""

from collections.abc import Iterator

from egressc.elsewhere import PROXY_SETTING
from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Port

HIDDEN = Code(
    "EG239",
    "a readiness that cannot see through a proxy",
    "A check of plain TCP ends at the proxy, and a check of a wildcard has no name to ask for. Such a gateway can "
    "only be Ready when it runs itself.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What a tunnel by a proxy cannot carry."""
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
