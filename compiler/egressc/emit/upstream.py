"""Where the upstream is, what the gateway says to it in TLS, and which files it needs for that."""

from collections.abc import Iterable
from typing import Any

from egressc.addresses import every_form
from egressc.hostname import whole
from egressc.model import Host, Tls
from egressc.plan import SYSTEM_CA


def upstream(host: Host) -> dict[str, Any]:
    """Where `host` is, beyond its name."""
    result: dict[str, Any] = {"perName": True} if host.per_name else {}
    if host.addresses:
        result["addresses"] = list(host.addresses)
    if host.proxy:
        result["proxy"] = {"host": whole(host.proxy.host), "port": host.proxy.port}
        for name in host.endpoints:
            result["proxy"]["target"] = f"[{name}]" if ":" in name else name
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
