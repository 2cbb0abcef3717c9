"""How a host is asked: times, retries, limits, and what happens to addresses that fail."""

from dataclasses import dataclass

from egressc.model.durations import Duration
from egressc.positions import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Timeouts(Settled):
    """How long things may take; None is no limit."""

    connect: Duration
    idle: Duration
    request: Duration | None
    stream: Duration | None


@dataclass(frozen=True, slots=True, kw_only=True)
class RetryBudget(Settled):
    """How many retries there may be at once: `percent` of all requests, and `min_concurrency` in any case."""

    percent: int
    min_concurrency: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Retries(Settled):
    """How often and when a request is tried again; `retry_on` is sorted. None is no limit."""

    attempts: int
    retry_on: tuple[str, ...]
    per_try: Duration | None
    budget: RetryBudget | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Keepalive(Settled):
    """TCP keepalive of idle connections."""

    time: Duration
    interval: Duration
    probes: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Http2Keepalive(Settled):
    """Questions over an open HTTP/2 connection: one each `interval`, answered within `timeout`."""

    interval: Duration
    timeout: Duration


@dataclass(frozen=True, slots=True, kw_only=True)
class ConnectionPool(Settled):
    """What each pod opens to the upstream; None is no limit of the list's."""

    max_connections: int | None
    max_pending_requests: int | None
    max_requests: int | None
    max_requests_per_connection: int | None
    keepalive: Keepalive | None
    http2_keepalive: Http2Keepalive | None


@dataclass(frozen=True, slots=True, kw_only=True)
class OutlierDetection(Settled):
    """When an address that fails requests is left out, and for how long."""

    consecutive_5xx_errors: int
    consecutive_gateway_errors: int | None
    interval: Duration
    base_ejection_time: Duration
    max_ejection_percent: int
