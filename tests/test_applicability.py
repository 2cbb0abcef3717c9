"""Where a setting does not apply: a host's own words are a finding, and what it inherits goes."""

from typing import Any

import pytest

from egressc.applicability import TABLE
from egressc.schema import field, resolve, schema
from tests.lists import codes, compile_text, found, gateways

HEAD = "version: 1\n"

#: Settings with a value that compiles where they apply, by path.
VALUES: dict[tuple[str, ...], str] = {
    ("namespace",): "egress-b",
    ("gateway",): "team",
    ("drain",): "20s",
    ("replicas",): "2",
    ("autoscaling",): "{maxReplicas: 4}",
    ("podDisruptionBudget",): "{maxUnavailable: 2}",
    ("resources",): "{requests: {cpu: 10m}}",
    ("enforcement",): "report",
    ("accessLog",): "true",
    ("gatewayProtocol",): "HTTP2",
    ("resolution",): "DNS",
    ("dnsRetry",): "5s",
    ("failover",): "[other.example.net]",
    ("deniedRanges",): "[10.0.0.0/8]",
    ("outlierDetection",): "{interval: 5s}",
    ("addresses",): "[240.0.0.1]",
    ("readiness",): "{interval: 5s}",
    ("timeouts", "request"): "5s",
    ("timeouts", "stream"): "5s",
    ("retries",): "{attempts: 1}",
    ("connectionPool", "maxPendingRequests"): "5",
    ("connectionPool", "maxRequests"): "5",
    ("connectionPool", "maxRequestsPerConnection"): "5",
    ("readiness", "path"): "/ready",
    ("readiness", "interval"): "5s",
}
#: Hosts where some of these do not apply, as the rest of their entry.
HOSTS = {
    "sidecar": "host: api.example.com, at: sidecar",
    "shared": "host: api.example.com, gateway: pods",
    "adopted": "host: api.example.com, gateway: running",
    "bytes": "host: db.example.com, ports: [{port: 9000, protocol: TCP}]",
    "wildcard": "host: '*.example.com'",
    "wildcard-proxy": "host: '*.example.com', proxy: {host: proxy.example.net, port: 3128}",
    "proxy": "host: api.example.com, proxy: {host: proxy.example.net, port: 3128}",
    "addresses": "host: api.example.com, endpoints: [192.0.2.1]",
    "unchecked": "host: api.example.com, readiness: {mode: gateway}",
    "plain": "host: api.example.com",
    "cased": "host: api.example.com, headers: {preserveCase: true}",
    "calls": "host: api.example.com, ports: [{port: 80, protocol: GRPC, upstreamPort: 443}]",
}
GATEWAYS = """
gateways:
- {name: team}
- {name: pods}
- {name: running, adopt: {app: gateway}}
"""
BESIDE = """
- {host: a.example.net, gateway: team}
- {host: b.example.net, gateway: pods}
- {host: c.example.net, gateway: running}
"""


def _list(host: str, defaults: str = "") -> str:
    rest = f", {defaults}" if defaults else ""
    return HEAD + GATEWAYS + f"defaults: {{clients: [shop]{rest}}}\nhosts:\n- {{{host}}}" + BESIDE


def _written(path: tuple[str, ...]) -> str:
    value = VALUES[path]
    for key in reversed(path[1:]):
        value = f"{{{key}: {value}}}"
    return f"{path[0]}: {value}"


def _entry(text: str, host: str) -> dict[str, Any]:
    values = gateways(text)
    return next(one for one in values.values() if one.get("host") == host)


@pytest.mark.parametrize(
    ("kind", "path"), [(kind, path) for kind, host in HOSTS.items() for path in VALUES if path[0] not in host]
)
def test_what_is_inherited_is_dropped_where_the_own_would_be_refused(kind: str, path: tuple[str, ...]) -> None:
    """No file's defaults make an entry wrong that would be right without them."""
    host, setting = HOSTS[kind], _written(path)
    assert not _errors(_list(host))
    if _errors(_list(f"{host}, {setting}")):
        assert not _errors(_list(host, setting))


def _errors(text: str) -> list[str]:
    warnings = ("EG256", "EG264", "EG269", "EG285")
    return [code for code in codes(text) if code not in warnings]


@pytest.mark.parametrize("path", TABLE, ids=".".join)
def test_the_table_has_settings_of_the_list(path: tuple[str, ...]) -> None:
    part = resolve(schema()["$defs"]["host"])
    for key in path:
        below = field(part, key)
        assert below is not None
        part = below


def test_failover_of_the_defaults_is_not_for_wildcards() -> None:
    assert found(HEAD + "defaults: {clients: [shop], failover: [b.example.net]}\nhosts: ['*.example.com']\n") == []


def test_failover_of_the_defaults_is_not_for_hosts_behind_a_proxy() -> None:
    text = HEAD + (
        "defaults: {clients: [shop], failover: [b.example.net], outlierDetection: {interval: 5s}}\n"
        "hosts:\n- {host: a.example.com, proxy: {host: proxy.example.net, port: 3128}}\n"
    )
    entry = gateways(text)["a.example.com"]
    assert not {"failover", "outlierDetection"} & {*entry}


def test_settings_of_a_shared_gateway_get_the_findings_of_a_host_s() -> None:
    settings = (
        "drain: 500ms, autoscaling: {minReplicas: 9, maxReplicas: 2}, podDisruptionBudget: {maxUnavailable: 0}, "
        "resources: {requests: {cpu: 2}, limits: {cpu: 1}}"
    )
    own = codes(HEAD + f"defaults: {{clients: [shop]}}\nhosts:\n- {{host: a.example.com, {settings}}}\n")
    text = HEAD + (
        f"gateways:\n- {{name: team, {settings}}}\ndefaults: {{clients: [shop]}}\n"
        "hosts:\n- {host: a.example.com, gateway: team}\n"
    )
    assert codes(text) == own == ["EG218", "EG219", "EG219", "EG219"]


def test_an_overlay_s_entry_is_the_host_s_own_and_its_defaults_are_not() -> None:
    bytes_only = "ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1]"
    text = HEAD + f"hosts:\n- {{host: db.example.com, clients: [shop], {bytes_only}}}\n"
    own = HEAD + "hosts:\n- {host: db.example.com, retries: {attempts: 1}}\n"
    inherited = HEAD + "defaults: {retries: {attempts: 1}}\nhosts: []\n"
    assert found(text, overlays=[own]) == ["overlay0.yaml:3:26 EG217"]
    assert found(text, overlays=[inherited]) == []


@pytest.mark.parametrize("default", ["HTTP", "HTTP2"])
def test_a_default_of_http2_is_for_hosts_that_lose_nothing(monkeypatch: pytest.MonkeyPatch, default: str) -> None:
    monkeypatch.setitem(schema()["$defs"]["host"]["properties"]["gatewayProtocol"], "default", default)
    found_over: dict[str, set[str]] = {}
    for mesh in ("istio: '1.31'", "istio: '1.30'", "envoyFilters: false"):
        for kind, host in HOSTS.items():
            beside = GATEWAYS.replace("- {name: team}\n", "") if "gateway:" in host else ""
            listed = f"defaults: {{clients: [shop]}}\nhosts:\n- {{{host}}}\n"
            plan = compile_text(f"{HEAD}mesh: {{{mesh}}}\n{beside}{listed}").plan
            if plan and any(gateway.host.over_http2 for gateway in plan.gateways):
                found_over.setdefault(mesh, set()).add(kind)
    takes = {"shared", "adopted", "wildcard", "wildcard-proxy", "proxy", "addresses", "unchecked", "plain"}
    assert found_over == ({"istio: '1.31'": takes} if default == "HTTP2" else {})
