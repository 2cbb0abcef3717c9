"""Readiness: a check that the protocol has, and numbers that Envoy accepts."""

from collections.abc import Iterator

from egressc.elsewhere import NO_FAILOVER, READINESS
from egressc.findings import Finding
from egressc.model import Host, Inventory, Readiness
from egressc.rules.settings import NUMBERS


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Statuses that nobody asks for or that cannot be, and a probe that is not there."""
    readiness = host.readiness
    if readiness.own("statuses") and not readiness.path and readiness.mode == "upstream":
        yield READINESS(readiness.at("statuses"), "`statuses` stands without a `path`", "add the `path` to ask for")
    yield from _probe(readiness)
    yield from _by_port(host)
    for index, (first, last) in enumerate(readiness.statuses):
        if first > last:
            yield NUMBERS(readiness.at("statuses", index), f"{first}-{last} holds no status", f"write {last}-{first}")


def _by_port(host: Host) -> Iterator[Finding]:
    for port in host.ports:
        if not port.own("readiness", "mode"):
            continue
        where = port.at("readiness")
        counts = port.readiness.mode == "upstream"
        if host.in_sidecar or (counts and host.readiness.mode != "upstream"):
            message = f"{host.host} checks no upstream: `readiness` of port {port.port} has no meaning"
            yield READINESS(where, message, "remove `readiness` of the port")
        elif host.failover and not counts:
            message = f"port {port.port} of {host.host} is not checked, so its failover would never take place"
            yield NO_FAILOVER(where, message, "remove `readiness` of the port, or `failover`")


def _probe(readiness: Readiness) -> Iterator[Finding]:
    if readiness.mode == "probe" and readiness.probe is None:
        message = "`mode: probe` stands without a `probe`"
        yield READINESS(readiness.at("probe"), message, "add the `probe`, or write `mode: upstream`")
    elif readiness.mode != "probe" and readiness.probe is not None:
        message = f"mode {readiness.mode} does not read `probe`"
        yield READINESS(readiness.at("probe"), message, "remove `probe`, or write `mode: probe`")
