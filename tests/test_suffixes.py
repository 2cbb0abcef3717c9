"""Public suffixes, and what a wildcard below one of them, or above, is told."""

import pytest

from egressc.suffixes import below
from tests.lists import codes, compile_text, hosts

REGISTRIES = ["co.uk", "com.au", "gov.uk", "kobe.jp", "ne.jp", "xn--55qx5d.cn"]
PROVIDERS = [
    *("github.io", "cloudfront.net", "azureedge.net", "blob.core.windows.net", "trafficmanager.net", "googleapis.com"),
    *("s3.amazonaws.com", "eu-west-1.compute.amazonaws.com", "herokuapp.com", "run.app"),
]
ABOVE = ["amazonaws.com", "core.windows.net", "windows.net", "compute.amazonaws.com"]
OWNED = ["example.com", "example.co.uk", "city.kobe.jp", "acme.github.io", "microsoft.com", "corp.internal"]


@pytest.mark.parametrize(
    ("domain", "giver"),
    [
        *((domain, "registry") for domain in REGISTRIES),
        *((domain, "provider") for domain in (*PROVIDERS, *ABOVE)),
        *((domain, None) for domain in OWNED),
    ],
)
def test_who_gives_names(domain: str, giver: str | None) -> None:
    assert below(domain) == giver


@pytest.mark.parametrize("more", ["", ", speaks: https", ", speaks: [http, https]", ", gateway: team"])
@pytest.mark.parametrize(
    ("domain", "level"),
    [
        *((one, "error") for one in REGISTRIES),
        *((one, "warning") for one in (*PROVIDERS, *ABOVE)),
        ("example.com", None),
    ],
)
def test_a_wildcard_over_names_of_anybody(domain: str, level: str | None, more: str) -> None:
    text = "version: 1\ngateways: [{name: team}]\ndefaults: {clients: [shop]}\nhosts:\n"
    text += f"- {{host: '*.{domain}'{more}}}\n- {{host: b.example.net, gateway: team}}\n"
    levels = [one.level for one in compile_text(text).findings if one.code == "EG266"]
    assert levels == ([level] if level else [])


@pytest.mark.parametrize("domain", [*REGISTRIES, *PROVIDERS])
def test_names_that_lead_to_one_place_open_no_others(domain: str) -> None:
    assert not codes(hosts(f"- {{host: '*.{domain}', endpoints: [192.0.2.1]}}"))
    assert not codes(hosts(f"- acme.{domain}"))
