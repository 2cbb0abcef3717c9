"""Denied is denied in every form of an address, and nothing else is."""

from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from itertools import combinations
from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from egressc.addresses import every_form
from egressc.schema import default
from tests.chart import CHART
from tests.lists import gateway

DEFAULT = tuple(default("host", "deniedRanges"))
V4 = st.ip_addresses(v=4)
V6 = st.ip_addresses(v=6)


def of_length(addresses: st.SearchStrategy[Any], longest: int) -> st.SearchStrategy[str]:
    """Ranges in CIDR notation."""
    return st.tuples(addresses, st.integers(0, longest)).map(lambda pair: str(ip_network(pair, strict=False)))


RANGES = st.lists(of_length(V4, 32) | of_length(V6, 128), min_size=1, max_size=8)


def inside(address: IPv4Address | IPv6Address, ranges: tuple[str, ...]) -> bool:
    """Whether one of `ranges` has the address."""
    return any(address in ip_network(one) for one in ranges)


def spellings(address: IPv4Address) -> dict[str, IPv6Address]:
    """The IPv6 addresses that carry an IPv4 one, by what they are called."""
    bits = int(address)
    return {
        "IPv4-mapped": IPv6Address(0xFFFF << 32 | bits),
        "IPv4-compatible": IPv6Address(bits),
        "IPv4-translated": IPv6Address(0xFFFF << 48 | bits),
        "NAT64": IPv6Address(int(IPv6Address("64:ff9b::")) | bits),
        "NAT64 of a network's own": IPv6Address(int(IPv6Address("64:ff9b:1::")) | bits),
        "NAT64 of a network's own, /48": IPv6Address(
            int(IPv6Address("64:ff9b:1::")) | bits >> 16 << 64 | (bits & 0xFFFF) << 40
        ),
        "6to4": IPv6Address(0x2002 << 112 | bits << 80 | 1),
        "Teredo, a server": IPv6Address(0x20010000 << 96 | bits << 64),
        "Teredo, a client": IPv6Address(0x20010000 << 96 | bits ^ 0xFFFFFFFF),
    }


@given(RANGES, st.data())
def test_a_denied_address_is_denied_in_every_form(ranges: list[str], data: st.DataObject) -> None:
    printed = every_form(ranges)
    network = ip_network(data.draw(st.sampled_from(ranges)))
    address = network[data.draw(st.integers(0, network.num_addresses - 1))]
    assert inside(address, printed)
    if isinstance(address, IPv4Address):
        for name, spelling in spellings(address).items():
            assert inside(spelling, printed), name


@given(RANGES, V4)
def test_an_address_that_is_not_denied_is_reached_by_nat64(ranges: list[str], address: IPv4Address) -> None:
    printed = every_form(ranges)
    by_nat64 = spellings(address)["NAT64"]
    assert inside(by_nat64, printed) == (inside(address, printed) or inside(by_nat64, tuple(ranges)))


def test_a_mapped_range_is_the_ipv4_one() -> None:
    assert every_form(["::ffff:10.0.0.0/104"]) == every_form(["10.0.0.0/8"])
    assert every_form(["::ffff:0:0/96"]) == every_form(["fc00::/7"])[:-1]


@given(RANGES)
def test_ranges_are_in_order_and_none_is_inside_of_another(ranges: list[str]) -> None:
    printed = every_form(ranges)
    assert printed == every_form(printed) == every_form(reversed(ranges))
    for first, second in combinations(map(ip_network, printed), 2):
        assert first.version != second.version or not first.overlaps(second)


# of each special-purpose range of IANA's registries, of what RFCs have retired, and of clouds' metadata services
SPECIAL = """
    0.0.0.0 0.255.255.255 10.0.0.1 100.64.0.1 100.100.100.200
    127.0.0.1 168.63.129.16 169.254.169.254 169.254.170.2 172.16.0.1
    172.31.255.255
    192.0.0.192 192.0.2.1 192.88.99.1 192.168.1.1 198.18.0.1 198.19.255.255 198.51.100.1 203.0.113.1 224.0.0.1 240.0.0.1
    255.255.255.255
    :: ::1 ::7f00:1 ::ffff:8.8.8.8 ::ffff:0:127.0.0.1
    64:ff9b::127.0.0.1 64:ff9b::10.0.0.1 64:ff9b:1::1 100::1 100:0:0:1::1
    2001::1
    2001:2::1 2001:10::1 2001:20::1 2001:db8::1 2002:7f00:1::1
    3fff::1 5f00::1 fc00::1 fd00:ec2::254 fd20:ce::254 fe80::1
    fec0::1 ff02::1
"""
PUBLIC = """
    1.1.1.1 8.8.8.8 9.255.255.255 11.0.0.0 100.63.255.255
    100.128.0.0 168.63.129.17 169.253.255.255 172.15.255.255 172.32.0.0
    192.0.1.0
    198.17.255.255 198.20.0.0 223.255.255.255
    64:ff9b::8.8.8.8 2001:200::1 2001:4860:4860::8888 2606:4700::1111 2a00:1450::1 2400:cb00::1 2003::1
"""


@pytest.mark.parametrize("address", SPECIAL.split())
def test_special_addresses_are_denied_by_default(address: str) -> None:
    assert inside(ip_address(address), every_form(DEFAULT))


@pytest.mark.parametrize("address", PUBLIC.split())
def test_public_addresses_are_not(address: str) -> None:
    assert not inside(ip_address(address), every_form(DEFAULT))


def test_the_chart_denies_by_default_what_the_compiler_does() -> None:
    values = yaml.safe_load((CHART / "values.yaml").read_text(encoding="utf-8"))
    assert tuple(values["deniedRanges"]) == every_form(DEFAULT)


def test_what_the_list_says_is_emitted() -> None:
    entry = "- host: '*.example.com'"
    assert "deniedRanges" not in gateway(entry)
    said = gateway(f"{entry}\n  deniedRanges: {list(DEFAULT)}")
    assert said["deniedRanges"] == list(every_form(DEFAULT))
