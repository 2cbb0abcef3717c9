"""How a gateway's readiness follows its upstream."""

from typing import Any

from egressc.emit.text import seconds
from egressc.model import Host, Port
from egressc.plan import SYSTEM_CA

ANY_STATUS = [(100, 599)]


def readiness(host: Host) -> dict[str, Any]:
    """What the list says of the `readiness` of a host's gateway; the rest is the chart's."""
    given = host.readiness
    if given.mode != "upstream":
        return {"readiness": {"mode": given.mode} | ({"probe": given.probe} if given.probe else {})}
    rhythm = {
        "interval": seconds(given.interval),
        "timeout": seconds(given.timeout),
        "unhealthyThreshold": given.unhealthy_threshold,
        "healthyThreshold": given.healthy_threshold,
    }
    said = {key: value for key, value in rhythm.items() if given.says(key)}
    return {"readiness": said} if said else {}


def check(host: Host, port: Port) -> dict[str, Any]:
    """How the upstream behind one port is checked; empty for a connection with the port's own TLS."""
    tls, given = port.tls, host.readiness
    if tls.per_name:
        return {"connect": True} if tls.originates else {}
    if port.is_http and (given.path or tls.mode == "mutual" or (host.proxy and tls.mode == "none")):
        # after a TLS 1.3 handshake only an answer shows that the client certificate was taken, and without TLS only an
        # answer is not a proxy's
        statuses = given.statuses if given.path else ANY_STATUS
        ranges = [{"start": first, "end": last + 1} for first, last in statuses]
        asked = tls.sni if host.wildcard else host.host
        result: dict[str, Any] = {"path": given.path or "/", "host": asked, "statuses": ranges}
        return result | ({} if port.protocol == "HTTP" else {"http2": True})
    if tls.mode == "passthrough":
        verify = {"sni": host.host, "subjectAltNames": [host.host]}
        if tls.secret:
            return {"tls": verify | {"credentialName": tls.secret}}
        return {"tls": verify | {"caCertificates": (tls.files.ca if tls.files else None) or SYSTEM_CA}}
    return {}
