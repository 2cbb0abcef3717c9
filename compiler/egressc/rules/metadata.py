"""Metadata services of clouds: no host leads there, and nothing takes their place."""

from collections.abc import Iterator
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

from egressc.addresses import NAT64
from egressc.findings import Code, Finding
from egressc.hostname import is_ip
from egressc.model import Host, Inventory

METADATA = Code(
    "EG265",
    "a metadata service of the cloud",
    "A metadata service gives a pod the credentials of its machine or of its own account. Through a gateway each "
    "client would get those of the gateway. A pod that needs an identity of the cloud asks for its own, past the mesh. "
    "Link-local addresses belong to the machine of the pod that asks, so they are no addresses of a host either.",
)

NAMES = frozenset(
    (
        *("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"),
        *("metadata.azure.internal", "metadata.azure.com", "metadata.tencentyun.com"),
    )
)
#: Link-local addresses, where most clouds have it, and those of Azure, Alibaba, Oracle, AWS and Google elsewhere.
RANGES = tuple(
    map(
        ip_network,
        (
            *("169.254.0.0/16", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
            *("fd00:ec2::/112", "fd20:ce::254"),
        ),
    )
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Hosts that are a metadata service, by name or by one of their places, or that would take its calls."""
    places = [(host.at("host"), host.host)]
    places += [
        (host.at(key, index), place)
        for key in ("endpoints", "failover")
        for index, place in enumerate(getattr(host, key))
    ]
    if host.proxy:
        places.append((host.proxy.at("host"), host.proxy.host))
    for where, place in places:
        if _is_metadata(place):
            message = (
                f"`{place}` leads to a metadata service of the cloud: each client would get the gateway's own identity"
            )
            yield METADATA(where, message, "remove the host: a pod asks for its own identity itself, past the mesh")
    for index, address in enumerate(host.addresses):
        if _is_metadata(address):
            message = (
                f"`{address}` leads to a metadata service of the cloud: what clients ask it would go to {host.host}"
            )
            yield METADATA(
                host.at("addresses", index), message, "write an address that nothing else in the network has"
            )


def _is_metadata(place: str) -> bool:
    if not is_ip(place):
        return place in NAMES
    address = _carried(ip_address(place.strip("[]")))
    return any(address in network for network in RANGES)


def _carried(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, to the kernel or to NAT64; others as they are."""
    if isinstance(address, IPv4Address):
        return address
    inside = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or inside or address
