"""What a list says that some supported Istio does not have, each with the first Istio that has it.

istiod drops fields that it does not know without a word. So nothing of this may reach an older mesh.
"""

from collections.abc import Callable
from typing import NamedTuple

from egressc.findings import Span
from egressc.model import Host, Version

#: A patch level of Istio: its version, and the number after that.
Patch = tuple[Version, int]
#: The supported versions of Istio, each with the version of its Envoy.
ENVOY: dict[Version, Version] = {
    (1, 27): (1, 35),
    (1, 28): (1, 36),
    (1, 29): (1, 37),
    (1, 30): (1, 38),
    (1, 31): (1, 39),
}
#: The first patch level without ISTIO-SECURITY-2026-006 and -007. Older versions have none.
FIXED: dict[Version, int] = {(1, 29): 9, (1, 30): 7, (1, 31): 3}
ADVISORIES = "ISTIO-SECURITY-2026-006 and -007"
#: The first Istio whose gateways, with tracing on, can keep trace headers from an upstream: Telemetry's
#: `disableContextPropagation`, which istiod gives to proxies of this version and newer ones only. Older gateways must
#: not take part in traces.
CONTEXT_KEPT_BACK: Version = (1, 30)
#: The first Istio whose DestinationRules say how often an HTTP/2 connection is asked whether it lives.
HTTP2_KEEPALIVE: Version = (1, 31)
#: The first Istio whose ProxyConfig has connectionSettings.
CONNECTION_SETTINGS: Version = (1, 31)
#: The first patch level whose proxies read certificate files each time that they change (istio/istio#59912).
FILES_READ_AGAIN: Patch = ((1, 30), 3)


class Since(NamedTuple):
    """Something that a host can say: its name in the list, and the first Istio that has it, `by` which field.

    `before` is what an older Istio would do, `otherwise` what to write for it. `place` is where a host says it, None
    where it does not.
    """

    setting: str
    istio: Version
    by: str
    before: str
    place: Callable[[Host], Span | None]
    otherwise: str


def _wildcard(host: Host) -> Span | None:
    return host.at("host") if host.kind == "PER_NAME" else None


def _in_sidecars(host: Host) -> Span | None:
    return host.at("at") if host.kind == "DYNAMIC_DNS" else None


def _prefix(host: Host) -> Span | None:
    credential = host.headers.credential if host.headers else None
    return credential.at("prefix") if credential and credential.prefix else None


def _http2_keepalive(host: Host) -> Span | None:
    return host.pool.at("http2Keepalive") if host.pool.http2_keepalive else None


def _http2_to_gateway(host: Host) -> Span | None:
    return host.at("gatewayProtocol") if host.over_http2 else None


TABLE = (
    Since(
        "a wildcard whose names DNS finds",
        (1, 31),
        "`resolved_address_filter` of Envoy's DNS cache",
        "it would connect to denied addresses",
        _wildcard,
        "list each name as a host of its own, or write the `proxy` or the `endpoints` of all names",
    ),
    Since(
        "a wildcard with `at: sidecar`",
        (1, 30),
        "resolution DYNAMIC_DNS of a ServiceEntry, for sidecars",
        "its sidecars would find no upstream",
        _in_sidecars,
        "list each name as a host of its own",
    ),
    Since(
        "`headers.credential.prefix`",
        (1, 29),
        "`header_value_prefix` of Envoy's injected credential",
        "it would send the credential without its prefix",
        _prefix,
        "write the prefix into the Secret, before the value, and remove `prefix`",
    ),
    Since(
        "`connectionPool.http2Keepalive`",
        HTTP2_KEEPALIVE,
        "`http2KeepAlive` of a DestinationRule",
        "it would never ask whether a connection lives",
        _http2_keepalive,
        "remove `http2Keepalive`",
    ),
    Since(
        "`gatewayProtocol: HTTP2`",
        HTTP2_KEEPALIVE,
        "`http2KeepAlive` of a DestinationRule",
        "requests would wait for a gateway whose node has gone",
        _http2_to_gateway,
        "remove `gatewayProtocol`",
    ),
)


def mended(version: Version) -> Patch | None:
    """The first patch level without known holes, of this version or of the next that has one; None where all have."""
    least = min((known for known in FIXED if known >= version), default=None)
    return (least, FIXED[least]) if least else None


def spelled(version: Version) -> str:
    """`1.30`."""
    return ".".join(map(str, version))


def spelled_patch(patch: Patch) -> str:
    """`1.30.7`."""
    return f"{spelled(patch[0])}.{patch[1]}"
