"""Readiness: a check that the protocol has, and numbers that Envoy accepts."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG216 and, for a range of statuses upside down, EG219. What the defaults say for other hosts is passed over."""
    if host.in_sidecar:
        return
    readiness = host.readiness
    own = host.own.get("readiness")
    said = own if isinstance(own, dict) else {}
    if readiness.path and "path" in said and not host.has_requests:
        protocols = " and ".join(sorted({port.protocol for port in host.ports}))
        fix = "remove `path`: Ready then means a connection that the upstream accepts"
        yield Finding(readiness.at("path"), "EG216", f"a readiness path on {protocols}: there are no requests", fix)
    if readiness.mode != "upstream" and not host.per_name:
        for key in ("path", "statuses", "interval", "timeout", "unhealthyThreshold", "healthyThreshold"):
            if key in said:
                fix = f"remove `{key}`, or write `mode: upstream`"
                yield Finding(readiness.at(key), "EG216", f"`{key}` in mode {readiness.mode}", fix)
    if "statuses" in said and not readiness.path and not host.per_name:
        yield Finding(readiness.at("statuses"), "EG216", "`statuses` without a `path`", "add the `path` to ask for")
    if (readiness.mode == "probe") != (readiness.probe is not None):
        fix = "write both `mode: probe` and `probe`, or neither"
        yield Finding(readiness.at("probe"), "EG216", "a probe of your own needs mode and probe", fix)
    for index, (first, last) in enumerate(readiness.statuses):
        if first > last:
            yield Finding(readiness.at("statuses", index), "EG219", f"{first}-{last} is empty", f"write {last}-{first}")
