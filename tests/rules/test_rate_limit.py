import pytest

from tests.lists import codes, compile_text, gateway, hosts


@pytest.mark.parametrize(
    ("limit", "expected"),
    [
        ("requests: 100, per: 1m", []),
        ("perClient: {requests: 10, per: 1s}", []),
        ("requests: 100, per: 1m, perClient: {requests: 100, per: 1m}", []),
        ("requests: 100, per: 1m, perClient: {requests: 101, per: 1m}", ["EG219"]),
        ("requests: 100, per: 1s, perClient: {requests: 1000, per: 1h}", []),
        ("requests: 100, per: 1h, perClient: {requests: 10, per: 1s}", []),
        ("requests: 100", ["EG245"]),
        ("per: 1m", ["EG245"]),
        ("requests: 0, per: 1m", ["EG104"]),
        ("requests: 1, per: 1500ms", ["EG218"]),
        ("requests: 1, per: 0s", ["EG218"]),
        ("requests: 1, per: 25h", ["EG218"]),
        ("perClient: {requests: 1}", ["EG102"]),
    ],
)
def test_limits(limit: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, rateLimit: {{{limit}}}}}")) == expected


def test_a_port_that_is_not_counted_is_said() -> None:
    ports = "ports: [{port: 80}, {port: 9000, protocol: TCP}], addresses: [240.0.0.1]"
    warned = compile_text(hosts(f"- {{host: api.example.com, {ports}, rateLimit: {{requests: 1, per: 1s}}}}"))
    assert [(finding.code, finding.level) for finding in warned.findings] == [("EG246", "warning")]
    alone = "ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1]"
    assert codes(hosts(f"- {{host: db.example.com, {alone}, rateLimit: {{requests: 1, per: 1s}}}}")) == ["EG217"]


@pytest.mark.parametrize(
    ("limit", "seconds"),
    [
        ("requests: 100, per: 1m", 1),
        ("requests: 7, per: 1m", 9),
        ("requests: 100, per: 1m, perClient: {requests: 1, per: 1h}", 3600),
    ],
)
def test_a_refused_client_is_told_when_the_slower_limit_has_room_again(limit: str, seconds: int) -> None:
    assert gateway(f"- {{host: api.example.com, rateLimit: {{{limit}}}}}")["rateLimit"]["retryAfter"] == seconds


RATES = {
    "client": {"perClient": {"requests": 1000, "per": "1s"}, "policy": '"client";q=1000;w=1', "retryAfter": 1},
    "all": {"requests": 5, "per": "1s", "policy": '"all";q=5;w=1', "retryAfter": 1},
}


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("host: '*.example.com'", "client"),
        ("host: '*.example.com', rateLimit: {requests: 5, per: 1s}", "all"),
        ("host: '*.example.com', proxy: {host: proxy.example.net, port: 3128}, readiness: {mode: gateway}", None),
        ("host: '*.example.com', endpoints: [192.0.2.1]", None),
        ("host: '*.example.com', tls: {mode: passthrough}", None),
        ("host: api.example.com", None),
    ],
)
def test_names_are_asked_for_with_a_limit(entry: str, expected: str | None) -> None:
    limit = gateway(f"- {{{entry}}}").get("rateLimit")
    assert limit == RATES.get(expected or "")
