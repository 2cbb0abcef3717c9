import pytest

from tests.lists import codes, hosts


@pytest.mark.parametrize(
    ("ports", "expected"),
    [
        ("[{port: 1}, {port: 65535}, {port: 14999}, {port: 15100}]", []),
        ("[{port: 80, upstreamPort: 15021}]", []),
        ("[{port: 80}, {port: 80, protocol: GRPC}]", ["EG205"]),
        ("[{port: 15000}, {port: 15021}, {port: 15099}]", ["EG206"] * 3),
    ],
)
def test_client_ports(ports: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, ports: {ports}}}")) == expected
