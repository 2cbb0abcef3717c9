import re
from ipaddress import ip_address, ip_network

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egressc.findings import Finding
from egressc.names import OPA_PORTS
from tests.lists import codes, compile_text, hosts
from tests.strategies import host_names


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("[{port: 1}, {port: 65535}, {port: 14999}, {port: 15100}]", []),
        ("[{port: 80, upstreamPort: 15021}]", []),
        ("[{port: 80, upstreamPort: 15000, tls: {mode: none, unverified: A leased line.}}]", ["EG227"]),
        ("[{port: 9000, protocol: TLS, upstreamPort: 15090}]", ["EG227"]),
        ("[{port: 80, upstreamPort: 8181, tls: {mode: none, unverified: A leased line.}}]", []),
        ("[{port: 80}, {port: 80, protocol: GRPC}]", ["EG205"]),
        ("[{port: 15000}, {port: 15021}, {port: 15099}]", ["EG206"] * 3),
    ],
)
def test_client_ports(ports: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, ports: {ports}}}")) == expected


@pytest.mark.parametrize(
    ("more", "expected"),
    [
        ("externalAuthorization: {opa: {image: opa, policy: rules}}", ["EG227"]),
        ("externalAuthorization: {provider: company}", []),
        ("externalAuthorization: {opa: {image: opa, policy: rules}}, endpoints: [192.0.2.1]", []),
        ("externalAuthorization: {opa: {image: opa, policy: rules}}, proxy: {host: 192.0.2.1, port: 3128}", []),
    ],
)
def test_ports_of_an_opa(more: str, expected: list[str]) -> None:
    reason = "tls: {mode: none, unverified: A leased line.}"
    entry = f"- {{host: api.example.com, ports: [{{port: 80, upstreamPort: 9191}}], {reason}, {more}}}"
    assert codes(hosts(entry)) == expected


@pytest.mark.parametrize("port", OPA_PORTS)
def test_an_opa_keeps_its_ports(port: int) -> None:
    entry = f"- {{host: api.example.com, ports: [{{port: {port}}}], externalAuthorization: {{"
    assert codes(hosts(f"{entry}opa: {{image: opa, policy: rules}}}}}}")) == ["EG206"]
    assert codes(hosts(f"{entry}provider: company}}}}")) == []


def whole(entry: str, port: int) -> Finding | None:
    text = hosts(f"- {{host: db.example.com, ports: [{{port: {port}, protocol: TCP}}]{entry}}}")
    return next((one for one in compile_text(text).findings if one.code == "EG264"), None)


@pytest.mark.parametrize("port", [1, 79, 80, 81, 442, 443, 444, 5432, 9092, 65535])
@pytest.mark.parametrize("more", ["", ", at: sidecar", ", clients: [{wholeMesh: true}]", ", endpoints: [192.0.2.1]"])
def test_tcp_without_addresses_takes_the_whole_port(port: int, more: str) -> None:
    finding = whole(more, port)
    assert finding
    assert finding.level == ("error" if port in (80, 443) else "warning")
    assert ("the whole mesh" in finding.message) is ("wholeMesh" in more)
    (addresses,) = re.findall(r"`(addresses: \[.*\])`", finding.fix)
    assert whole(f"{more}, {addresses}", port) is None


def test_other_protocols_leave_the_port_to_others() -> None:
    for protocol in ("HTTP", "HTTP2", "GRPC", "TLS"):
        assert not codes(hosts(f"- {{host: a.example.com, ports: [{{port: 9000, protocol: {protocol}}}]}}"))


def test_what_is_offered_for_a_port_of_the_web() -> None:
    for port, protocol in ((80, "HTTP"), (443, "TLS")):
        finding = whole("", port)
        assert finding
        assert finding.fix.startswith(f"write `protocol: {protocol}` if applications speak it, or ")
        assert not codes(hosts(f"- {{host: db.example.com, ports: [{{port: {port}, protocol: {protocol}}}]}}"))
        without = whole(", tls: {mode: none, unverified: A leased line.}", port)
        assert without
        assert without.fix.startswith("add ")


@given(st.lists(host_names(), min_size=2, max_size=20, unique=True))
def test_hosts_are_offered_addresses_of_their_own(names: list[str]) -> None:
    entries = "".join(f"- {{host: {name}, ports: [{{port: 9000, protocol: TCP}}]}}\n" for name in names)
    findings = [one for one in compile_text(hosts(entries)).findings if one.code == "EG264"]
    offered = [one.fix.partition("[")[2].partition("]")[0] for one in findings]
    assert len(set(offered)) == len(names)
    assert all(ip_address(text) in ip_network("240.0.0.0/9") for text in offered)


def test_fixed_addresses_are_offered_as_they_are() -> None:
    finding = whole(', endpoints: [192.0.2.1, "2001:db8::1"]', 9000)
    assert finding
    assert finding.fix == "add `addresses: [192.0.2.1, 2001:db8::1]`"


def test_all_such_ports_of_a_host_are_one_finding() -> None:
    ports = "ports: [{port: 9000, protocol: TCP}, {port: 443, protocol: TCP}, {port: 80}, {port: 9001, protocol: TCP}]"
    (finding,) = compile_text(hosts(f"- {{host: a.example.com, {ports}}}")).findings
    assert (finding.code, finding.level) == ("EG264", "error")
    assert finding.message.startswith("a.example.com takes all of client ports 443, 9000 and 9001: ")
    (addresses,) = re.findall(r"`(addresses: \[.*\])`", finding.fix)
    assert not codes(hosts(f"- {{host: a.example.com, {ports}, {addresses}}}"))
