"""What pods mount: certificate files, and credentials for requests."""

from collections.abc import Iterable
from typing import Any

from egressc.model import Tls
from egressc.plan import GatewayCarrier


def volumes(settings: Iterable[Tls]) -> list[dict[str, Any]]:
    """What must be mounted for `settings`, each path once."""
    mounts: dict[str, dict[str, Any]] = {}
    for tls in settings:
        for volume in tls.files.volumes if tls.files else ():
            source = {"secret": volume.secret} if volume.secret else {"configMap": volume.config_map}
            mount = {"name": f"certificates-{len(mounts)}"} | source | {"mountPath": volume.mount_path}
            mounts.setdefault(volume.mount_path, mount)
    return list(mounts.values())


def credentials(hosts: Iterable[GatewayCarrier]) -> list[dict[str, Any]]:
    """The credentials of requests, which the pods of these hosts mount."""
    return [
        {"gateway": gateway.name, "secret": credential.secret, "key": credential.key}
        for gateway in hosts
        if (headers := gateway.host.headers) and (credential := headers.credential)
    ]


def asked_with(gateway: GatewayCarrier) -> set[str]:
    """The Secrets that curl reads where it asks the upstream in the gateway's stead."""
    return {port.tls.secret for port in gateway.host.checked if port.tls.secret and not gateway.filtered}
