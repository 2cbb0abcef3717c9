"""Ranges of addresses in every form that Envoy would connect to: an IPv4 address can hide inside of an IPv6 one."""

from collections.abc import Iterable
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    collapse_addresses,
    ip_address,
    ip_network,
)

MAPPED = IPv6Network("::ffff:0:0/96")  # to the kernel the IPv4 address itself
NAT64 = IPv6Network("64:ff9b::/96")  # by which a cluster of IPv6 alone may reach IPv4 at all
#: What carries IPv4 addresses and leads to no public site, whole: IPv4-mapped and IPv4-compatible (RFC 4291),
#: translated (RFC 7915), NAT64 of a network's own (RFC 8215), Teredo (RFC 4380), 6to4 (RFC 3056).
CARRIERS = (
    MAPPED,
    *map(IPv6Network, ("::/96", "::ffff:0:0:0/96", "64:ff9b:1::/48", "2001::/32", "2002::/16")),
)

#: Metadata services: link-local addresses, where most clouds have them, and those of Azure, Alibaba, Oracle, AWS and
#: Google elsewhere.
METADATA = tuple(
    map(
        ip_network,
        (
            *("169.254.0.0/16", "168.63.129.16", "100.100.100.200", "192.0.0.192"),
            *("fd00:ec2::/112", "fd20:ce::254"),
        ),
    )
)
PAST_THE_MESH = "remove the host: a pod asks for its own identity itself, past the mesh"


def every_form(ranges: Iterable[str]) -> tuple[str, ...]:
    """`ranges` with all IPv6 forms of their addresses, in order, none inside of another.

    ISATAP and the like put an IPv4 address into the last bits of any prefix: no range holds those.
    """
    networks = [ip_network(text) for text in ranges]
    v4 = [network for network in networks if isinstance(network, IPv4Network)]
    v6 = [network for network in networks if isinstance(network, IPv6Network)]
    v4 += [_carried(network) for network in v6 if network.subnet_of(MAPPED) and network != MAPPED]
    v6 += [*CARRIERS, *(_inside(NAT64, network) for network in v4)]
    return tuple(map(str, (*collapse_addresses(v4), *collapse_addresses(v6))))


def is_metadata(address: str) -> bool:
    """Whether a metadata service of a cloud is at the IP `address`, brackets allowed, in any form of it."""
    one = _plain(ip_address(address.strip("[]")))
    return any(one in network for network in METADATA)


def unreachable(address: str) -> str | None:
    """What keeps any proxy from sending to the IP `address`, brackets allowed; None where it may be reached."""
    one = ip_address(address.strip("[]"))
    if one.is_unspecified:
        return "no address of a host"
    if one.is_loopback:
        return "a loopback address"
    return "a multicast address" if one.is_multicast else None


def _inside(carrier: IPv6Network, network: IPv4Network) -> IPv6Network:
    """The part of `carrier`, of length 96, that carries the addresses of `network`."""
    return IPv6Network((int(carrier.network_address) + int(network.network_address), 96 + network.prefixlen))


def _carried(network: IPv6Network) -> IPv4Network:
    """The IPv4 addresses that `network` carries, a part of a range of length 96."""
    return IPv4Network((int(network.network_address) & 0xFFFFFFFF, network.prefixlen - 96))


def _plain(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for, to the kernel or to NAT64; others as they are."""
    if isinstance(address, IPv4Address):
        return address
    inside = IPv4Address(int(address) & 0xFFFFFFFF) if address in NAT64 else None
    return address.ipv4_mapped or address.sixtofour or inside or address
