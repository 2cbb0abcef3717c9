"""Where the upstream is, what the gateway says to it in TLS, and which files it needs for that."""

from collections.abc import Iterable
from typing import Any

from egressc.addresses import every_form
from egressc.hostname import whole
from egressc.model import Host, Tls
from egressc.plan import SYSTEM_CA

REQUESTED_NAME = "%REQUESTED_SERVER_NAME%"


def upstream(host: Host) -> dict[str, Any]:
    """Where `host` is, beyond its name."""
    # behind a socket all client ports have one: see the rules of proxies
    port = host.ports[0].upstream_port
    result: dict[str, Any] = {"perName": True, "upstreamPort": port} if host.per_name else {}
    if host.addresses:
        result["addresses"] = list(host.addresses)
    if host.proxy:
        # Envoy puts the name that the gateway's, or the application's, TLS asks for
        (name,) = host.endpoints or (REQUESTED_NAME if host.per_name else host.host,)
        target = f"[{name}]" if ":" in name else name
        result["proxy"] = {"host": whole(host.proxy.host), "port": host.proxy.port, "target": f"{target}:{port}"}
        return result
    if host.per_name:
        if host.says("deniedRanges"):
            result["deniedRanges"] = list(every_form(host.denied_ranges))
        return result
    result["endpoints"] = [whole(place) for place in host.endpoints or (host.host,)]
    if host.failover:
        result["failover"] = [whole(place) for place in host.failover]
    if host.kind != "DNS":
        result["resolution"] = host.kind
    return result


def client_tls(tls: Tls) -> dict[str, Any]:
    """The TLS that the gateway speaks, as a DestinationRule has it."""
    result: dict[str, Any] = {"mode": tls.mode.upper()}
    if tls.secret and not (tls.unverified and tls.mode == "simple"):
        result["credentialName"] = tls.secret
    elif tls.files and tls.mode == "mutual":
        result |= {"clientCertificate": tls.files.certificate, "privateKey": tls.files.key}
    if not tls.per_name:
        result["sni"] = tls.sni
    if tls.unverified:
        return result | {"insecureSkipVerify": True}
    if not tls.secret:
        result["caCertificates"] = (tls.files.ca if tls.files else None) or SYSTEM_CA
    # without names Istio has each name of a wildcard sent as the SNI and verified
    return result | ({"subjectAltNames": list(tls.sans)} if tls.sans else {})


def volumes(settings: Iterable[Tls]) -> list[dict[str, Any]]:
    """What must be mounted for `settings`, each path once."""
    mounts: dict[str, dict[str, Any]] = {}
    for tls in settings:
        for volume in tls.files.volumes if tls.files else ():
            source = {"secret": volume.secret} if volume.secret else {"configMap": volume.config_map}
            mount = {"name": f"certificates-{len(mounts)}"} | source | {"mountPath": volume.mount_path}
            mounts.setdefault(volume.mount_path, mount)
    return list(mounts.values())
