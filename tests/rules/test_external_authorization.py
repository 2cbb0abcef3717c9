import pytest

from tests.lists import codes, compile_text, gateways, hosts

OPA = "opa: {image: opa, policy: partner-policy}"


@pytest.mark.parametrize(
    ("outside", "expected"),
    [
        (OPA, []),
        ("provider: company-authorizer", []),
        (f"{OPA}, failOpen: true", []),
        ("failOpen: true", ["EG247"]),
        (f"{OPA}, provider: company-authorizer", ["EG247"]),
        ("opa: {image: opa}", ["EG247"]),
        ("opa: {}", ["EG247", "EG247"]),
        ("opa: {image: opa, policy: partner-policy, timeout: 0s}", ["EG218"]),
        ("opa: {image: opa, policy: partner-policy, decision: data.a.b}", ["EG104"]),
        (
            "opa: {image: opa, policy: partner-policy, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}",
            ["EG219"],
        ),
        ("provider: company-authorizer, failOpen: true", ["EG249"]),
    ],
)
def test_who_decides(outside: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, externalAuthorization: {{{outside}}}}}")) == expected


def test_an_opa_has_pods_of_its_own_and_a_provider_needs_none() -> None:
    shared = "gateways: [{name: partners}]\n"
    entry = "- {{host: api.example.com, gateway: partners, externalAuthorization: {{{}}}}}"
    assert codes(shared + hosts(entry.format(OPA))) == ["EG248"]
    assert codes(shared + hosts(entry.format("provider: company-authorizer"))) == []


def test_a_host_s_provider_takes_the_place_of_an_inherited_opa() -> None:
    inherited = f"version: 1\ndefaults: {{clients: [shop], externalAuthorization: {{{OPA}, failOpen: true}}}}\nhosts:\n"
    entries = "- api.example.com\n- {host: other.example.com, externalAuthorization: {provider: company-authorizer}}\n"
    values = gateways(inherited + entries)
    assert values["api.example.com"]["externalAuthorization"]["failOpen"] is True
    assert values["other.example.com"]["externalAuthorization"] == {"provider": "company-authorizer"}
    assert compile_text(inherited + entries).plan
