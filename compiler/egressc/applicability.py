"""Where each setting applies, and why not elsewhere.

What a host's own entry says and does not apply to it is a finding. What it inherits is for the other hosts, and goes.
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from egressc.findings import Finding
from egressc.hostname import is_ip
from egressc.model import POD_SETTINGS, Host, SharedGateway
from egressc.positions import Mapping, locate

Path = tuple[str, ...]


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """A kind of host where some settings do not apply: `here` takes a host and what is said.

    `says` stands between the host and the reason, `fix` after the finding; both know `host` and `setting`. Settings
    that must never be dropped in silence are findings whoever says them (`inherited`).
    """

    code: str
    here: Callable[[Host, Any], bool]
    says: str
    fix: str
    inherited: bool = False


WITHOUT_A_GATEWAY = Elsewhere(
    "EG271", lambda host, _: host.in_sidecar, "which has no gateway", "remove `{setting}`, or `at: sidecar`"
)
UNDONE = Elsewhere(
    "EG271",
    lambda host, _: host.in_sidecar,
    "which has no gateway",
    "remove `{setting}`, or `at: sidecar`",
    inherited=True,
)
UNKEPT = Elsewhere(
    "EG272",
    lambda host, _: host.in_sidecar,
    "which has no gateway",
    "remove `{setting}`, or `at: sidecar`",
    inherited=True,
)
ON_SHARED_PODS = Elsewhere(
    "EG281",
    lambda host, _: host.shared is not None and not host.shared.adopt,
    "whose pods are those of {host.shared.name}",
    "say it at {host.shared.name} in `gateways`",
)
ON_ADOPTED_PODS = Elsewhere(
    "EG281",
    lambda host, _: host.shared is not None and bool(host.shared.adopt),
    "whose pods are those of {host.shared.name}",
    "remove it",
)
AWAY_FROM_ITS_GATEWAY = Elsewhere(
    "EG282",
    lambda host, namespace: host.shared is not None and namespace != host.namespace,
    "whose pods are those of {host.shared.name}",
    "remove it, or write `{host.namespace}`",
)
WITHOUT_REQUESTS = Elsewhere(
    "EG217",
    lambda host, _: not host.has_requests,
    "which has no requests",
    "remove `{setting}`, or add a port that speaks HTTP, HTTP2 or GRPC",
)
WILDCARD = Elsewhere("EG233", lambda host, _: host.wildcard, "a wildcard", "remove `{setting}`")
PER_NAME = Elsewhere(
    "EG233",
    lambda host, _: host.per_name,
    "a wildcard",
    "remove `{setting}`",
)
NAMED = Elsewhere(
    "EG233",
    lambda host, _: not (host.per_name or host.proxy),
    "whose upstream the list names itself",
    "remove `{setting}`",
)
BEHIND_A_PROXY = Elsewhere(
    "EG237", lambda host, _: host.proxy is not None, "which is behind a proxy", "remove `{setting}`, or `proxy`"
)
AT_ADDRESSES = Elsewhere(
    "EG215",
    lambda host, _: bool(host.endpoints) and all(map(is_ip, host.endpoints)),
    "whose endpoints are addresses",
    "remove `{setting}`, or give the endpoints by name",
)
UNCHECKED = Elsewhere(
    "EG270",
    lambda host, _: host.readiness.mode != "upstream",
    "in readiness mode {host.readiness.mode}",
    "write `readiness: {{mode: upstream}}`, which is the default",
)
UNFOLLOWED = Elsewhere(
    "EG216",
    lambda host, _: host.readiness.mode != "upstream" and not host.per_name,
    "in readiness mode {host.readiness.mode}",
    "remove `{setting}`, or write `mode: upstream`",
)
UNASKED = Elsewhere(
    "EG216",
    lambda host, _: not host.has_requests,
    "which has no requests",
    "remove `{setting}`: Ready then means a connection that the upstream accepts",
)
MANY_UPSTREAMS = Elsewhere(
    "EG232",
    lambda host, value: host.per_name and value not in ("gateway", "probe"),
    "a wildcard",
    "remove `{setting}`: the gateway is Ready while it runs itself",
)
NAMELESS = Elsewhere(
    "EG232",
    lambda host, _: any(port.tls.per_name for port in host.ports),
    "a wildcard",
    "add the name that answers for all as `tls.sni`, or remove `{setting}`",
)
BY_A_PROVIDER = Elsewhere(
    "EG249",
    lambda host, _: host.external_authorization is not None and host.external_authorization.provider is not None,
    "whose authorizer is a provider of the mesh",
    "remove it, and set `failOpen` of the provider in the mesh's configuration",
)

_NO_PODS = {
    WITHOUT_A_GATEWAY: "no pods are ours",
    ON_SHARED_PODS: "it is one setting for all their hosts",
    ON_ADOPTED_PODS: "these pods run already",
}
_NO_GATEWAY_TO_KEEP_IT = {UNKEPT: "the policy would be kept by the pod that it is about"}
_HTTP_ONLY = {WITHOUT_REQUESTS: "Istio has it for HTTP, HTTP2 and GRPC only"}
_OF_A_CHECK = {MANY_UPSTREAMS: "each name has a readiness of its own", UNFOLLOWED: "nobody checks the upstream"}

#: For each setting the hosts where it does not apply, each with the reason; the first that holds is the finding.
TABLE: dict[Path, dict[Elsewhere, str]] = {
    ("namespace",): {
        WITHOUT_A_GATEWAY: "its objects and its Secret stand in each client's namespace",
        AWAY_FROM_ITS_GATEWAY: "in another namespace its Service would find no pods",
    },
    ("gateway",): {WITHOUT_A_GATEWAY: "no gateway carries it"},
    ("drain",): {**_NO_PODS, WITHOUT_A_GATEWAY: "no pod of ours is stopped"},
    **{(key,): _NO_PODS for key in POD_SETTINGS if key != "drain"},
    ("deny",): _NO_GATEWAY_TO_KEEP_IT,
    ("externalAuthorization",): _NO_GATEWAY_TO_KEEP_IT,
    ("externalAuthorization", "failOpen"): {BY_A_PROVIDER: "Istio reads it from the mesh's configuration"},
    ("rateLimit",): {**_NO_GATEWAY_TO_KEEP_IT, **_HTTP_ONLY},
    ("enforcement",): {WITHOUT_A_GATEWAY: "there is no policy to report"},
    ("accessLog",): {WITHOUT_A_GATEWAY: "a sidecar logs for all its hosts, or for none"},
    ("expose",): {
        WITHOUT_A_GATEWAY: "an ingress gateway would have to lead to one",
        WILDCARD: "callers of a name of your own would have to say which of its names they mean",
    },
    ("resolution",): {
        BEHIND_A_PROXY: "the proxy finds the upstream",
        PER_NAME: "each name is found by its own DNS answer",
        AT_ADDRESSES: "addresses need no resolution",
    },
    ("failover",): {
        WITHOUT_A_GATEWAY: "nobody checks the first endpoints",
        BEHIND_A_PROXY: "a tunnel has one end",
        PER_NAME: "each name is found by its own DNS answer, and has no second place",
        UNCHECKED: "nobody checks the first endpoints, and requests would have to fail before others are asked",
    },
    ("deniedRanges",): {
        BEHIND_A_PROXY: "the proxy finds the upstream, and decides where none may lead",
        NAMED: "its addresses are the list's to choose",
    },
    ("outlierDetection",): {
        BEHIND_A_PROXY: "there is one tunnel, and no other to use instead",
        PER_NAME: "each name is an upstream of its own, and there is no other to use instead",
    },
    ("proxy",): {UNDONE: "a gateway goes through it"},
    ("addresses",): {WILDCARD: "its port is told apart by Host or SNI, and no name has an address"},
    ("readiness",): {WITHOUT_A_GATEWAY: "no pod of ours waits for the upstream"},
    ("readiness", "mode"): {MANY_UPSTREAMS: "each name has a readiness of its own"},
    ("readiness", "path"): {
        **_OF_A_CHECK,
        UNASKED: "there are no requests to check with",
        NAMELESS: "no name is there to ask for the path",
    },
    **{
        ("readiness", key): _OF_A_CHECK
        for key in ("statuses", "interval", "timeout", "unhealthyThreshold", "healthyThreshold")
    },
    ("timeouts", "request"): _HTTP_ONLY,
    ("timeouts", "stream"): {
        WITHOUT_A_GATEWAY: "it is a setting of a gateway's own listener, and a sidecar's carries other hosts as well",
        **_HTTP_ONLY,
    },
    ("retries",): _HTTP_ONLY,
    ("connectionPool", "maxPendingRequests"): _HTTP_ONLY,
    ("connectionPool", "maxRequests"): _HTTP_ONLY,
    ("connectionPool", "maxRequestsPerConnection"): _HTTP_ONLY,
    ("headers",): {UNDONE: "a gateway writes them", **_HTTP_ONLY},
}


def applied(entry: Mapping, host: Host) -> tuple[Mapping, list[Finding]]:
    """What of `entry` applies to `host`, which was settled from it, and findings for what its own entry says beside.

    If all applies, it is `entry` itself.
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
        if reason[0].inherited or parent.origin_of(path[-1]) != "defaults":
            findings.append(_finding(entry, host, path, *reason))
        rest = rest.without(path)  # what else would be wrong with it goes without saying
    if "expose" in rest and rest.origin_of("expose") == "defaults":  # for the hosts that say that they are exposed
        rest = rest.without(("expose",))
    return rest, findings


def of_gateway(gateway: SharedGateway) -> Iterator[Finding]:
    """EG284: what the list says of pods that it adopts."""
    for key in POD_SETTINGS:
        if gateway.adopt and gateway.says(key):
            message = f"`{key}` of {gateway.name}, whose pods are not ours to make"
            yield Finding(gateway.at(key), "EG284", message, "remove it, or `adopt`")


def _finding(entry: Mapping, host: Host, path: Path, where: Elsewhere, why: str) -> Finding:
    setting = ".".join(path)
    message = f"`{setting}` of {host.host}, {where.says.format(host=host)}: {why}"
    fix = where.fix.format(host=host, setting=setting)
    return Finding(locate(entry, path, key=True), where.code, message, fix)
