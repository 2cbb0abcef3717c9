import pytest

from egressc.rules.metadata import NAMES
from tests.lists import codes, hosts

NONE = "tls: {mode: none, unverified: The service has no TLS.}"
ADDRESSES = [
    *("169.254.169.254", "169.254.170.2", "169.254.0.1", "169.254.255.254", "168.63.129.16", "100.100.100.200"),
    *("192.0.0.192", "'fd00:ec2::254'", "'fd00:ec2::23'", "'fd20:ce::254'"),
    *("'::ffff:169.254.169.254'", "'64:ff9b::169.254.169.254'", "'2002:a9fe:a9fe::1'", "'FD00:EC2:0::254'"),
]
OTHERS = ["169.253.0.1", "168.63.129.17", "100.100.100.201", "192.0.0.191", "'fd00:ec3::254'", "'64:ff9b::8.8.8.8'"]


@pytest.mark.parametrize("name", sorted(NAMES))
@pytest.mark.parametrize("entry", ["host: {}", "host: a.example.com, endpoints: [{}]"])
def test_a_name_of_a_metadata_service(name: str, entry: str) -> None:
    assert codes(hosts(f"- {{{entry.format(name)}, {NONE}}}")) == ["EG265"]
    assert not codes(hosts(f"- {{{entry.format('x' + name)}, {NONE}}}"))


@pytest.mark.parametrize(
    "entry",
    [
        "endpoints: [{}]",
        "endpoints: [192.0.2.1, {}]",
        "failover: [{}]",
        "proxy: {{host: {}, port: 3128}}",
        "addresses: [{}]",
        "addresses: [240.0.0.1, {}]",
        "at: sidecar, endpoints: [{}]",
    ],
)
@pytest.mark.parametrize("address", [*ADDRESSES, *OTHERS])
def test_an_address_of_a_metadata_service(entry: str, address: str) -> None:
    text = hosts(f"- {{host: a.example.com, {entry.format(address)}, {NONE}}}")
    assert codes(text) == ["EG265"] * (address in ADDRESSES)


def test_each_place_is_found() -> None:
    entry = "endpoints: [169.254.169.254, 'fd00:ec2::254'], failover: [100.100.100.200], addresses: [169.254.169.254]"
    assert codes(hosts(f"- {{host: a.example.com, {entry}}}")) == ["EG265"] * 4
