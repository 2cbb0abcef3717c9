"""Kinds of hosts where some settings do not apply, each with the code of its finding."""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from egressc.findings import Code
from egressc.hostname import is_ip
from egressc.model import Host
from egressc.since import CONNECTION_SETTINGS

RESOLUTION = Code(
    "EG215",
    "endpoints that this resolution cannot have",
    "Istio's DNS_ROUND_ROBIN takes one endpoint. Addresses are not looked up in DNS and need no resolution.",
)
READINESS = Code(
    "EG216",
    "a readiness setting without meaning here",
    "In mode `upstream` a gateway is Ready while the upstream answers its check. The other modes check no upstream, "
    "and a `path` needs a port with requests. What nobody reads would look as if it held.",
)
HTTP_SETTING = Code(
    "EG217",
    "a setting that the host's protocols do not have",
    "Istio has this setting for requests only, or for one version of HTTP only, and none of the host's ports speaks "
    "that. HTTP/2 and gRPC know names of headers in lower case only.",
)
NO_ONE_UPSTREAM = Code(
    "EG232",
    "a readiness that cannot follow many upstreams",
    "A gateway is Ready or not, and a wildcard has one upstream for each name. So it is Ready when it runs itself.",
)
WILDCARD_SETTING = Code(
    "EG233",
    "a setting without meaning for a wildcard, or for a host that is none",
    "What belongs to one upstream has no meaning for a wildcard whose names are found one by one. `deniedRanges` has "
    "none where the list itself says where the upstream is.",
)
PROXY_SETTING = Code(
    "EG237",
    "a setting without meaning behind a proxy",
    "The proxy finds the upstream, decides where it may be and opens the one connection. The gateway does nothing of "
    "that.",
)
PROVIDER_SETTING = Code(
    "EG249",
    "a setting that is the provider's",
    "Istio reads `failOpen` of a provider from the mesh's configuration, which no list changes.",
)
NO_FAILOVER = Code(
    "EG270",
    "failover that cannot take place",
    "The second endpoints are asked when the gateway's own check finds that the first do not answer. So readiness "
    "must check the upstream, and the second must be another place than the first.",
)
GATEWAY_SETTING = Code(
    "EG271",
    "a setting of a gateway at a host without one",
    "With `at: sidecar` the client's own sidecar calls the upstream. Nobody does there what a gateway's pods, "
    "listener and checks do.",
)
KEPT_BY_NOBODY = Code(
    "EG272",
    "a policy that nobody would keep, without a gateway",
    "A policy holds when another pod keeps it than the one that it limits. With `at: sidecar` the only proxy on the "
    "way is in the client's own pod, where the application can go past it.",
)
SHARED_PODS = Code(
    "EG281",
    "a setting of pods that are not the host's own",
    "The pods of a shared gateway have one number, one size and one time to drain, for all hosts. These settings "
    "stand at the shared gateway. Adopted pods belong to whoever runs them.",
)
OTHER_NAMESPACE = Code(
    "EG282",
    "a host in another namespace than its gateway",
    "A Service finds only pods of its own namespace, and each host has a Service in front of the shared pods.",
)
ADOPTED_PODS = Code(
    "EG284",
    "a setting of pods that run already",
    "The pods of an adopted gateway belong to whoever runs them. No object of the chart can change them.",
)
ONE_LOG = Code(
    "EG257",
    "hosts of one gateway with different access logs",
    "Istio turns a pod's access log on or off as a whole, for all hosts that the pod carries. The log of adopted pods "
    "belongs to whoever runs them.",
)

NEEDS_ENVOYFILTERS = Code(
    "EG360",
    "a setting that a mesh without EnvoyFilters does not have",
    "Istio has no field of its own for this setting, and `mesh: {envoyFilters: false}` says that nothing else is "
    "possible. What `defaults` say is an error too: it would look as if it held.",
)


@dataclass(frozen=True, slots=True, eq=False)
class Elsewhere:
    """A kind of host where some settings do not apply: `here` takes a host and what is said.

    `says` follows the host's name in the message, `fix` says what to write; both know `host` and `setting`. Settings
    that must never be dropped in silence are findings whoever says them (`inherited`).
    """

    code: Code
    here: Callable[[Host, Any], bool]
    says: str
    fix: str
    inherited: bool = False


_USE_A_GATEWAY = "remove `{setting}`, or `at: sidecar`"
WITHOUT_A_GATEWAY = Elsewhere(GATEWAY_SETTING, lambda host, _: host.in_sidecar, "has no gateway", _USE_A_GATEWAY)
UNDONE = Elsewhere(GATEWAY_SETTING, lambda host, _: host.in_sidecar, "has no gateway", _USE_A_GATEWAY, inherited=True)
UNKEPT = Elsewhere(KEPT_BY_NOBODY, lambda host, _: host.in_sidecar, "has no gateway", _USE_A_GATEWAY, inherited=True)
UNFILTERED = Elsewhere(
    KEPT_BY_NOBODY,
    lambda host, _: host.in_sidecar and host.per_name,
    "has no gateway",
    _USE_A_GATEWAY,
    inherited=True,
)
ON_SHARED_PODS = Elsewhere(
    SHARED_PODS,
    lambda host, _: host.shared is not None and not host.shared.adopt,
    "runs in the pods of {host.shared.name}",
    "write `{setting}` at {host.shared.name} in `gateways`",
)
ON_ADOPTED_PODS = Elsewhere(
    SHARED_PODS,
    lambda host, _: host.shared is not None and bool(host.shared.adopt),
    "runs in the pods of {host.shared.name}",
    "remove `{setting}`",
)
LOGGED_BY_OTHERS = Elsewhere(
    ONE_LOG,
    lambda host, wanted: host.shared is not None and bool(host.shared.adopt) and not wanted,
    "is on the adopted pods of {host.shared.name}",
    "remove `{setting}`, or write `accessLog: true` for lines of this host",
)
PROBED_FOR_ALL = Elsewhere(
    SHARED_PODS,
    lambda host, said: host.shared is not None and said.get("mode") == "probe",
    "is on the pods of {host.shared.name}",
    "write `mode: upstream`, or `mode: gateway`",
)
AWAY_FROM_ITS_GATEWAY = Elsewhere(
    OTHER_NAMESPACE,
    lambda host, namespace: host.shared is not None and namespace != host.namespace,
    "runs in the pods of {host.shared.name}",
    "remove `namespace`, or write `namespace: {host.namespace}`",
)
WITHOUT_REQUESTS = Elsewhere(
    HTTP_SETTING,
    lambda host, _: not host.has_requests,
    "has no requests",
    "remove `{setting}`, or add a port that speaks HTTP, HTTP2 or GRPC",
)
WITHOUT_HTTP2 = Elsewhere(
    HTTP_SETTING,
    lambda host, _: not any(port.upstream_protocol in ("HTTP2", "GRPC") for port in host.ports),
    "speaks no HTTP/2",
    "remove `{setting}`, or write `protocol: HTTP2` or GRPC at a port",
)
WITHOUT_HTTP1 = Elsewhere(
    HTTP_SETTING,
    lambda host, said: said and not any(port.keeps_names for port in host.ports),
    "speaks no HTTP/1.1",
    "remove `{setting}`, or add a port whose applications and upstream speak HTTP/1.1",
)
WITHOUT_HTTP_PORT = Elsewhere(
    HTTP_SETTING,
    lambda host, _: not any(port.takes_http2 for port in host.ports),
    "has no port of protocol HTTP",
    "remove `{setting}`",
)
KEEPS_CASE = Elsewhere(
    HTTP_SETTING,
    lambda host, said: said == "HTTP2" and host.headers is not None and host.headers.preserve_case,
    "keeps the letter case of header names",
    "remove `{setting}`, or `preserveCase`",
)
WILDCARD = Elsewhere(WILDCARD_SETTING, lambda host, _: host.wildcard, "is a wildcard", "remove `{setting}`")
PER_NAME = Elsewhere(WILDCARD_SETTING, lambda host, _: host.per_name, "is a wildcard", "remove `{setting}`")
NAMED = Elsewhere(
    WILDCARD_SETTING,
    lambda host, _: not (host.per_name or host.proxy),
    "has an upstream that the list names",
    "remove `{setting}`",
)
BEHIND_A_PROXY = Elsewhere(
    PROXY_SETTING, lambda host, _: host.proxy is not None, "is behind a proxy", "remove `{setting}`, or `proxy`"
)
AT_ADDRESSES = Elsewhere(
    RESOLUTION,
    lambda host, _: bool(host.endpoints) and all(map(is_ip, host.endpoints)),
    "has addresses as its endpoints",
    "remove `{setting}`, or write the endpoints as names",
)
UNCHECKED = Elsewhere(
    NO_FAILOVER,
    lambda host, _: host.readiness.mode != "upstream",
    "has readiness mode {host.readiness.mode}",
    "write `readiness: {{mode: upstream}}`, the default, or remove `{setting}`",
)
UNFOLLOWED = Elsewhere(
    READINESS,
    lambda host, _: host.readiness.mode != "upstream" and not host.per_name,
    "has readiness mode {host.readiness.mode}",
    "remove `{setting}`, or write `mode: upstream`",
)
UNASKED = Elsewhere(
    READINESS,
    lambda host, _: not host.has_requests,
    "has no requests",
    "remove `{setting}`: the gateway is then Ready when the upstream accepts a connection",
)
MANY_UPSTREAMS = Elsewhere(
    NO_ONE_UPSTREAM,
    lambda host, value: host.per_name and value not in ("gateway", "probe"),
    "is a wildcard",
    "remove `{setting}`: the gateway is then Ready when it runs itself",
)
NAMELESS = Elsewhere(
    NO_ONE_UPSTREAM,
    lambda host, _: any(port.tls.per_name for port in host.ports),
    "is a wildcard",
    "add the name that answers for all as `tls.sni`, or remove `{setting}`",
)


_SHARES_PODS = "shares its pods in a mesh without EnvoyFilters"
_USE_OWN_PODS = "remove `{setting}`, or `gateway` for a gateway of its own"
UNASKED_ON_SHARED_PODS = Elsewhere(
    NEEDS_ENVOYFILTERS, lambda host, said: host.shares_policies and said != "gateway", _SHARES_PODS, _USE_OWN_PODS
)
SHARED_UNFILTERED = Elsewhere(
    NEEDS_ENVOYFILTERS, lambda host, _: host.shares_policies, _SHARES_PODS, _USE_OWN_PODS, inherited=True
)


def _unfiltered(says_so: Callable[[Host, Any], bool]) -> Elsewhere:
    """Hosts of a mesh without EnvoyFilters, where the setting says so."""
    return Elsewhere(
        NEEDS_ENVOYFILTERS,
        lambda host, value: host.unfiltered and says_so(host, value),
        "is in a mesh without EnvoyFilters",
        "remove `{setting}`, or `envoyFilters: false` if the mesh takes EnvoyFilters",
        inherited=True,
    )


WITHOUT_ENVOYFILTERS = _unfiltered(lambda _, value: value is not None)
REPORTS_UNFILTERED = _unfiltered(lambda _, value: value == "report")
LOGS_UNFILTERED = _unfiltered(lambda _, value: value is True)
PRESERVES_UNFILTERED = _unfiltered(lambda _, value: value is True)
HTTP2_UNFILTERED = _unfiltered(lambda _, value: value == "HTTP2")
OPA_UNFILTERED = _unfiltered(lambda _, value: "opa" in value)
ADOPTED_UNFILTERED = _unfiltered(lambda host, _: host.shared is not None and bool(host.shared.adopt))
BEFORE_CONNECTION_SETTINGS = _unfiltered(lambda host, _: host.mesh.istio < CONNECTION_SETTINGS)
BY_A_PROVIDER = Elsewhere(
    PROVIDER_SETTING,
    lambda host, _: host.external_authorization is not None and host.external_authorization.provider is not None,
    "names a provider",
    "remove `failOpen`, and set it at the provider in the mesh's configuration",
)
