"""How curl asks an upstream where no EnvoyFilter lets the gateway itself do it."""

from typing import Any

from egressc.hostname import whole
from egressc.model import Host, Port, Tls
from egressc.plan.decisions.tls import SYSTEM_CA
from egressc.plan.spelled import socket

#: Where the container that asks has the Secrets of its host's TLS, a folder each.
SECRETS = "/etc/egressc/upstream"


def question(host: Host, port: Port, check: dict[str, Any]) -> dict[str, Any]:
    """`ask`, for a port that is checked like this: what curl is told, file by file where it has TLS."""
    tls, http = port.tls, "path" in check
    secure = tls.mode != "none"
    name = tls.sni if tls.originates else host.host
    scheme = "https" if secure else "http" if http else "telnet"
    result: dict[str, Any] = {
        "url": f"{scheme}://{socket(name, port.upstream_port)}{check.get('path', '')}",
        "at": [socket(whole(place), port.upstream_port) for place in host.places],
    }
    if http:
        result |= {key: check[key] for key in ("host", "statuses", "http2") if key in check}
    return result | (_trusted(tls) | _presented(tls) if secure else {})


def _trusted(tls: Tls) -> dict[str, Any]:
    if tls.originates and tls.unverified:
        return {"insecure": True}
    if tls.secret:
        return {"caCertificates": f"{SECRETS}/{tls.secret}/ca.crt"}
    named = tls.files.ca if tls.files else None
    return {"caCertificates": named} if named and named != SYSTEM_CA else {}


def _presented(tls: Tls) -> dict[str, Any]:
    if tls.mode != "mutual":
        return {}
    if tls.secret:
        return {"clientCertificate": f"{SECRETS}/{tls.secret}/tls.crt", "privateKey": f"{SECRETS}/{tls.secret}/tls.key"}
    return {"clientCertificate": tls.files.certificate, "privateKey": tls.files.key} if tls.files else {}
