"""Alerts in Prometheus's own engine: each fires for its reason and for no other, with the owner of its host."""

import re
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc import emit
from egressc.assets import chart_path
from tests.chart import Helm
from tests.lists import compile_text
from tests.metrics import RULES
from tests.promtool import Labels, check, fire, together
from tests.test_docs import ROOT, anchors

LIST = """
version: 1
defaults: {clients: [shop]}
gateways: [{name: team}, {name: there, adopt: {istio: egressgateway}, namespace: istio-egress}]
hosts:
- {host: api.example.com, owner: team-payments}
- host: db.example.com
  owner: '{{ $value }} "q"'
  ports: [{port: 5432, protocol: TCP}]
  tls: {mode: none, unverified: This is only a test.}
  addresses: [240.0.0.1]
- {host: one.example.com, gateway: team, owner: team-one}
- {host: two.example.com, gateway: team, owner: team-two}
- {host: plain.example.com}
- {host: adopted.example.com, gateway: there, owner: team-adopted}
- {host: direct.example.com, at: sidecar}
"""
OWNERS = {
    "api": "team-payments",
    "db": '{{ $value }} "q"',
    "one": "team-one",
    "two": "team-two",
}
CLUSTERS = {
    "api": ("api-example-com", "outbound|80||api.example.com"),
    "db": ("db-example-com", "outbound|5432||db.example.com"),
    "one": ("team", "outbound|80|carried|one.example.com"),
    "two": ("team", "outbound|80|carried|two.example.com"),
    "plain": ("plain-example-com", "outbound|80||plain.example.com"),
}
#: Metrics of an upstream, each with labels of its own, as they are while all is well.
UPSTREAM = {
    "envoy_cluster_membership_total": "1x120",
    "envoy_cluster_membership_healthy": "1x120",
    "envoy_cluster_upstream_cx_total": "0+10x120",
    "envoy_cluster_upstream_cx_active": "1x120",
    "envoy_cluster_upstream_cx_connect_fail": "0x120",
    "envoy_cluster_upstream_cx_overflow": "0x120",
    "envoy_cluster_upstream_rq_pending_overflow": "0x120",
    "envoy_cluster_ssl_fail_verify_san": "0x120",
    "envoy_cluster_ssl_fail_verify_error": "0x120",
    'envoy_cluster_upstream_rq{response_code_class="2xx"}': "0+60x120",
    'envoy_cluster_upstream_rq{response_code_class="5xx"}': "0x120",
}
GATEWAY = {
    "up": "1x120",
    'envoy_http_rbac{authz_enforce_result="denied"}': "0x120",
    'envoy_tcp{authz_enforce_result="denied"}': "0x120",
    'envoy_http_rbac{authz_dry_run_result="denied"}': "0x120",
    'envoy_tcp{authz_dry_run_result="denied"}': "0x120",
    "envoy_listener_ssl_fail_verify_san": "0x120",
    "envoy_listener_ssl_fail_verify_no_cert": "0x120",
    "envoy_listener_ssl_fail_verify_error": "0x120",
    "envoy_listener_manager_lds_update_rejected": "0x120",
    "envoy_cluster_manager_cds_update_rejected": "0x120",
}
GONE = "_x120"
COUNTING = "0+10x120"


def labelled(metric: str, **labels: str) -> str:
    name, _, own = metric.rstrip("}").partition("{")
    named = ",".join([own, *(f'{key}="{value}"' for key, value in labels.items())]).strip(",")
    return f"{name}{{{named}}}"


def of(host: str, metric: str) -> str:
    """A series of an upstream, as a scrape labels it."""
    gateway, cluster = CLUSTERS[host]
    return labelled(metric, namespace="egress", egressc_io_gateway=gateway, cluster_name=cluster)


def at(gateway: str, metric: str) -> str:
    """A series of a gateway."""
    return labelled(metric, namespace="egress", egressc_io_gateway=gateway)


def well() -> dict[str, str]:
    upstreams = {of(host, metric): values for host in CLUSTERS for metric, values in UPSTREAM.items()}
    gateways = {gateway for gateway, _ in CLUSTERS.values()}
    return upstreams | {at(one, metric): values for one in gateways for metric, values in GATEWAY.items()}


def printed(helm: Helm, **settings: Any) -> Any:
    """The rules that the chart prints for the list."""
    plan = compile_text(LIST).plan
    assert plan
    monitoring = {"monitoring": {"prometheusRule": {"enabled": True} | settings}}
    documents = helm.render(emit.values(plan) | monitoring)
    return together(documents)


def test_no_object_is_larger_than_the_operator_takes(helm4: Helm) -> None:
    """It puts each into one ConfigMap, of half of what Kubernetes takes."""
    plan = compile_text(LIST).plan
    assert plan
    one = emit.values(plan)["gateways"]["api-example-com"] | {"annotations": {"egressc.io/owner": "o" * 100}}
    many = {f"host-{number}": one | {"host": f"{'a' * 50}{number}.example.com"} for number in range(1010)}
    values = {"valuesVersion": 1, "gateways": many, "monitoring": {"prometheusRule": {"enabled": True}}}
    documents = helm4.render(values, options=["--show-only", "templates/monitoring/prometheus-rule.yaml"])
    assert sorted(name for _, _, name in documents) == [f"egress-gateways{end}" for end in ("", "-hosts-0", "-hosts-1")]
    assert max(len(yaml.safe_dump(one)) for one in documents.values()) < 512 * 1024
    rules = [rule for group in together(documents)["groups"] for rule in group["rules"]]
    assert len({rule["labels"]["host"] for rule in rules if "host" in rule.get("labels", {})}) == 1010


def about(host: str, severity: str) -> Labels:
    gateway, cluster = CLUSTERS[host]
    labels = {"namespace": "egress", "egressc_io_gateway": gateway, "cluster_name": cluster, "severity": severity}
    owner = {"owner": OWNERS[host]} if host in OWNERS else {}
    return labels | owner | {"host": f"{host}.example.com"}


def whole(gateway: str, severity: str, owner: str = "") -> Labels:
    labels = {"namespace": "egress", "egressc_io_gateway": gateway, "severity": severity}
    return labels | ({"owner": owner} if owner else {})


def every_series_of(*hosts: str) -> dict[str, str]:
    """All that the gateways of these hosts would have, gone."""
    gateways = {CLUSTERS[host][0] for host in hosts}
    return {series: GONE for series in well() for gateway in gateways if f'egressc_io_gateway="{gateway}"' in series}


CASES: dict[str, tuple[Mapping[str, str], Mapping[str, Sequence[Labels]]]] = {
    "all is well": ({}, {}),
    "no pod of a gateway": (
        every_series_of("api"),
        {"EgressGatewayWithoutPods": [whole("api-example-com", "critical", "team-payments")]},
    ),
    "no pod of a shared gateway: an alert for each owner": (
        every_series_of("one"),
        {"EgressGatewayWithoutPods": [whole("team", "critical", owner) for owner in ("team-one", "team-two")]},
    ),
    "pods that no scrape reaches, as they have no image": (
        every_series_of("plain") | {at("plain-example-com", "up"): "0x120"},
        {"EgressGatewayWithoutPods": [whole("plain-example-com", "critical")]},
    ),
    "an upstream is down": (
        {of("two", "envoy_cluster_membership_healthy"): "0x120"},
        {"EgressUpstreamDown": [about("two", "critical")]},
    ),
    "a gateway does not know its host": (
        {of("db", metric): GONE for metric in UPSTREAM},
        {"EgressUpstreamDown": [about("db", "critical")]},
    ),
    "its certificate is for another name": (
        {of("api", "envoy_cluster_ssl_fail_verify_san"): COUNTING},
        {"EgressUpstreamNotVerified": [about("api", "warning")]},
    ),
    "its certificate has expired": (
        {of("api", "envoy_cluster_ssl_fail_verify_error"): COUNTING},
        {"EgressUpstreamNotVerified": [about("api", "warning")]},
    ),
    "a tenth of the answers is 5xx": (
        {of("one", 'envoy_cluster_upstream_rq{response_code_class="5xx"}'): "0+6x120"},
        {"EgressUpstreamErrors": [about("one", "warning")]},
    ),
    "few answers are 5xx": ({of("one", 'envoy_cluster_upstream_rq{response_code_class="5xx"}'): "0+2x120"}, {}),
    "connections fail": (
        {of("db", "envoy_cluster_upstream_cx_connect_fail"): "0+1x120"},
        {"EgressConnectionsFail": [about("db", "warning")]},
    ),
    "connections over the limit": (
        {of("db", "envoy_cluster_upstream_cx_overflow"): COUNTING},
        {"EgressLimitReached": [about("db", "warning")]},
    ),
    "requests over the limit": (
        {of("api", "envoy_cluster_upstream_rq_pending_overflow"): COUNTING},
        {"EgressLimitReached": [about("api", "warning")]},
    ),
    "requests refused": (
        {at("api-example-com", 'envoy_http_rbac{authz_enforce_result="denied"}'): COUNTING},
        {"EgressCallersRefused": [whole("api-example-com", "info", "team-payments")]},
    ),
    "connections refused": (
        {at("plain-example-com", 'envoy_tcp{authz_enforce_result="denied"}'): COUNTING},
        {"EgressCallersRefused": [whole("plain-example-com", "info")]},
    ),
    "a handshake without a certificate": (
        {at("db-example-com", "envoy_listener_ssl_fail_verify_no_cert"): COUNTING},
        {"EgressHandshakesRefused": [whole("db-example-com", "info", OWNERS["db"])]},
    ),
    "a caller is reported": (
        {at("api-example-com", 'envoy_http_rbac{authz_dry_run_result="denied"}'): COUNTING},
        {"EgressCallersReported": [whole("api-example-com", "info", "team-payments")]},
    ),
    "a certificate ends after a week": (
        {of("api", "envoy_cluster_ssl_certificate_kubernetes_client_expiration_unix_time_seconds"): "604800x120"},
        {"EgressClientCertificateExpires": [about("api", "warning")]},
    ),
    "a CA in a file has ended": (
        {of("api", "envoy_cluster_ssl_certificate_file_cert_ca_expiration_unix_time_seconds"): "0x120"},
        {"EgressClientCertificateExpires": [about("api", "warning")]},
    ),
    "a certificate ends after a year": (
        {of("api", "envoy_cluster_ssl_certificate_kubernetes_client_expiration_unix_time_seconds"): "31536000x120"},
        {},
    ),
    "a configuration is rejected": (
        {at("team", "envoy_cluster_manager_cds_update_rejected"): "0+1x120"},
        {"EgressConfigurationRejected": [whole("team", "warning", owner) for owner in ("team-one", "team-two")]},
    ),
    "nobody calls a host, and no floor is set": (
        {of("api", metric): "0x120" for metric in UPSTREAM if "_rq{" in metric or "_cx_" in metric},
        {},
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def rules(helm4: Helm) -> Any:
    """The rules that the chart prints for the list."""
    return printed(helm4)


@pytest.mark.parametrize("name", CASES)
def test_an_alert_fires_for_its_reason_and_for_no_other(name: str, rules: Any, tmp_path: Path) -> None:
    changes, expected = CASES[name]
    fire(rules, well() | dict(changes), "100m", expected, tmp_path)


def test_each_alert_has_a_case() -> None:
    fired = {alert for _, expected in CASES.values() for alert in expected}
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    # its cases are those of the next test
    assert fired | {"EgressTrafficBelowFloor"} == {rule["alert"] for rule in group["rules"] if "alert" in rule}


def test_a_floor_is_one_for_requests_and_for_connections(helm4: Helm, tmp_path: Path) -> None:
    rules = printed(helm4, callsFloor=100)
    quiet = {
        of("api", 'envoy_cluster_upstream_rq{response_code_class="2xx"}'): "0+1x120",
        of("db", 'envoy_cluster_upstream_rq{response_code_class="2xx"}'): GONE,
        of("db", 'envoy_cluster_upstream_rq{response_code_class="5xx"}'): GONE,
        of("db", "envoy_cluster_upstream_cx_total"): "7x120",
    }
    expected = {"EgressTrafficBelowFloor": [about("api", "warning"), about("db", "warning")]}
    fire(rules, well() | quiet, "100m", expected, tmp_path)
    never = {of("plain", metric): GONE for metric in UPSTREAM if "_rq{" in metric or "_cx_" in metric}
    fire(rules, well() | never, "100m", {"EgressTrafficBelowFloor": [about("plain", "warning")]}, tmp_path)
    busy = {of("db", "envoy_cluster_upstream_cx_active"): "100x120"}
    fire(rules, well() | quiet | busy, "100m", {"EgressTrafficBelowFloor": [about("api", "warning")]}, tmp_path)


def test_without_a_list_alerts_have_no_owner(tmp_path: Path) -> None:
    """As Prometheus loads the file of the chart itself, or for hosts of another release."""
    rules = yaml.safe_load(RULES.read_text(encoding="utf-8"))
    bare = {key: value for key, value in about("api", "critical").items() if key not in ("owner", "host")}
    down = {of("api", "envoy_cluster_membership_healthy"): "0x120"}
    fire(rules, well() | down, "100m", {"EgressUpstreamDown": [bare]}, tmp_path)


def test_another_release_has_only_its_hosts(helm4: Helm) -> None:
    (group,) = printed(helm4, alerts=False)["groups"]
    assert {rule["record"] for rule in group["rules"]} == {"egressc:host:info"}
    clusters = {(rule["labels"]["egressc_io_gateway"], rule["labels"]["cluster_name"]) for rule in group["rules"]}
    assert clusters == set(CLUSTERS.values()), "pods that run already, and sidecars, are not scraped"


def test_promtool_takes_the_rules(helm4: Helm, tmp_path: Path) -> None:
    for rules in (printed(helm4, callsFloor=5), yaml.safe_load(RULES.read_text(encoding="utf-8"))):
        said = check(rules, tmp_path)
        assert said.returncode == 0, said.stdout + said.stderr
    broken = {"groups": [{"name": "a", "rules": [{"alert": "A", "expr": "sum("}]}]}
    assert check(broken, tmp_path).returncode != 0


def test_each_alert_leads_to_its_section(helm4: Helm) -> None:
    chart = yaml.safe_load((chart_path() / "Chart.yaml").read_text(encoding="utf-8"))
    page = f"{chart['sources'][0]}/docs/troubleshooting.md"
    there = ROOT / "docs" / "troubleshooting.md"
    own = "https://wiki.example.com/egress?page=1"
    for settings, base in (({}, page), ({"runbooks": own}, own)):
        rules = [rule for group in printed(helm4, **settings)["groups"] for rule in group["rules"] if "alert" in rule]
        for rule in rules:
            url, _, anchor = rule["annotations"]["runbook_url"].partition("#")
            assert url == base
            assert anchor in set(anchors(there)), rule["alert"]
            row = rf"^\| {rule['alert']} \|.+\]\(#{anchor}\) \|$"
            assert re.search(row, there.read_text(encoding="utf-8"), re.MULTILINE), rule["alert"]
