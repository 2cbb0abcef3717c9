import pytest

from tests.lists import codes, compile_text, hosts


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        (
            "externalAuthorization: {opa: {image: o, policy: p, resources: {requests: {cpu: 2}, limits: {cpu: 1}}}}",
            ["EG219"],
        ),
        ("externalAuthorization: {opa: {image: o, policy: p, resources: {requests: {cpu: 1}, limits: {cpu: 1}}}}", []),
        ("reviewBy: 2028-02-29", []),
        ("reviewBy: 2027-02-29", ["EG221"]),
        ("timeouts: {request: 1s}, retries: {perTry: 1s}", []),
    ],
)
def test_numbers(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {entry}}}")) == expected


def test_a_try_that_takes_longer_than_its_request_is_only_doubtful() -> None:
    compilation = compile_text(hosts("- {host: api.example.com, timeouts: {request: 1s}, retries: {perTry: 2s}}"))
    assert [(finding.code, finding.level) for finding in compilation.findings] == [("EG219", "warning")]
    assert compilation.plan


@pytest.mark.parametrize(
    "entry", ["retries: {attempts: 1}", "timeouts: {request: 1s}", "connectionPool: {maxRequests: 1}"]
)
def test_settings_of_requests(entry: str) -> None:
    tcp = "ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1]"
    mixed = "ports: [{port: 9000, protocol: TCP}, {port: 80}], addresses: [240.0.0.1]"
    assert codes(hosts(f"- {{host: api.example.com, {tcp}, {entry}}}")) == ["EG217"]
    assert not codes(hosts(f"- {{host: api.example.com, {mixed}, {entry}}}"))
    inherited = f"version: 1\ndefaults: {{clients: [shop], {entry}}}\nhosts:\n- {{host: api.example.com, {tcp}}}\n"
    assert not codes(inherited)
