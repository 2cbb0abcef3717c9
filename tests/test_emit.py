"""Plan → values: defaults left out, times in seconds, every string quoted."""

from typing import Any

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from egressc import emit
from egressc.addresses import every_form
from egressc.emit import dump
from egressc.model import Duration
from egressc.plan.spelled import seconds
from egressc.schema import default
from tests.lists import compile_text, gateway, gateways, hosts


@pytest.mark.parametrize(
    ("milliseconds", "text"),
    [(1, "0.001s"), (10, "0.01s"), (1000, "1s"), (1500, "1.5s"), (60_000, "60s"), (100_000, "100s"), (0, "0s")],
)
def test_seconds(milliseconds: int, text: str) -> None:
    assert seconds(Duration.of(f"{milliseconds}ms")) == text


TREES = st.recursive(
    st.text() | st.integers(-(2**31), 2**31) | st.booleans(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=20,
)


@given(st.dictionaries(st.text(min_size=1), TREES, max_size=5))
def test_what_is_dumped_loads_back_equal(tree: dict[str, Any]) -> None:
    assert yaml.load(dump(tree), yaml.CSafeLoader) == tree


def test_every_string_is_quoted() -> None:
    compilation = compile_text(
        hosts("""
        - host: api.example.com
          description: 'no'
          clients: [{namespace: "1e3", podLabels: {y: '0o17'}}]
    """)
    )
    assert compilation.plan
    text = dump(emit.values(compilation.plan))
    for token in yaml.scan(text, yaml.CSafeLoader):
        if isinstance(token, yaml.ScalarToken) and not token.style:
            assert token.value.lstrip("-").isdigit() or token.value in {"true", "false"}


def test_what_nobody_says_is_the_chart_s() -> None:
    bare = gateway("- api.example.com")
    assert set(bare) == {"host", "namespace", "selector", "exportTo", "serviceExportTo", "ports", "endpoints", "pods"}


def test_what_the_list_says_is_emitted_also_where_the_chart_says_the_same() -> None:
    """The cluster's own values may say something else, and the list is nearer to the host."""
    said = gateway("""
        - host: api.example.com
          readiness: {interval: 10s, timeout: 3000ms, unhealthyThreshold: 3, healthyThreshold: 1}
          timeouts: {connect: 10s, idle: 60m}
          retries: {attempts: 2, retryOn: [reset-before-request, refused-stream, connect-failure]}
          drain: 30s
          autoscaling: {minReplicas: 2, maxReplicas: 5}
    """)
    assert said["readiness"] == {"interval": "10s", "timeout": "3s", "unhealthyThreshold": 3, "healthyThreshold": 1}
    assert said["connectionPool"] == {"connectTimeout": "10s", "idleTimeout": "3600s"}
    assert said["retries"] == {"attempts": 2, "retryOn": "connect-failure,refused-stream,reset-before-request"}
    assert said["drainSeconds"] == 30
    assert said["autoscaling"] == {"minReplicas": 2, "maxReplicas": 5}


def test_denied_ranges_that_are_written_out_are_emitted() -> None:
    ranges = default("host", "deniedRanges")
    said = gateway(f"- {{host: '*.example.com', deniedRanges: {ranges}}}")
    assert said["deniedRanges"] == list(every_form(ranges))
    assert "deniedRanges" not in gateway("- '*.example.com'")


@pytest.mark.parametrize(
    ("tls", "emitted"),
    [
        (
            "{}",
            {
                "mode": "SIMPLE",
                "caCertificates": "system",
                "sni": "a.example.com",
                "subjectAltNames": ["a.example.com"],
            },
        ),
        (
            "{secret: ca, sni: b.example.com}",
            {"mode": "SIMPLE", "credentialName": "ca", "sni": "b.example.com", "subjectAltNames": ["b.example.com"]},
        ),
        (
            "{mode: mutual, secret: s, sans: [c.example.com]}",
            {"mode": "MUTUAL", "credentialName": "s", "sni": "a.example.com", "subjectAltNames": ["c.example.com"]},
        ),
        (
            "{unverified: until RISK-1 is settled}",
            {"mode": "SIMPLE", "sni": "a.example.com", "insecureSkipVerify": True},
        ),
        (
            "{mode: mutual, secret: s, unverified: until RISK-1 is settled}",
            {"mode": "MUTUAL", "credentialName": "s", "sni": "a.example.com", "insecureSkipVerify": True},
        ),
        ("{mode: none, unverified: until RISK-1 is settled}", None),
    ],
)
def test_the_upstream_is_verified_by_name_unless_the_list_says_why_not(tls: str, emitted: object) -> None:
    (port,) = gateway(f"- {{host: a.example.com, tls: {tls}}}")["ports"]
    assert port.get("tls") == emitted


@pytest.mark.parametrize(
    ("entry", "check"),
    [
        ("", None),
        ("readiness: {path: /h}", {"path": "/h", "host": "a.example.com", "statuses": [{"start": 200, "end": 300}]}),
        (
            "readiness: {path: /h, statuses: [204]}, tls: {sni: b.example.com}",
            {"path": "/h", "host": "a.example.com", "statuses": [{"start": 204, "end": 205}]},
        ),
        (
            "tls: {mode: mutual, secret: s}",
            {"path": "/", "host": "a.example.com", "statuses": [{"start": 100, "end": 600}]},
        ),
        (
            "ports: [{port: 8443, protocol: GRPC}], tls: {mode: mutual, secret: s}",
            {"path": "/", "host": "a.example.com", "statuses": [{"start": 100, "end": 600}], "http2": True},
        ),
        ("ports: [{port: 465, protocol: TCP}], addresses: [240.0.0.1], tls: {mode: mutual, secret: s}", None),
        (
            "tls: {mode: passthrough}",
            {"tls": {"sni": "a.example.com", "subjectAltNames": ["a.example.com"], "caCertificates": "system"}},
        ),
        (
            "tls: {mode: passthrough, secret: ca}",
            {"tls": {"sni": "a.example.com", "subjectAltNames": ["a.example.com"], "credentialName": "ca"}},
        ),
        (
            "tls: {mode: passthrough, files: {ca: /c/ca, volumes: [{configMap: ca, mountPath: /c}]}}",
            {"tls": {"sni": "a.example.com", "subjectAltNames": ["a.example.com"], "caCertificates": "/c/ca"}},
        ),
        ("tls: {mode: passthrough}, readiness: {mode: gateway}", None),
    ],
)
def test_how_readiness_is_checked(entry: str, check: object) -> None:
    (port,) = gateway(f"- {{host: a.example.com, {entry}}}")["ports"]
    assert port.get("check") == check


def test_volumes_of_all_ports_are_mounted_once() -> None:
    values = gateway("""
        - host: a.example.com
          ports:
          - port: 80
            tls: {files: {ca: /a/ca, volumes: [{configMap: a, mountPath: /a}, {secret: b, mountPath: /b}]}}
          - port: 81
            tls: {files: {ca: /a/ca, volumes: [{configMap: a, mountPath: /a}, {configMap: c, mountPath: /c}]}}
    """)
    assert values["pods"]["volumes"] == [
        {"name": "certificates-0", "configMap": "a", "mountPath": "/a"},
        {"name": "certificates-1", "secret": "b", "mountPath": "/b"},
        {"name": "certificates-2", "configMap": "c", "mountPath": "/c"},
    ]


def test_settings_of_requests_are_not_emitted_where_there_are_none() -> None:
    text = """
        version: 1
        defaults: {clients: [shop], timeouts: {request: 5s, stream: 5s}, retries: {attempts: 0}}
        hosts:
        - a.example.com
        - {host: b.example.com, ports: [{port: 465, protocol: TCP}], addresses: [240.0.0.1]}
    """
    values = gateways(text)
    settings = {"requestTimeout", "streamTimeout", "retries"}
    assert settings <= set(values["a.example.com"])
    assert not settings & set(values["b.example.com"])


def test_files_of_revoked_certificates_are_read_where_an_upstream_is_verified() -> None:
    files = "{ca: /etc/ca/ca.crt, crl: /etc/ca/ca.crl, volumes: [{configMap: partner-ca, mountPath: /etc/ca}]}"
    plan = compile_text(f"""
        version: 1
        defaults: {{clients: [shop]}}
        hosts:
        - {{host: own.example.com, tls: {{files: {files}}}}}
        - {{host: checked.example.com, tls: {{mode: passthrough, files: {files}}}}}
    """).plan
    assert plan
    gateways = emit.values(plan)["gateways"]
    (own,), (checked,) = (gateways[f"{name}-example-com"]["ports"] for name in ("own", "checked"))
    assert own["tls"]["caCrl"] == checked["check"]["tls"]["caCrl"] == "/etc/ca/ca.crl"
