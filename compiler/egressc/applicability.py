"""Where each setting applies, and why not elsewhere.

What a host's own entry says and does not apply to it is a finding. What it inherits is for the other hosts, and goes.
"""

from collections.abc import Iterator

from egressc.elsewhere import (
    ADOPTED_PODS,
    ADOPTED_UNFILTERED,
    AT_ADDRESSES,
    AWAY_FROM_ITS_GATEWAY,
    BEFORE_CONNECTION_SETTINGS,
    BEHIND_A_PROXY,
    BY_A_PROVIDER,
    HTTP2_UNFILTERED,
    KEEPS_CASE,
    LOGGED_BY_OTHERS,
    LOGS_UNFILTERED,
    MANY_UPSTREAMS,
    NAMED,
    NAMELESS,
    ON_ADOPTED_PODS,
    ON_SHARED_PODS,
    OPA_UNFILTERED,
    PER_NAME,
    PRESERVES_UNFILTERED,
    PROBED_FOR_ALL,
    REPORTS_UNFILTERED,
    SHARED_UNFILTERED,
    UNASKED,
    UNASKED_ON_SHARED_PODS,
    UNCHECKED,
    UNDONE,
    UNFILTERED,
    UNFOLLOWED,
    UNKEPT,
    WILDCARD,
    WITHOUT_A_GATEWAY,
    WITHOUT_ENVOYFILTERS,
    WITHOUT_HTTP1,
    WITHOUT_HTTP2,
    WITHOUT_HTTP_PORT,
    WITHOUT_REQUESTS,
    Elsewhere,
)
from egressc.findings import Finding
from egressc.model import POD_SETTINGS, Host, SharedGateway
from egressc.positions import Mapping, locate
from egressc.since import CONNECTION_SETTINGS, spelled

Path = tuple[str, ...]

_NO_PODS = {
    WITHOUT_A_GATEWAY: "no pods of ours carry it",
    ON_SHARED_PODS: "all their hosts have one setting",
    ON_ADOPTED_PODS: "these pods run already",
}
_NO_GATEWAY_TO_KEEP_IT = {UNKEPT: "only the client's own pod would keep it"}
_HTTP_ONLY = {WITHOUT_REQUESTS: "Istio has it for HTTP, HTTP2 and GRPC only"}
_ONE_CONTAINER = {UNASKED_ON_SHARED_PODS: "a container that asks would make the pods NotReady for other hosts too"}
_OF_A_CHECK = {
    MANY_UPSTREAMS: "each name has a readiness of its own",
    **_ONE_CONTAINER,
    UNFOLLOWED: "it checks no upstream",
}

#: For each setting the hosts where it does not apply, each with the reason; the first that holds is the finding.
TABLE: dict[Path, dict[Elsewhere, str]] = {
    ("namespace",): {
        WITHOUT_A_GATEWAY: "its objects and its Secret stand in each client's namespace",
        AWAY_FROM_ITS_GATEWAY: "in another namespace its Service would find no pods",
    },
    ("gateway",): {
        WITHOUT_A_GATEWAY: "the clients' own sidecars carry it",
        ADOPTED_UNFILTERED: "its policies would refuse all else that these pods carry",
    },
    ("standby",): {
        WITHOUT_A_GATEWAY: "the clients' own sidecars carry it",
        ADOPTED_UNFILTERED: "its policies would refuse all else that these pods carry",
    },
    ("drain",): {**_NO_PODS, WITHOUT_A_GATEWAY: "no pod of ours is stopped"},
    **{(key,): _NO_PODS for key in POD_SETTINGS if key != "drain"},
    ("deny",): _NO_GATEWAY_TO_KEEP_IT,
    ("externalAuthorization",): {
        **_NO_GATEWAY_TO_KEEP_IT,
        OPA_UNFILTERED: "Istio asks only a `provider` of the mesh's configuration",
        SHARED_UNFILTERED: "that a provider is asked about this host only is not proven there",
    },
    ("externalAuthorization", "failOpen"): {BY_A_PROVIDER: "Istio reads it from the mesh's configuration"},
    ("rateLimit",): {**_NO_GATEWAY_TO_KEEP_IT, **_HTTP_ONLY, WITHOUT_ENVOYFILTERS: "Istio has no limits of requests"},
    ("enforcement",): {
        WITHOUT_A_GATEWAY: "there is no policy that could report",
        REPORTS_UNFILTERED: "a policy of Istio's that only reports would let others in",
    },
    ("escapedSlashes",): {WITHOUT_A_GATEWAY: "nobody decides by paths", **_HTTP_ONLY},
    ("accessLog",): {
        WITHOUT_A_GATEWAY: "a sidecar logs for all its hosts, or for none",
        LOGGED_BY_OTHERS: "whoever runs them decides about their log",
        LOGS_UNFILTERED: "Telemetry cannot say what a line has; the mesh's own log goes on without it",
    },
    ("gatewayProtocol",): {
        WITHOUT_A_GATEWAY: "no sidecar calls one",
        WITHOUT_HTTP_PORT: "other ports reach the gateway as applications speak",
        HTTP2_UNFILTERED: "it would carry no WebSockets, and Istio has no field for that",
        KEEPS_CASE: "HTTP/2 has them in lower case only",
    },
    ("expose",): {
        WITHOUT_A_GATEWAY: "an ingress gateway can only lead to a gateway",
        WILDCARD: "a caller of one name could not say which of many it means",
    },
    ("resolution",): {
        BEHIND_A_PROXY: "the proxy finds the upstream",
        PER_NAME: "each name is found by its own DNS answer",
        AT_ADDRESSES: "nobody looks addresses up",
    },
    ("dnsRetry",): {
        WITHOUT_A_GATEWAY: "a sidecar asks again after the `dnsRefreshRate` of the mesh's configuration",
        WITHOUT_ENVOYFILTERS: "Istio has no field for it but the mesh's own `dnsRefreshRate`",
        BEHIND_A_PROXY: "the proxy finds the upstream",
        PER_NAME: "`dnsCache` of the chart says it for names of wildcards",
        AT_ADDRESSES: "nobody looks addresses up",
    },
    ("failover",): {
        WITHOUT_A_GATEWAY: "nobody checks the first endpoints",
        BEHIND_A_PROXY: "a tunnel has one end",
        PER_NAME: "each name is found by its own DNS answer and has no second place",
        WITHOUT_ENVOYFILTERS: "Envoy itself checks nothing, so nothing tells when the first endpoints are dead",
        UNCHECKED: "nobody checks the first endpoints",
    },
    ("deniedRanges",): {
        UNFILTERED: "a sidecar connects to any address that DNS gives",
        BEHIND_A_PROXY: "the proxy decides where the upstream may be",
        NAMED: "only names of a wildcard can lead anywhere",
    },
    ("outlierDetection",): {
        BEHIND_A_PROXY: "no other tunnel can stand in for the one",
        PER_NAME: "each name is its own upstream, and no other can stand in for it",
    },
    ("proxy",): {
        UNDONE: "only a gateway goes through it",
        WITHOUT_ENVOYFILTERS: "Istio asks no proxy for what it wraps in TLS",
    },
    ("addresses",): {WILDCARD: "its names are told apart by Host or SNI, not by address"},
    ("readiness",): {
        WITHOUT_A_GATEWAY: "no pod of ours waits for the upstream",
        PROBED_FOR_ALL: "one host's probe would speak for all",
    },
    ("readiness", "mode"): {MANY_UPSTREAMS: "each name has a readiness of its own", **_ONE_CONTAINER},
    ("readiness", "path"): {
        **_OF_A_CHECK,
        UNASKED: "a connection has no path",
        NAMELESS: "no one name answers for all",
    },
    **{
        ("readiness", key): _OF_A_CHECK
        for key in ("statuses", "interval", "timeout", "unhealthyThreshold", "healthyThreshold")
    },
    ("timeouts", "request"): _HTTP_ONLY,
    ("timeouts", "stream"): {
        WITHOUT_A_GATEWAY: "a sidecar's listener carries other hosts as well",
        **_HTTP_ONLY,
        BEFORE_CONNECTION_SETTINGS: (
            f"Istio's field for it is of {spelled(CONNECTION_SETTINGS)}, and `mesh.istio` is older"
        ),
        SHARED_UNFILTERED: "Istio's field for it is one for all hosts of the pods",
    },
    ("retries",): _HTTP_ONLY,
    ("connectionPool", "maxPendingRequests"): _HTTP_ONLY,
    ("connectionPool", "maxRequests"): _HTTP_ONLY,
    ("connectionPool", "maxRequestsPerConnection"): _HTTP_ONLY,
    ("connectionPool", "http2Keepalive"): {WITHOUT_HTTP2: "HTTP/1.1 has no such question"},
    ("headers",): {UNDONE: "only a gateway writes them", **_HTTP_ONLY},
    ("headers", "preserveCase"): {
        WITHOUT_HTTP1: "HTTP/2 has names of headers in lower case only",
        PRESERVES_UNFILTERED: "Istio has no field for it",
    },
    ("headers", "credential"): {WITHOUT_ENVOYFILTERS: "Istio's headers are in the list, and a Secret is not"},
    ("headers", "host"): {PER_NAME: "its upstreams are found by the Host that the application sends"},
}


def applied(entry: Mapping, host: Host, other: Host | None = None) -> tuple[Mapping, list[Finding]]:
    """What of `entry` applies to `host`, which was settled from it, and findings for what its own entry says beside.

    If all applies, it is `entry` itself. What applies to `other`, the same host on its other gateway, is no finding.
    """
    rest, findings = entry, []
    for path, places in TABLE.items():
        if path[0] not in rest:
            continue
        parent = rest if len(path) == 1 else rest[path[0]]
        if not isinstance(parent, Mapping) or path[-1] not in parent:
            continue
        reason = next((one for one in places.items() if one[0].here(host, parent[path[-1]])), None)
        if reason is None:
            continue
        elsewhere = other is None or any(kind.here(other, parent[path[-1]]) for kind in places)
        if reason[0].inherited or (elsewhere and parent.origin_of(path[-1]) != "defaults"):
            findings.append(_finding(entry, host, path, *reason))
        rest = rest.without(path)  # what else would be wrong with it goes without saying
    if "expose" in rest and rest.origin_of("expose") == "defaults":  # for the hosts that say that they are exposed
        rest = rest.without(("expose",))
    return rest, findings


def of_gateway(gateway: SharedGateway) -> Iterator[Finding]:
    """What the list says of pods that it adopts."""
    for key in POD_SETTINGS:
        if gateway.adopt and gateway.says(key):
            message = f"{gateway.name} is adopted: the list cannot set `{key}` of its pods"
            yield ADOPTED_PODS(gateway.at(key), message, f"remove `{key}`, or `adopt`")


def _finding(entry: Mapping, host: Host, path: Path, where: Elsewhere, why: str) -> Finding:
    setting = ".".join(path)
    message = f"{host.host} {where.says.format(host=host)} and takes no `{setting}`: {why}"
    fix = where.fix.format(host=host, setting=setting)
    return where.code(locate(entry, path, key=True), message, fix)
