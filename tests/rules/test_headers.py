import pytest

from tests.lists import codes, compile_text, gateway, hosts


@pytest.mark.parametrize(
    ("headers", "expected"),
    [
        ("request: {set: {X-Api-Version: '1'}, remove: [X-Debug], keep: [traceparent]}", []),
        ("request: {set: {X-Forwarded-Proto: https, x-request-id: none}}", []),
        ("request: {remove: [traceparent]}", []),
        ("request: {set: {host: www.example.com}}", ["EG240"]),
        ("response: {set: {Host: www.example.com}}", []),
        ("response: {set: {server: ours}, remove: [Date]}", ["EG240"]),
        ("request: {set: {server: ours}}", []),
        (
            "request: {set: {X-Envoy-Original-Path: /}, remove: [x-forwarded-client-cert, TE, Content-Length]}",
            ["EG240"] * 4,
        ),
        ("credential: {name: Host, secret: token}", ["EG240"]),
        ("credential: {name: x-envoy-token, secret: token}", ["EG240"]),
        ("request: {set: {':path': /}}", ["EG104"]),
        ('request: {set: {X-A: "two\\nlines"}}', ["EG104"]),
        ("request: {set: {X-A: '1', x-a: '1'}}", ["EG241"]),
        ("request: {remove: [X-A, x-a]}", ["EG241"]),
        ("request: {set: {X-A: '1'}, remove: [x-a]}", ["EG241"]),
        ("request: {remove: [B3], keep: [b3]}", ["EG241"]),
        ("credential: {secret: token}, request: {remove: [authorization]}", ["EG241"]),
        ("credential: {secret: token}, response: {remove: [authorization]}", []),
        ("request: {keep: [x-forwarded-client-cert]}", ["EG104"]),
        ("request: {set: {Cookie: session}}", ["EG242"]),
        ("response: {set: {Cookie: session}}", []),
    ],
)
def test_headers(headers: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, headers: {{{headers}}}}}")) == expected


def test_a_credential_needs_pods_of_ours_and_a_verified_upstream() -> None:
    adopted = "gateways: [{name: old, adopt: {istio: egress}}]\n"
    entry = "- {host: api.example.com, gateway: old, headers: {credential: {secret: token}}}"
    assert codes(adopted + hosts(entry)) == ["EG243"]
    reason = "tls: {mode: none, unverified: A leased line.}"
    warned = compile_text(hosts(f"- {{host: api.example.com, {reason}, headers: {{credential: {{secret: token}}}}}}"))
    assert [(finding.code, finding.level) for finding in warned.findings] == [("EG244", "warning")]
    assert warned.plan


def test_headers_need_requests() -> None:
    port = "ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1]"
    assert codes(hosts(f"- {{host: db.example.com, {port}, headers: {{request: {{remove: [x-a]}}}}}}")) == ["EG217"]
    inherited = "version: 1\ndefaults: {clients: [shop], headers: {credential: {secret: token}}}\n"
    values = compile_text(f"{inherited}hosts:\n- {{host: db.example.com, {port}}}\n")
    assert not values.findings


def test_names_are_in_lower_case_and_values_stand_for_themselves() -> None:
    values = gateway(
        "- {host: api.example.com, headers: {request: {set: {X-Discount: 5 %REQ(x)%}, remove: [X-B, X-A]}}}"
    )
    assert values["headers"] == {"request": {"set": {"x-discount": "5 %%REQ(x)%%"}, "remove": ["x-a", "x-b"]}}


SECRETIVE = """
Authorization Proxy-Authorization Cookie X-Api-Key api-key apikey X-Auth-Token X-Goog-Api-Key X-Functions-Key DD-API-KEY
Ocp-Apim-Subscription-Key X-Vault-Token PRIVATE-TOKEN X-Shopify-Access-Token X-Hub-Signature-256 X-Amz-Security-Token
X-Csrf-Token x_api_key X-Secret X-Session-Id sessionid phpsessid X-Password X-Passwd X-Pwd X-JWT-Assertion X-Credentials
accesstoken X-AuthToken X-Pin X-License-Key
"""
OPEN = """
Accept X-Author X-Authority X-Keyboard X-Keyword X-Monkey X-Api-Version Idempotency-Key X-Cache-Key Surrogate-Key
X-Public-Key X-Tokenizer X-Secretary X-Obsession X-Design X-Signal X-Pinned X-Tenant-Id X-Client-Id X-Passenger
"""


@pytest.mark.parametrize("name", SECRETIVE.split())
def test_what_carries_a_secret_by_its_name(name: str) -> None:
    assert codes(hosts(f"- {{host: api.example.com, headers: {{request: {{set: {{{name}: x}}}}}}}}")) == ["EG242"]


@pytest.mark.parametrize("name", OPEN.split())
def test_what_does_not(name: str) -> None:
    assert not codes(hosts(f"- {{host: api.example.com, headers: {{request: {{set: {{{name}: x}}}}}}}}"))


@pytest.mark.parametrize(
    ("headers", "dropped", "removed"),
    [
        ("request: {set: {X-Tenant: a}}", True, None),
        ("request: {remove: [X-Debug]}", True, ["x-debug"]),
        ("credential: {name: X-Partner, secret: token}", True, None),
        ("request: {set: {x_tenant_id: a}}", True, ["x-tenant-id"]),
        ("credential: {name: x_partner-id, secret: token}", True, ["x-partner-id"]),
        ("request: {set: {x_a: '1', X-A: '2'}}", True, None),
        ("request: {remove: [x_b, X-C]}", True, ["x-b", "x-c", "x_b"]),
        ("request: {set: {x_request_id: a}, keep: [x-request-id]}", True, None),
        ("credential: {secret: token}", False, None),
        ("response: {set: {X-A: '1'}}", False, None),
    ],
)
def test_other_spellings(headers: str, dropped: bool, removed: list[str] | None) -> None:
    values = gateway(f"- {{host: api.example.com, headers: {{{headers}}}}}")
    assert values.get("dropUnderscores", False) is dropped
    assert values.get("headers", {}).get("request", {}).get("remove") == removed


@pytest.mark.parametrize(
    "value", ["Bearer 0123456789", "ghp_0123456789abcdef", "glpat-0123456789", "eyJhbGciOi.eyJzdWIi.c2ln"]
)
def test_a_token_in_a_header_of_any_name(value: str) -> None:
    entry = "- {host: api.example.com, headers: {request: {set: {x-caller: %s}%s}}}"
    assert codes(hosts(entry % (value, ""))) == ["EG242"]
    assert not codes(hosts(entry % (value, ", notSecret: [X-Caller]")))


def test_what_is_said_to_be_no_secret_is_a_header_that_is_set() -> None:
    entry = "- {host: api.example.com, headers: {request: {set: {x-a: b}, notSecret: [x-b]}}}"
    assert codes(hosts(entry)) == ["EG109"]
