"""Failover: first endpoints that somebody checks, and others that are others."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.hostname import canonical, is_ip
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG270 and, for Istio's round robin, EG215."""
    if not host.failover:
        return
    where = host.at("failover")
    if host.resolution == "DNS_ROUND_ROBIN":
        message = "failover has a second endpoint, and Istio's DNS_ROUND_ROBIN takes one"
        yield Finding(where, "EG215", message, "write `resolution: DNS`")
    first = set(map(_known, host.endpoints or (host.host,)))
    for index, endpoint in enumerate(host.failover):
        if _known(endpoint) in first:
            said = "`endpoints`" if host.endpoints else "the host itself"
            message = f"{endpoint} is asked first already, by {said}"
            yield Finding(host.at("failover", index), "EG270", message, "name another place of the upstream, or none")


def _known(endpoint: str) -> str:
    return canonical(endpoint) if is_ip(endpoint) else endpoint
