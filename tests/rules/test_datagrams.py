import pytest

from egressc.rules.datagrams import NEVER_TCP, SELDOM_TCP
from tests.lists import compile_text, hosts

REST = "addresses: [240.0.0.1], tls: {mode: none, unverified: A leased line.}"


def level(ports: str) -> str | None:
    """How the ports are found, None where they are not."""
    found = compile_text(hosts(f"- {{host: a.example.com, ports: [{ports}], {REST}}}")).findings
    return next((one.level for one in found if one.code == "EG293"), None)


@pytest.mark.parametrize("port", NEVER_TCP)
def test_nobody_answers_there_over_tcp(port: int) -> None:
    assert level(f"{{port: {port}, protocol: TCP}}") == "error"
    assert level(f"{{port: 9000, protocol: TCP, upstreamPort: {port}}}") == "error"
    assert level(f"{{port: {port}, protocol: TCP, upstreamPort: 9000}}") is None


@pytest.mark.parametrize("port", SELDOM_TCP)
def test_what_also_knows_tcp_is_left_to_the_reader(port: int) -> None:
    assert level(f"{{port: {port}, protocol: TCP}}") == "warning"
    assert level(f"{{port: {port}, protocol: TLS}}") is None


def test_other_ports_are_left_alone() -> None:
    assert level("{port: 443, protocol: TLS}, {port: 7000, protocol: TCP}") is None


def test_one_of_several_ports_is_removed_alone() -> None:
    (found,) = (
        one
        for one in compile_text(hosts("- {host: a.example.com, ports: [{port: 80}, {port: 123}]}")).findings
        if one.code == "EG293"
    )
    assert found.fix.startswith("remove the port")
