import pytest

from tests.lists import codes, hosts


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
    entry = f"- {{host: api.example.com, ports: [{{port: 9191}}], {reason}, {more}}}"
    assert codes(hosts(entry)) == expected
