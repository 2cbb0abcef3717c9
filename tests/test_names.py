"""Names and ports of gateways: legal, unique, and nobody else's business."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egressc.names import OPA_PORTS, RESERVED_PORTS, gateway_name, gateway_port, gateway_ports
from tests.strategies import host_names

DNS_1035 = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")


@pytest.mark.parametrize(
    ("host", "name"),
    [
        ("api.example.com", "api-example-com"),
        ("my-api.example.com", "my--api-example-com"),
        ("my.api.example.com", "my-api-example-com"),
        ("1password.com", "h1password-com-203dd412"),
        ("a" * 61 + ".b", "a" * 61 + "-b"),
        ("a" * 62 + ".b", "a" * 54 + "-dd4c486c"),
    ],
)
def test_names_never_change(host: str, name: str) -> None:
    assert gateway_name(host) == name


@given(host_names())
def test_names_are_legal_for_every_kind(host: str) -> None:
    assert DNS_1035.match(gateway_name(host))


@given(st.lists(host_names(), unique=True, max_size=50))
def test_names_are_unique(hosts: list[str]) -> None:
    assert len({gateway_name(host) for host in hosts}) == len(hosts)


@given(st.text("ab-.", min_size=3, max_size=12), st.text("ab-.", min_size=3, max_size=12))
def test_names_tell_dots_and_hyphens_apart(one: str, other: str) -> None:
    legal = re.compile(r"[ab]([ab-]*[ab])?(\.[ab]([ab-]*[ab])?)+\Z")
    if legal.match(one) and legal.match(other):
        assert (gateway_name(one) == gateway_name(other)) == (one == other)


PORTS = st.integers(1, 65535).filter(lambda port: port not in RESERVED_PORTS)


@given(st.sets(PORTS, min_size=1, max_size=50) | st.sets(st.integers(1, 60), min_size=1, max_size=50))
def test_a_gateway_s_ports_differ_and_a_plain_user_may_listen_on_them(ports: set[int]) -> None:
    numbers = [gateway_port(port, ports) for port in ports]
    assert len(set(numbers)) == len(ports)
    assert all(1024 <= number <= 65535 and number not in RESERVED_PORTS for number in numbers)
    assert not {gateway_port(port, ports) for port in ports if port < 1024} & {*OPA_PORTS}


def test_forty_nine_ports_in_the_way_leave_one() -> None:
    taken = {80, *range(8080, 65536, 1024)} - {*RESERVED_PORTS}
    ports = set(sorted(taken)[:50])
    assert gateway_port(80, ports) == min(set(range(8080, 65536, 1024)) - {*RESERVED_PORTS} - ports)


@given(st.sets(PORTS, min_size=1, max_size=50))
def test_ports_on_adopted_pods_are_out_of_the_way(ports: set[int]) -> None:
    numbers = gateway_ports(ports, adopted=True)
    assert set(numbers) == ports
    assert len(set(numbers.values())) == len(ports)
    assert all(20000 <= number <= 65535 for number in numbers.values())
