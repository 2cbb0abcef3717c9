import pytest

from tests.lists import codes, hosts


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("endpoints: [192.0.2.10, '2001:db8::10', 198.51.100.9, 10.0.0.1]", []),
        ("endpoints: [a.example.net]", []),
        ("endpoints: [a.b.svc.cluster.local]", []),
        ("endpoints: [a.b.svc]", ["EG226"]),
        ("endpoints: [192.0.2.1], failover: [a.localhost]", ["EG226"]),
        ("proxy: {host: a.b.svc, port: 3128}", ["EG226"]),
        ("endpoints: [a.example.net], resolution: DNS_ROUND_ROBIN", []),
        ("endpoints: [a.example.net, b.example.net, 192.0.2.10]", []),
        ("addresses: [240.0.10.1, '2001:db8::1']", []),
        ("endpoints: [a.example.net, 192.0.2.10], resolution: DNS_ROUND_ROBIN", ["EG215"]),
        ("endpoints: [192.0.2.10], resolution: DNS", ["EG215"]),
        ("endpoints: [192.0.2.300]", ["EG220"]),
        ("endpoints: [1.2.3]", ["EG220"]),
        ("endpoints: [':::']", ["EG220"]),
        ("endpoints: [0.0.0.0]", ["EG220"]),
        ("endpoints: ['::1']", ["EG220"]),
        ("endpoints: ['ff02::1']", ["EG220"]),
        ("endpoints: ['2001:db8::1', '2001:DB8::0:1']", ["EG220"]),
        ("addresses: [192.0.2.300]", ["EG220"]),
    ],
)
def test_endpoints_and_addresses(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {entry}}}")) == expected


@pytest.mark.parametrize(
    ("host", "expected"),
    [
        ("sso.corp.local", []),  # what many companies call their Active Directory
        ("1.example.com", []),
        ("cluster.local", []),
        ("a.b.svc.cluster.local", ["EG402"]),
        ("a.b.svc", ["EG402"]),
        ("api.localhost", ["EG402"]),
        ("192.0.2.10", ["EG105"]),
        ("a.20", ["EG105"]),
    ],
)
def test_hosts_that_are_not_outside(host: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {host}")) == expected


def test_a_resolution_of_the_defaults_does_not_mind_addresses() -> None:
    text = "version: 1\ndefaults: {clients: [shop], resolution: DNS}\nhosts:\n"
    assert not codes(text + "- {host: a.example.com, endpoints: [192.0.2.1]}\n")
