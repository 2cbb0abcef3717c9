import pytest

from tests.lists import codes, hosts


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("failover: [b.example.net]", []),
        ("failover: [192.0.2.1, '2001:db8::1', b.example.net]", []),
        ("endpoints: [192.0.2.1], failover: [192.0.2.2]", []),
        ("endpoints: [a.example.net], failover: [api.example.com]", []),
        ("failover: [api.example.com]", ["EG270"]),
        ("endpoints: [a.example.net, 192.0.2.1], failover: [a.example.net, 192.0.2.1]", ["EG270"] * 2),
        ("endpoints: ['2001:db8::1'], failover: ['2001:DB8::0:1']", ["EG270"]),
        ("failover: [b.example.net], readiness: {mode: gateway}", ["EG270"]),
        ("failover: [b.example.net], resolution: DNS_ROUND_ROBIN", ["EG215"]),
        (
            "endpoints: [a.example.net, c.example.net], failover: [b.example.net], resolution: DNS_ROUND_ROBIN",
            ["EG215"],
        ),
        ("failover: [192.0.2.300]", ["EG220"]),
        ("failover: [127.0.0.1]", ["EG220"]),
    ],
)
def test_failover(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {entry}}}")) == expected
