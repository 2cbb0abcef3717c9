"""Where the upstream is: names, addresses, and which of them Istio can resolve."""

import re
from collections.abc import Iterator

from egressc.addresses import unreachable
from egressc.elsewhere import RESOLUTION
from egressc.findings import Code, Finding
from egressc.hostname import LOCAL, canonical, ends_in_number, is_cluster_name, is_ip, is_service_name
from egressc.meant import no_host
from egressc.model import Host, Inventory
from egressc.rules.fleet import RESERVED

NO_ADDRESS = Code(
    "EG220",
    "not an IP address",
    "An address is written in full, once, without port or prefix length, and must be one that packets can be sent to.",
)
NOT_WHOLE = Code(
    "EG226",
    "a name that is not whole",
    "The gateway looks names up as they are written and asks no search domain. So no other namespace or network can "
    "answer for them. Inside of the cluster the whole name of a Service ends with the cluster's domain.",
)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """Hosts that are no names of the outside, and places that nobody could find or send to."""
    service = is_service_name(host.host, inventory.mesh.cluster_domain)
    # where the clients are, an entry of theirs comes before a Service of that name
    if is_cluster_name(host.host, inventory.mesh.cluster_domain) and not (host.in_sidecar and service):
        message = f"{host.host} is a name of the cluster itself: sidecars reach a Service directly, past any gateway"
        fix = "add `at: sidecar`: the clients' own sidecars carry it" if service else "list the host by its public name"
        yield RESERVED(host.at("host"), message, fix)
    elif ends_in_number(host.host):
        yield no_host.finding(host.host, host.at("host"), "host")
    names = [endpoint for endpoint in host.endpoints if not is_ip(endpoint)]
    if len(host.endpoints) > 1 and host.resolution == "DNS_ROUND_ROBIN" and names and not host.failover:
        message = f"{host.host} has several endpoints with names: Istio's DNS_ROUND_ROBIN takes one"
        yield RESOLUTION(host.at("endpoints"), message, "add `resolution: DNS`")
    yield from _addresses(host, "endpoints", host.endpoints)
    yield from _addresses(host, "failover", host.failover)
    yield from _addresses(host, "addresses", host.addresses)
    yield from _names(host, inventory.mesh.cluster_domain)


def _names(host: Host, cluster_domain: str) -> Iterator[Finding]:
    """No search domain makes a name whole: that of a Service is its full one."""
    for where, name in host.written_places():
        if name.rpartition(".")[2] in LOCAL:
            fix = "write the DNS name of the upstream"
            if name.endswith(".svc"):
                fix = f"write {name}.{cluster_domain}"
            yield NOT_WHOLE(where, f"`{name}` is not a whole name: the gateway asks no search domain", fix)


def _addresses(host: Host, key: str, values: tuple[str, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        where = host.at(key, index)
        if not is_ip(value):
            if key == "addresses" or ":" in value or ends_in_number(value):
                several = re.fullmatch(r"[0-9.]+-[0-9.]+", value)
                fix = "list each address of the range" if several else "write for example 192.0.2.10"
                yield NO_ADDRESS(where, f"`{value}` is not an IP address", fix)
            continue
        if canonical(value) in seen:
            yield NO_ADDRESS(where, f"`{value}` is listed twice", "keep one of the two")
        seen.add(canonical(value))
        problem = unreachable(value)
        if problem:
            fix = "write the address at which the gateway's pods reach the upstream"
            if key == "addresses":
                fix = "write an address that nothing else in the network has, such as 240.0.10.1"
            yield NO_ADDRESS(where, f"`{value}` is {problem}", fix)
