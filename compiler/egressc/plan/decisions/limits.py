"""What a DestinationRule limits on the way to an upstream: times, connections, requests, and failing addresses."""

from collections.abc import Iterator
from typing import Any

from egressc.model import Host, OutlierDetection
from egressc.plan.decision import Decision, Object, chosen
from egressc.plan.spelled import seconds

#: Fields of the pool, their keys in list and values, and what there may be so many of from each pod.
COUNTS = (
    ("max_connections", "maxConnections", "connections"),
    ("max_pending_requests", "maxPendingRequests", "requests that wait for a connection"),
    ("max_requests", "maxRequests", "requests at once"),
    ("max_requests_per_connection", "maxRequestsPerConnection", "requests on one connection"),
)


def limits(host: Host, rule: Object, *, http: bool) -> Iterator[Decision]:
    """What the DestinationRule `rule` limits for `host`, on ports with requests or without."""
    time = host.timeouts.connect
    sets = {"connectionPool": {"connectTimeout": seconds(time)}}
    says = f"a connection may take {time.spelled} to open"
    yield chosen(rule, says, host.timeouts.said("connect"), sets)
    yield idle(host, rule)
    yield from _pool(host, rule, http=http)
    if http:
        yield from _budget(host, rule)
    yield from _outliers(host, rule)


def idle(host: Host, rule: Object) -> Decision:
    """How long a connection may be without traffic."""
    time, lines = host.timeouts.idle, host.timeouts.said("idle")
    says = f"closes a connection without traffic after {time.spelled}"
    return chosen(rule, says, lines, {"connectionPool": {"idleTimeout": seconds(time)}})


def _pool(host: Host, rule: Object, *, http: bool) -> Iterator[Decision]:
    pool = host.pool
    for field, key, what in COUNTS:
        most = getattr(pool, field)
        if most is not None and (http or key == "maxConnections"):
            yield Decision(
                rule, f"at most {most} {what} from each pod", pool.said(key), {"connectionPool": {key: most}}
            )
    if (pings := pool.http2_keepalive) and http:
        every, wait = pings.interval, pings.timeout
        asked = {"interval": seconds(every), "timeout": seconds(wait)}
        says = f"asks over HTTP/2 every {every.spelled}, and closes a connection without an answer in {wait.spelled}"
        yield Decision(rule, says, pool.said("http2Keepalive"), {"connectionPool": {"http2Keepalive": asked}})
    if alive := pool.keepalive:
        given: dict[str, int] = {
            "timeSeconds": alive.time.milliseconds // 1000,
            "intervalSeconds": alive.interval.milliseconds // 1000,
            "probes": alive.probes,
        }
        sets = {"connectionPool": {"keepalive": given}}
        yield Decision(rule, "keeps idle connections alive", pool.said("keepalive"), sets)


def _budget(host: Host, rule: Object) -> Iterator[Decision]:
    if budget := host.retries.budget:
        sets = {"retryBudget": {"percent": budget.percent, "minRetryConcurrency": budget.min_concurrency}}
        says = f"retries are {budget.percent} % of the requests of a moment at most, or {budget.min_concurrency}"
        yield Decision(rule, says, host.retries.said("budget"), sets)


def _outliers(host: Host, rule: Object) -> Iterator[Decision]:
    outliers = host.outlier_detection
    if outliers:
        sets = {"outlierDetection": _values(outliers)}
        says = "leaves failing addresses out for a while"
        yield Decision(rule, says, host.said("outlierDetection"), sets)


def _values(outliers: OutlierDetection) -> dict[str, Any]:
    values = {
        "consecutive5xxErrors": outliers.consecutive_5xx_errors,
        "consecutiveGatewayErrors": outliers.consecutive_gateway_errors,
        "interval": seconds(outliers.interval),
        "baseEjectionTime": seconds(outliers.base_ejection_time),
        "maxEjectionPercent": outliers.max_ejection_percent,
    }
    return {key: value for key, value in values.items() if value is not None}
