import pytest

from tests.lists import codes, hosts

PROBE = "probe: {httpGet: {path: /h, port: 15021}}"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("readiness: {path: /h, statuses: [200-204, 404]}", []),
        ("readiness: {mode: gateway}", []),
        (f"readiness: {{mode: probe, {PROBE}}}", []),
        ("readiness: {mode: probe, probe: {httpGet: {path: /h, port: 15021}, periodSeconds: 5}}", []),
        ("readiness: {mode: probe, probe: {grpc: {port: 9090, service: s}}}", ["EG102", "EG101"]),
        ("readiness: {mode: probe, probe: {tcpSocket: {port: 15021}}}", ["EG102", "EG101"]),
        ("ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1], readiness: {interval: 5s}", []),
        ("ports: [{port: 9000, protocol: TCP}, {port: 80}], addresses: [240.0.0.1], readiness: {path: /h}", []),
        ("ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1], readiness: {path: /h}", ["EG216"]),
        ("tls: {mode: passthrough}, readiness: {path: /h}", ["EG216"]),
        ("readiness: {statuses: [200]}", ["EG216"]),
        ("readiness: {mode: gateway, healthyThreshold: 2}", ["EG216"]),
        ("readiness: {mode: probe}", ["EG216"]),
        (f"readiness: {{{PROBE}}}", ["EG216"]),
        ("readiness: {mode: probe, probe: {periodSeconds: 5}}", ["EG102"]),
        ("readiness: {path: /h, statuses: [204-200]}", ["EG219"]),
        ("ports: [{port: 80, readiness: {mode: gateway}}]", []),
        ("ports: [{port: 80, readiness: {mode: gateway}}], readiness: {mode: gateway}", []),
        ("ports: [{port: 80, readiness: {mode: gateway}}], readiness: {interval: 5s}", ["EG216"]),
        ("ports: [{port: 80, readiness: {mode: upstream}}], readiness: {mode: gateway}", ["EG216"]),
        ("ports: [{port: 80, readiness: {mode: gateway}}, {port: 81}], failover: [b.example.com]", ["EG270"]),
    ],
)
def test_readiness(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {entry}}}")) == expected


def test_a_path_of_the_defaults_is_for_those_that_have_requests() -> None:
    text = "version: 1\ndefaults: {clients: [shop], readiness: {path: /h, statuses: [200]}}\nhosts:\n"
    bytes_only = "ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1]"
    assert not codes(text + f"- a.example.com\n- {{host: b.example.com, {bytes_only}}}\n")
