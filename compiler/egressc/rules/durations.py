"""Durations that Istio, Envoy and the kernel take."""

from collections.abc import Iterable, Iterator
from typing import NamedTuple

from egressc.findings import Code, Finding
from egressc.model import Duration, Host, Inventory, Limit, PodSettings
from egressc.positions import Settled

SECOND, HOUR = 1000, 3_600_000


DURATION = Code(
    "EG218",
    "a duration that Istio refuses",
    "Istio takes whole milliseconds and no zero, the kernel and Kubernetes whole seconds. The API server would refuse "
    "the object, or round the number down without a word. Leave the key out for the default.",
)


class _Range(NamedTuple):
    """What a duration may be, in milliseconds: a multiple of `step` up to `most`; `said` is that in words."""

    step: int
    most: int
    said: str


ISTIO = _Range(1, 2**63 // 10**6, "whole milliseconds, from 1ms to 292 years: Istio and Envoy take no others")
KEEPALIVE = _Range(SECOND, 32_767 * SECOND, "whole seconds, from 1s to 32767s: the kernel takes no others")
PERIOD = _Range(SECOND, 24 * HOUR, "whole seconds, from 1s to 24h: clients are told the period in seconds")
DRAIN = _Range(SECOND, HOUR, "whole seconds, from 1s to 1h: Kubernetes counts the grace period in seconds")


class _Time(NamedTuple):
    """A duration at `key` of `said`; `name` is its whole path."""

    said: Settled
    name: str
    time: Duration | None
    allowed: _Range


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Durations that somebody down the line would refuse or round."""
    return _check(_times(host))


def check_pods(settings: PodSettings) -> Iterator[Finding]:
    """The same of pods, a host's own or a shared gateway's."""
    return _check([_Time(settings, "drain", settings.drain, DRAIN)])


def _check(times: Iterable[_Time]) -> Iterator[Finding]:
    for said, name, time, allowed in times:
        if time and (time.exact % allowed.step or not allowed.step <= time.exact <= allowed.most):
            where = said.at(name.rpartition(".")[2])
            yield DURATION(where, f"`{name}` cannot be {time.text}", f"write {allowed.said}")


def _times(host: Host) -> Iterator[_Time]:
    timeouts, outliers, readiness, alive = host.timeouts, host.outlier_detection, host.readiness, host.pool.keepalive
    yield _Time(timeouts, "timeouts.connect", timeouts.connect, ISTIO)
    yield _Time(timeouts, "timeouts.request", timeouts.request, ISTIO)
    yield _Time(timeouts, "timeouts.idle", timeouts.idle, ISTIO)
    yield _Time(timeouts, "timeouts.stream", timeouts.stream, ISTIO)
    yield _Time(host.retries, "retries.perTry", host.retries.per_try, ISTIO)
    if outliers:
        yield _Time(outliers, "outlierDetection.interval", outliers.interval, ISTIO)
        yield _Time(outliers, "outlierDetection.baseEjectionTime", outliers.base_ejection_time, ISTIO)
    yield _Time(readiness, "readiness.interval", readiness.interval, ISTIO)
    yield _Time(readiness, "readiness.timeout", readiness.timeout, ISTIO)
    if alive:
        yield _Time(alive, "connectionPool.keepalive.time", alive.time, KEEPALIVE)
        yield _Time(alive, "connectionPool.keepalive.interval", alive.interval, KEEPALIVE)
    if limit := host.rate_limit:
        yield from _period(limit.all_clients, "rateLimit.per")
        yield from _period(limit.per_client, "rateLimit.perClient.per")
    if host.external_authorization and (opa := host.external_authorization.opa):
        yield _Time(opa, "externalAuthorization.opa.timeout", opa.timeout, ISTIO)


def _period(limit: Limit | None, name: str) -> Iterator[_Time]:
    if limit:
        yield _Time(limit, name, limit.per, PERIOD)
