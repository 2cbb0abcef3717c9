"""How a host is asked."""

from egressc.model import Duration
from egressc.model.traffic import (
    ConnectionPool,
    Http2Keepalive,
    Keepalive,
    OutlierDetection,
    Retries,
    RetryBudget,
    Timeouts,
)
from egressc.positions import Mapping
from egressc.settle.reading import Reading


def timeouts(host: Mapping) -> Timeouts:
    """The entry's `timeouts`."""
    said = Reading(host.get("timeouts"), "timeouts", host)
    return Timeouts(
        source=said.data,
        connect=said.duration("connect"),
        idle=said.duration("idle"),
        request=said.time("request"),
        stream=said.time("stream"),
    )


def retries(host: Mapping) -> Retries:
    """The entry's `retries`."""
    said = Reading(host.get("retries"), "retries", host)
    return Retries(
        source=said.data,
        attempts=said.get("attempts"),
        retry_on=tuple(sorted(said.some("retryOn"))),
        per_try=said.time("perTry"),
        budget=_budget(said.data) if "budget" in said.data else None,
    )


def pool(host: Mapping) -> ConnectionPool:
    """The entry's `connectionPool`."""
    said = Reading(host.get("connectionPool"), "connectionPool", host)
    return ConnectionPool(
        source=said.data,
        max_connections=said.get("maxConnections"),
        max_pending_requests=said.get("maxPendingRequests"),
        max_requests=said.get("maxRequests"),
        max_requests_per_connection=said.get("maxRequestsPerConnection"),
        keepalive=_keepalive(said.data) if "keepalive" in said.data else None,
        http2_keepalive=_http2_keepalive(said.data["http2Keepalive"]) if "http2Keepalive" in said.data else None,
    )


def outlier_detection(host: Mapping) -> OutlierDetection | None:
    """The entry's `outlierDetection`; with `failover` its defaults hold where it has none."""
    if not {"outlierDetection", "failover"} & {*host}:
        return None
    said = Reading(host.get("outlierDetection"), "outlierDetection", host)
    return OutlierDetection(
        source=said.data,
        consecutive_5xx_errors=said.get("consecutive5xxErrors"),
        consecutive_gateway_errors=said.get("consecutiveGatewayErrors"),
        interval=said.duration("interval"),
        base_ejection_time=said.duration("baseEjectionTime"),
        max_ejection_percent=said.get("maxEjectionPercent"),
    )


def _budget(retries: Mapping) -> RetryBudget:
    said = Reading(retries.get("budget"), "retryBudget", retries)
    return RetryBudget(source=said.data, percent=said.get("percent"), min_concurrency=said.get("minConcurrency"))


def _http2_keepalive(data: Mapping) -> Http2Keepalive:
    return Http2Keepalive(source=data, interval=Duration.of(data["interval"]), timeout=Duration.of(data["timeout"]))


def _keepalive(pool: Mapping) -> Keepalive:
    said = Reading(pool.get("keepalive"), "keepalive", pool)
    return Keepalive(
        source=said.data,
        time=said.duration("time"),
        interval=said.duration("interval"),
        probes=said.get("probes"),
    )
