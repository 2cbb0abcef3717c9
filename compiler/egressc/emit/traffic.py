"""How requests and connections are carried to the upstream: times, retries, limits."""

from typing import Any

from egressc.emit.text import seconds
from egressc.model import Host, milliseconds
from egressc.schema import default, schema


def traffic(host: Host) -> dict[str, Any]:
    """What of `host` tells how it is asked."""
    result: dict[str, Any] = {}
    settings = host.source
    request, stream, per_try = (
        host.duration("timeouts", "request"),
        host.duration("timeouts", "stream"),
        host.duration("retries", "perTry"),
    )
    if host.has_requests:
        if request:
            result["requestTimeout"] = seconds(request)
        if stream:
            result["streamTimeout"] = seconds(stream)
        retries = settings.get("retries") or {}
        changed: dict[str, Any] = {}
        if retries.get("attempts", default("retries", "attempts")) != default("retries", "attempts"):
            changed["attempts"] = retries["attempts"]
        if sorted(retries.get("retryOn") or []) not in ([], sorted(default("retries", "retryOn"))):
            changed["retryOn"] = ",".join(sorted(retries["retryOn"]))
        if per_try:
            changed["perTry"] = seconds(per_try)
        if changed:
            result["retries"] = changed
    pool = _pool(host)
    if pool:
        result["connectionPool"] = pool
    if ("outlierDetection" in settings or host.failover) and not host.by_socket:
        result["outlierDetection"] = _outliers(host)
    return result


def _outliers(host: Host) -> dict[str, Any]:
    names = schema()["$defs"]["outlierDetection"]["properties"]
    said = host.source.get("outlierDetection") or {}
    given = {name: said.get(name, default("outlierDetection", name)) for name in names}
    times = {name: seconds(milliseconds(given[name])) for name in ("interval", "baseEjectionTime")}
    return {name: value for name, value in (given | times).items() if value is not None}


def _pool(host: Host) -> dict[str, Any]:
    given = host.source.get("connectionPool") or {}
    result: dict[str, Any] = {}
    for key in ("connect", "idle"):
        time = host.duration("timeouts", key)
        if time is not None and time != milliseconds(default("timeouts", key)):
            result[f"{key}Timeout"] = seconds(time)
    for key in ("maxConnections", "maxPendingRequests", "maxRequests", "maxRequestsPerConnection"):
        if key in given:
            result[key] = given[key]
    if "keepalive" in given:
        alive = given["keepalive"]
        result["keepalive"] = {
            "time": seconds(milliseconds(alive.get("time", default("keepalive", "time")))),
            "interval": seconds(milliseconds(alive.get("interval", default("keepalive", "interval")))),
            "probes": alive.get("probes", default("keepalive", "probes")),
        }
    return result
