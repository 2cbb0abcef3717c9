"""How requests and connections are carried to the upstream: times, retries, limits.

What the list says is emitted, also where the chart has the same; what nobody says is the chart's.
"""

from typing import Any

from egressc.emit.text import seconds
from egressc.model import ConnectionPool, Host, Keepalive, OutlierDetection, Retries, Timeouts


def traffic(host: Host) -> dict[str, Any]:
    """What of `host` tells how it is asked."""
    result: dict[str, Any] = {}
    if host.timeouts.request:
        result["requestTimeout"] = seconds(host.timeouts.request)
    if host.timeouts.stream:
        result["streamTimeout"] = seconds(host.timeouts.stream)
    if retries := _retries(host.retries):
        result["retries"] = retries
    if pool := _pool(host.timeouts, host.pool):
        result["connectionPool"] = pool
    if host.outlier_detection:
        result["outlierDetection"] = _outliers(host.outlier_detection)
    return result


def _retries(retries: Retries) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if retries.says("attempts"):
        result["attempts"] = retries.attempts
    if retries.says("retryOn"):
        result["retryOn"] = ",".join(retries.retry_on)
    if retries.per_try:
        result["perTry"] = seconds(retries.per_try)
    return result


def _outliers(outliers: OutlierDetection) -> dict[str, Any]:
    given = {
        "consecutive5xxErrors": outliers.consecutive_5xx_errors,
        "consecutiveGatewayErrors": outliers.consecutive_gateway_errors,
        "interval": seconds(outliers.interval),
        "baseEjectionTime": seconds(outliers.base_ejection_time),
        "maxEjectionPercent": outliers.max_ejection_percent,
    }
    return {name: value for name, value in given.items() if value is not None}


def _pool(timeouts: Timeouts, pool: ConnectionPool) -> dict[str, Any]:
    result: dict[str, Any] = {}
    if timeouts.says("connect"):
        result["connectTimeout"] = seconds(timeouts.connect)
    if timeouts.says("idle"):
        result["idleTimeout"] = seconds(timeouts.idle)
    limits = {
        "maxConnections": pool.max_connections,
        "maxPendingRequests": pool.max_pending_requests,
        "maxRequests": pool.max_requests,
        "maxRequestsPerConnection": pool.max_requests_per_connection,
        "keepalive": _keepalive(pool.keepalive) if pool.keepalive else None,
    }
    return result | {name: value for name, value in limits.items() if value is not None}


def _keepalive(alive: Keepalive) -> dict[str, Any]:
    time, interval = (whole.milliseconds // 1000 for whole in (alive.time, alive.interval))
    return {"timeSeconds": time, "intervalSeconds": interval, "probes": alive.probes}
