"""DestinationRules → how an upstream is asked: TLS, connection pool, outlier detection."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from egressc.findings import Finding
from egressc.hostname import normalise, short
from egressc.importing.objects import Object, of_kind
from egressc.importing.part import Part
from egressc.importing.registry import CONTRADICTION

#: What egressc's chart says where no pod may take the way.
NOBODY = ["spiffe://nobody"]


@dataclass(frozen=True, slots=True)
class Policy:
    """What one DestinationRule says of one port of a host."""

    rule: Object
    parts: tuple[Part, ...]  # the first that has a field says it

    def part(self, key: str) -> Part:
        """The mapping `key`."""
        return next((part.part(key) for part in self.parts if key in part), Part(None, self.rule.span))

    @property
    def originates(self) -> bool:
        """Whether it lets Envoy speak TLS to the upstream."""
        return self.part("tls").text("mode") in ("SIMPLE", "MUTUAL")

    @property
    def upgrades(self) -> bool:
        """Whether the upstream gets HTTP/2."""
        return self.part("connectionPool").part("http").text("h2UpgradePolicy") == "UPGRADE"

    @property
    def selector(self) -> dict[str, str]:
        """The labels of the pods that it is for; empty for all."""
        return self.rule.spec.part("workloadSelector").pairs("matchLabels")


def rules_of(objects: Iterable[Object]) -> dict[str, list[Object]]:
    """The DestinationRules by their host."""
    rules: dict[str, list[Object]] = {}
    for one in of_kind(objects, "DestinationRule"):
        rules.setdefault(normalise(one.spec.text("host")), []).append(one)
    return rules


def policies(rules: dict[str, list[Object]], host: str, port: int, subset: str) -> list[Policy]:
    """What the rules for `host` say of `port`: those that lead nowhere are left out."""
    found = []
    for rule in rules.get(host) or _wider(rules, host):
        policy = Policy(rule, _parts(rule, port, subset))
        tls = policy.part("tls")
        rule.spec.skip("exportTo")
        rule.spec.part("workloadSelector").pairs("matchLabels")
        if tls.texts("subjectAltNames") == NOBODY:
            rule.spec.done()
        else:
            found.append(policy)
    return found


def _wider(rules: dict[str, list[Object]], host: str) -> list[Object]:
    """Rules for a wildcard above `host`, the narrowest."""
    above = [name for name in rules if name.startswith("*") and host.endswith(name[1:])]
    return rules[max(above, key=len)] if above else []


def _parts(rule: Object, port: int, subset: str) -> tuple[Part, ...]:
    whole = rule.spec.part("trafficPolicy")
    own = next((one.part("trafficPolicy") for one in rule.spec.parts("subsets") if one.text("name") == subset), None)
    for one in rule.spec.parts("subsets"):
        one.text("name")
    levels = [level for level in (own, whole) if level is not None]
    for level in levels:
        harmless(level)
    for level in levels:
        for settings in level.parts("portLevelSettings"):
            if settings.part("port").number("number") == port:
                return (settings,)  # it replaces all that is said of the other ports
    return tuple(levels)


def chosen(found: list[Policy], host: str, port: int, findings: list[Finding]) -> Policy | None:
    """The policy that holds for a port; a finding where several say different things of TLS."""
    speaking = [one for one in found if one.originates]
    best = next(iter(speaking or found), None)
    for other in speaking[1:]:
        if best is not None and _tls(other) != _tls(best):
            first = best.rule
            message = (
                f"{short(f'{host}:{port}')} has other TLS settings here than in {first.title} "
                f"({first.span.file}:{first.span.line})"
            )
            findings.append(CONTRADICTION(other.part("tls").span, message, "keep the one that is right"))
    return best


def _tls(policy: Policy) -> Any:
    return {key: value for key, value in policy.part("tls").data.items() if value}


def settings(policy: Policy, *, has_requests: bool) -> dict[str, Any]:
    """What of `policy` is said once for a host: timeouts, connectionPool, outlierDetection."""
    pool = policy.part("connectionPool")
    tcp, http = pool.part("tcp"), pool.part("http")
    timeouts = _said(connect=tcp.text("connectTimeout"), idle=http.text("idleTimeout") or tcp.text("idleTimeout"))
    keepalive = tcp.part("tcpKeepalive")
    connections = _said(
        maxConnections=tcp.number("maxConnections"),
        keepalive=_said(
            time=keepalive.text("time"), interval=keepalive.text("interval"), probes=keepalive.number("probes")
        ),
    )
    if "tcpKeepalive" in tcp and "keepalive" not in connections:
        connections["keepalive"] = {}
    http.text("h2UpgradePolicy")
    if has_requests:
        ping = http.part("http2KeepAlive")
        connections |= _said(
            maxPendingRequests=http.number("http1MaxPendingRequests"),
            maxRequests=http.number("http2MaxRequests"),
            maxRequestsPerConnection=http.number("maxRequestsPerConnection"),
            http2Keepalive=_said(interval=ping.text("interval"), timeout=ping.text("timeout")),
        )
    for part in policy.parts:
        harmless(part)
    outliers = policy.part("outlierDetection")
    ejected = _said(
        consecutive5xxErrors=outliers.number("consecutive5xxErrors"),
        consecutiveGatewayErrors=outliers.number("consecutiveGatewayErrors"),
        interval=outliers.text("interval"),
        baseEjectionTime=outliers.text("baseEjectionTime"),
        maxEjectionPercent=outliers.number("maxEjectionPercent"),
    )
    if outliers.data:
        ejected.setdefault("maxEjectionPercent", 10)  # Istio's default, which is not the list's
    return _said(timeouts=timeouts, connectionPool=connections, outlierDetection=ejected)


def harmless(part: Part) -> None:
    """Marks what of load balancing a gateway does in any case."""
    balancer = part.part("loadBalancer")
    if balancer.data.get("simple") in ("ROUND_ROBIN", "LEAST_REQUEST", "LEAST_CONN", "UNSPECIFIED"):
        balancer.skip("simple")
    if balancer.data.get("localityLbSetting") == {"enabled": False}:
        balancer.skip("localityLbSetting")


def _said(**values: Any) -> dict[str, Any]:
    return {key: value for key, value in values.items() if value not in (None, "", {}, [])}
