"""Where the upstream is: names, addresses, and which of them Istio can resolve."""

import ipaddress
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.hostname import LOCAL, canonical, explain, is_cluster_name, is_ip, is_service_name
from egressc.model import Host, Inventory


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG105 for addresses that look like names, EG215, EG220, EG226 and, for hosts inside of the cluster, EG402."""
    last = host.host.rpartition(".")[2]
    service = is_service_name(host.host, inventory.cluster_domain)
    # where the clients are, an entry of theirs comes before a Service of that name
    if is_cluster_name(host.host, inventory.cluster_domain) and not (host.in_sidecar and service):
        message = f"{host.host} is a name of the cluster itself: sidecars reach a Service directly, past any gateway"
        fix = "let the clients' own sidecars carry it: `at: sidecar`" if service else "list hosts by their public names"
        yield Finding(host.at("host"), "EG402", message, fix)
    elif last.isdecimal():
        yield Finding(host.at("host"), *explain(host.host))
    names = [endpoint for endpoint in host.endpoints if not is_ip(endpoint)]
    if len(host.endpoints) > 1 and host.resolution == "DNS_ROUND_ROBIN" and names and not host.failover:
        fix = "add `resolution: DNS`"
        message = "several endpoints with names among them: Istio's DNS_ROUND_ROBIN takes one"
        yield Finding(host.at("endpoints"), "EG215", message, fix)
    yield from _addresses(host, "endpoints", host.endpoints)
    yield from _addresses(host, "failover", host.failover)
    yield from _addresses(host, "addresses", host.addresses)
    yield from _names(host, inventory.cluster_domain)


def _names(host: Host, cluster_domain: str) -> Iterator[Finding]:
    """No search domain makes a name whole: that of a Service is its full one."""
    places = [
        (host.at(key, index), place)
        for key in ("endpoints", "failover")
        for index, place in enumerate(getattr(host, key))
    ]
    if host.proxy:
        places.append((host.proxy.at("host"), host.proxy.host))
    for where, name in places:
        if name.rpartition(".")[2] in LOCAL:
            fix = "write the DNS name of the upstream"
            if name.endswith(".svc"):
                fix = f"write {name}.{cluster_domain}"
            yield Finding(where, "EG226", f"`{name}` is not whole: names are looked up as they are written", fix)


def _addresses(host: Host, key: str, values: tuple[str, ...]) -> Iterator[Finding]:
    seen: set[str] = set()
    for index, value in enumerate(values):
        where = host.at(key, index)
        if not is_ip(value):
            if key == "addresses" or ":" in value or value.rpartition(".")[2].isdecimal():
                yield Finding(where, "EG220", f"`{value}` is not an IP address", "write for example 192.0.2.10")
            continue
        if canonical(value) in seen:
            yield Finding(where, "EG220", f"`{value}` is listed twice", "keep one of the two")
        seen.add(canonical(value))
        problem = _unroutable(value)
        if problem:
            fix = "write the address that the gateway's pods reach the upstream by"
            if key == "addresses":
                fix = "write one that nothing else in the network has, such as 240.0.10.1"
            yield Finding(where, "EG220", f"`{value}` is {problem}", fix)


def _unroutable(text: str) -> str | None:
    """What no proxy can send to."""
    address = ipaddress.ip_address(text)
    if address.is_unspecified:
        return "no address at all"
    if address.is_loopback:
        return "the gateway itself"
    return "an address of many" if address.is_multicast else None
