"""Where the upstream is: names, addresses, and which of them Istio can resolve."""

import ipaddress
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.hostname import is_ip
from egressc.model import Host, Inventory

LOCAL = ("localhost", "localdomain", "local", "svc")


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG215, EG220 and, for hosts that are not outside of the cluster, EG402."""
    labels = host.host.split(".")
    if host.host.endswith("." + inventory.cluster_domain) or labels[-1] in LOCAL:
        message = f"{host.host} is a name of the cluster itself: sidecars reach a Service directly, past any gateway"
        yield Finding(host.at("host"), "EG402", message, "list hosts outside of the mesh by their public names")
    elif host.host.replace(".", "").isdigit():
        yield Finding(host.at("host"), "EG220", f"{host.host} is neither a name nor an address", "write the DNS name")
    names = [endpoint for endpoint in host.endpoints if not is_ip(endpoint)]
    if len(host.endpoints) > 1 and host.resolution == "DNS_ROUND_ROBIN" and names:
        fix = "add `resolution: DNS`"
        message = "several endpoints with names among them: Istio's DNS_ROUND_ROBIN takes one"
        yield Finding(host.at("endpoints"), "EG215", message, fix)
    elif host.endpoints and not names and "resolution" in host.own:
        fix = "remove `resolution`, or give the endpoints by name"
        yield Finding(host.at("resolution"), "EG215", "addresses need no resolution", fix)
    for key, values in (("endpoints", host.endpoints), ("addresses", host.addresses)):
        for index, value in enumerate(values):
            looks_like = key == "addresses" or ":" in value or value.replace(".", "").isdigit()
            if looks_like and not is_ip(value):
                yield Finding(host.at(key, index), "EG220", f"`{value}` is not an IP address", "write for example 192.0.2.10")
            elif is_ip(value) and _unroutable(value):
                message = f"`{value}` can be no {'upstream' if key == 'endpoints' else 'virtual address'}: it is {_unroutable(value)}"
                yield Finding(host.at(key, index), "EG220", message, "write an address that the gateway's pods can reach")


def _unroutable(text: str) -> str | None:
    address = ipaddress.ip_address(text)
    for kind in ("unspecified", "loopback", "multicast", "link_local"):
        if getattr(address, f"is_{kind}"):
            return kind.replace("_", "-")
    return None
