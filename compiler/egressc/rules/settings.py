"""Durations, numbers and dates; settings that the host's protocols do not have."""

import datetime
from collections.abc import Iterator
from typing import Any

from egressc.findings import Finding, Span
from egressc.model import Host, Inventory, exact_milliseconds
from egressc.source import Mapping, locate

HOUR = 3_600_000
DURATIONS = (
    ("timeouts", "connect", HOUR),
    ("timeouts", "request", None),
    ("timeouts", "idle", None),
    ("timeouts", "stream", None),
    ("retries", "perTry", None),
    ("outlierDetection", "interval", None),
    ("outlierDetection", "baseEjectionTime", None),
    ("readiness", "interval", None),
    ("readiness", "timeout", None),
)
HTTP_ONLY = (
    ("retries",),
    ("timeouts", "request"),
    ("timeouts", "stream"),
    ("connectionPool", "maxPendingRequests"),
    ("connectionPool", "maxRequests"),
    ("connectionPool", "maxRequestsPerConnection"),
)
LONGEST = 315_576_000_000 * 1000  # protobuf's Duration, in milliseconds


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG217 to EG219 and EG221."""
    yield from _durations(host)
    yield from _numbers(host)
    if not any(port.is_http for port in host.ports):
        for path in HTTP_ONLY:
            # inherited settings serve the other hosts of the file; only the host's own words are wrong here
            if _get(host.own, path) is not None:
                protocols = " and ".join(sorted({port.protocol for port in host.ports}))
                message = f"`{'.'.join(path)}` on {protocols}: Istio has it for HTTP, HTTP2 and GRPC alone"
                yield Finding(locate(host.own, path, key=True), "EG217", message, f"remove `{path[-1]}`")
    if host.review_by:
        try:
            datetime.date.fromisoformat(host.review_by)
        except ValueError:
            yield Finding(host.at("reviewBy"), "EG221", f"there is no day {host.review_by}", "write a day of the calendar")


def _get(data: Any, path: tuple[str, ...]) -> Any:
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


def _durations(host: Host) -> Iterator[Finding]:
    keepalive = [("connectionPool", "keepalive", key) for key in ("time", "interval")]
    for *path, limit in (*DURATIONS, *((*path, None) for path in keepalive)):
        text = _get(host.source, tuple(path))
        if text is not None:
            yield from _duration(host.at(*path), ".".join(path), text, limit)
    drain = host.source.get("drain")
    if drain is not None:
        where, time = host.at("drain"), exact_milliseconds(drain)
        if time % 1000 or time < 1000 or time > HOUR:
            fix = "write whole seconds from 1s to 1h: Kubernetes' grace period has no smaller unit"
            yield Finding(where, "EG218", f"drain: {drain}", fix)


def _duration(where: Span, name: str, text: str, limit: int | None) -> Iterator[Finding]:
    time = exact_milliseconds(text)
    if time != int(time) or time < 1:
        yield Finding(where, "EG218", f"{name}: {text} is finer than a millisecond", "Istio takes whole milliseconds from 1ms")
    elif time > (limit or LONGEST):
        most = "1h" if limit else "10000 years"
        yield Finding(where, "EG218", f"{name}: {text} is longer than {most}", f"Istio takes {most} at most")


def _numbers(host: Host) -> Iterator[Finding]:
    scaling = host.source.get("autoscaling") or {}
    least, most = scaling.get("minReplicas"), scaling.get("maxReplicas")
    if least and most and least > most:
        fix = f"write a maxReplicas of {least} or more"
        yield Finding(host.at("autoscaling", "minReplicas"), "EG219", f"{least} pods at least, {most} at most", fix)
    if "replicas" in host.own and "autoscaling" in host.own:
        fix = "keep `replicas` (a fixed number) or `autoscaling`"
        yield Finding(host.at("replicas"), "EG219", "a fixed number of pods that scales", fix)
    request, per_try = host.duration("timeouts", "request"), host.duration("retries", "perTry")
    if request and per_try and per_try > request:
        fix = "give a try less time than the whole request"
        yield Finding(host.at("retries", "perTry"), "EG219", "each try may take longer than the request", fix, "warning")
