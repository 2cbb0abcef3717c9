"""Failover: first endpoints that somebody checks, and others that are others."""

from collections.abc import Iterator

from egressc.elsewhere import NO_FAILOVER, RESOLUTION
from egressc.findings import Finding
from egressc.hostname import canonical, is_ip
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Failover that Istio would not take, or that leads where the host is already."""
    if not host.failover:
        return
    where = host.at("failover")
    if host.resolution == "DNS_ROUND_ROBIN":
        message = f"{host.host} has `failover` and `resolution: DNS_ROUND_ROBIN`: Istio takes one endpoint there"
        yield RESOLUTION(where, message, "write `resolution: DNS`")
    first = set(map(_known, host.endpoints or (host.host,)))
    for index, endpoint in enumerate(host.failover):
        if _known(endpoint) in first:
            said = "one of `endpoints`" if host.endpoints else "the host itself"
            message = f"{endpoint} is {said}: it is asked first already"
            yield NO_FAILOVER(host.at("failover", index), message, "write another place of the upstream, or remove it")


def _known(endpoint: str) -> str:
    return canonical(endpoint) if is_ip(endpoint) else endpoint
