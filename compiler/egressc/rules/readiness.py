"""Readiness: a check that the protocol has, and numbers that Envoy accepts."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG216 and, for a range of statuses upside down, EG219."""
    readiness = host.readiness
    if readiness.own("statuses") and not readiness.path and readiness.mode == "upstream":
        yield Finding(readiness.at("statuses"), "EG216", "`statuses` without a `path`", "add the `path` to ask for")
    if (readiness.mode == "probe") != (readiness.probe is not None):
        fix = "write both `mode: probe` and `probe`, or neither"
        yield Finding(readiness.at("probe"), "EG216", "a probe of your own needs mode and probe", fix)
    for index, (first, last) in enumerate(readiness.statuses):
        if first > last:
            yield Finding(readiness.at("statuses", index), "EG219", f"{first}-{last} is empty", f"write {last}-{first}")
