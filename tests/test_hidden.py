"""No finding shows what is secret, whatever a list holds and however findings are shown."""

import pytest

from egressc import hidden, report
from tests.lists import compile_text, hosts

WORD = "sEcreT0word"
PLACES = [
    "- {}",
    "- {{host: '{}'}}",
    "- {{hosts: ['{}']}}",
    "- {{host: a.example.com, clients: ['{}']}}",
    "- {{host: a.example.com, clients: '{}'}}",
    "- {{host: a.example.com, endpoints: ['{}']}}",
    "- {{host: a.example.com, proxy: '{}'}}",
    "- {{host: a.example.com, tls: {{sni: '{}'}}}}",
    "- {{host: a.example.com, tls: {{mode: '{}'}}}}",
    "- {{host: a.example.com, '{}': 1}}",
    "- {{host: a.example.com, url: '{}'}}",
    "- {{host: a.example.com, headers: {{request: {{set: {{'a b': '{}'}}}}}}}}",
    "- {{host: a.example.com, headers: {{x-a: '{}'}}}}",
    "- {{host: a.example.com, headers: {{request: '{}'}}}}",
    "- {{host: a.example.com, clients: [{{namespace: a, paths: ['{}']}}]}}",
    "- {{host: a.example.com, clients: [{{namespace: a, paths: ['/x//{}']}}]}}",
]
SECRETS = [
    f"https://user:{WORD}@api.example.com/v1",
    f"mongodb+srv://user:{WORD}@cluster0.example.net/db",
    f"postgres://user:a/{WORD}@db.example.net:5432/x",
    f"postgres://user:a@{WORD}@db.example.net:5432/x",
    f"redis://:{WORD}{'x' * 100}@cache.example.net:6379",
    f"user:{WORD}@db.example.net",
    f"https://api.example.com/v1?sig={WORD}",
    f"https://hooks.slack.com/services/T01/B02/{WORD}",
    f"https://discord.com/api/webhooks/123/{WORD}",
    f"https://api.telegram.org/bot123:{WORD}/sendMessage",
    f"Server=tcp:sql.example.net,1433;Password={WORD}",
    f"Endpoint=sb://bus.example.net/;SharedAccessKey={WORD}=",
]
TOKENS = ["ghp_{}abcdefgh", "Bearer {}", "glpat-{}abcdefgh", "sk_live_{}abcdefgh", "eyJ{}abc.def"]


@pytest.mark.parametrize("form", sorted(report.FORMATS))
def test_no_format_shows_a_password(form: str) -> None:
    for place in PLACES:
        for secret in SECRETS:
            findings = compile_text(hosts(place.format(secret))).findings
            assert findings, place.format(secret)
            assert WORD not in report.FORMATS[form](findings), place.format(secret)


@pytest.mark.parametrize("token", TOKENS)
def test_no_finding_shows_a_token(token: str) -> None:
    for place in PLACES:
        findings = compile_text(hosts(place.format(token.format(WORD)))).findings
        assert WORD not in report.as_json(findings), place


@pytest.mark.parametrize(
    "text", ["an address, 10.0.0.0/8", "https://api.example.com/v1", "git@github.com", "Basic words", "a:b"]
)
def test_other_text_is_shown(text: str) -> None:
    assert hidden.value(text) == text


@pytest.mark.parametrize(
    "value", ["Bearer abc", "Basic dXNlcjpwdw==", "ghp_0123456789abc", "AKIAIOSFODNN7EXAMPLE", "xoxb-123456789"]
)
def test_a_token_is_known_by_its_value(value: str) -> None:
    assert hidden.is_token(value)


@pytest.mark.parametrize("value", ["2026-11", "web", "no-store", "application/json", "bearer"])
def test_other_values_are_no_tokens(value: str) -> None:
    assert not hidden.is_token(value)
