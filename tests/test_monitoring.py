"""Alerts and dashboard: PromQL that parses, of series that a scrape labels, printed as they stand in the chart."""

import json
import re
from typing import Any

import pytest
import yaml

from egressc import emit
from tests.chart import Documents, Helm
from tests.conftest import Render
from tests.lists import compile_text
from tests.metrics import DASHBOARD, OF_THE_SCRAPE, RULES, alerts, panels, scraped, selectors

EXPRESSIONS = [*alerts().items(), *((title, one) for title, found in panels().items() for one in found)]
COUNTED = """
version: 1
defaults: {clients: [shop]}
gateways: [{name: team}, {name: nobody}, {name: there, adopt: {istio: egressgateway}, namespace: istio-egress}]
hosts:
- api.example.com
- {host: bank.example.com, gateway: team}
- {host: db.example.com, gateway: team, ports: [{port: 80}, {port: 443, protocol: TLS}]}
- {host: "*.shared.example.com", gateway: team}
- {host: "*.wild.example.com", ports: [{port: 80}, {port: 443, protocol: TLS}]}
- {host: adopted.example.com, gateway: there}
"""
ON = {"enabled": True, "namespace": "monitoring", "labels": {"release": "prometheus"}}


def spec(documents: Documents, kind: str) -> Any:
    (document,) = [document for (of, _, _), document in documents.items() if of == kind]
    assert document["metadata"]["namespace"] == "monitoring"
    assert document["metadata"]["labels"]["release"] == "prometheus"
    return document.get("spec", document.get("data"))


def test_nothing_is_printed_unasked(render: Render) -> None:
    assert render({}) == {}


def test_the_rules_are_printed_as_they_stand(render: Render) -> None:
    documents = render({"monitoring": {"prometheusRule": ON}})
    assert spec(documents, "PrometheusRule") == yaml.safe_load(RULES.read_text(encoding="utf-8"))
    assert render({"monitoring": {"prometheusRule": ON | {"alerts": False}}}) == {}, "a release without hosts"


def test_the_dashboard_is_printed_as_it_stands(render: Render) -> None:
    documents = render({"monitoring": {"dashboard": ON | {"annotations": {"grafana_folder": "Istio"}}}})
    ((name, text),) = spec(documents, "ConfigMap").items()
    assert name.endswith(".json")
    assert json.loads(text) == json.loads(DASHBOARD.read_text(encoding="utf-8"))
    (document,) = documents.values()
    assert document["metadata"]["labels"]["grafana_dashboard"] == "1"
    assert document["metadata"]["annotations"] == {"grafana_folder": "Istio"}


def test_the_scrape_gives_the_labels_that_are_asked_for(render: Render) -> None:
    monitor = spec(render({"monitoring": {"podMonitor": ON | {"interval": "15s"}}}), "PodMonitor")
    assert monitor["selector"] == {"matchExpressions": [{"key": "egressc.io/gateway", "operator": "Exists"}]}
    assert monitor["namespaceSelector"] == {"any": True}
    # the operator writes a pod's label with underscores, and the pod's namespace by itself
    labels = {label.replace(".", "_").replace("/", "_") for label in monitor["podTargetLabels"]}
    assert labels | {"namespace"} == OF_THE_SCRAPE
    assert [one["interval"] for one in monitor["podMetricsEndpoints"]] == ["15s"]


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS)
def test_every_expression_asks_gateways_alone(name: str, expression: str) -> None:
    asked = selectors(expression)
    assert asked, name
    for selector in asked:
        if selector.text.startswith("egressc:"):
            continue  # it has nothing but gateways
        assert "egressc_io_gateway" in {label for label, _, _ in selector.matchers}, selector.text


@pytest.fixture(scope="module")
def counted(helm4: Helm) -> dict[str, re.Pattern[str]]:
    """What the pods of each gateway count of upstreams, by the gateway's name."""
    plan = compile_text(COUNTED).plan
    assert plan
    deployments = {key[2]: one for key, one in helm4.render(emit.values(plan)).items() if key[0] == "Deployment"}
    found = {}
    for name, deployment in deployments.items():
        settings = yaml.safe_load(deployment["spec"]["template"]["metadata"]["annotations"]["proxy.istio.io/config"])
        found[name] = re.compile(settings["proxyStatsMatcher"]["inclusionRegexps"][0])
    return found


def statistic(host: str, port: int = 443, name: str = "upstream_cx_total", mark: str = "") -> str:
    """As Envoy writes it."""
    return f"cluster.outbound|{port}|{mark}|{host};.{name}"


def test_pods_of_one_host_count_that_host(counted: dict[str, re.Pattern[str]]) -> None:
    carried = {
        "api-example-com": ["api.example.com"],
        "team": [],
        "any---wild-example-com": ["*.wild.example.com"],
        "nobody": [],
    }
    assert set(counted) == set(carried), "pods that run already are not ours to count"
    hosts = ["api.example.com", "bank.example.com", "*.wild.example.com", "adopted.example.com"]
    for gateway, names in carried.items():
        for port in (80, 443):
            found = [host for host in hosts if counted[gateway].fullmatch(statistic(host, port))]
            assert found == names, gateway


def test_shared_pods_count_what_is_marked_as_theirs(counted: dict[str, re.Pattern[str]], helm4: Helm) -> None:
    plan = compile_text(COUNTED).plan
    assert plan
    filters = {key[2]: one for key, one in helm4.render(emit.values(plan)).items() if key[2].endswith(".statistics")}
    marks = [
        (patch["match"]["cluster"], patch["patch"]["value"]["alt_stat_name"])
        for one in filters.values()
        for patch in one["spec"]["configPatches"]
    ]
    assert {cluster["service"] for cluster, _ in marks} == {
        "bank.example.com",
        "db.example.com",
        "*.shared.example.com",
    }
    for cluster, name in marks:
        assert name == f"outbound|{cluster['portNumber']}|carried|{cluster['service']};"
        assert counted["team"].fullmatch(f"cluster.{name}.upstream_cx_total")
    assert not counted["team"].fullmatch(statistic("bank.example.com"))


def test_a_host_more_on_shared_pods_changes_nothing_of_them() -> None:
    text = "version: 1\ndefaults: {clients: [shop], gateway: team}\ngateways: [{name: team}]\nhosts: [a.example.com"
    fewer, more = (compile_text(f"{text}{rest}]\n").plan for rest in ("", ", b.example.com, '*.c.example.com'"))
    assert fewer
    assert more
    assert emit.values(fewer)["gateways"]["team"] == emit.values(more)["gateways"]["team"]


@pytest.mark.parametrize(
    "neighbour",
    [
        "my-api.example.com",
        "a.api.example.com",
        "api.example.com.au",
        "apixexample.com",
        "pi.example.com",
        "api.example",
    ],
)
def test_a_neighbour_s_name_is_another_one(counted: dict[str, re.Pattern[str]], neighbour: str) -> None:
    assert counted["api-example-com"].fullmatch(statistic("api.example.com"))
    for name in ("upstream_cx_total", "membership_total", "ssl.certificate.kubernetes.x.expiration_unix_time_seconds"):
        assert not counted["api-example-com"].fullmatch(statistic(neighbour, name=name))


@pytest.mark.parametrize(
    "name", ["a.wild.example.com", "x.wild.example.com", "wild.example.com", "*.very.wild.example.com"]
)
def test_a_wildcard_s_star_is_a_star(counted: dict[str, re.Pattern[str]], name: str) -> None:
    assert not counted["any---wild-example-com"].fullmatch(statistic(name))


def test_what_is_no_promql_is_found() -> None:
    with pytest.raises(ValueError, match="parenthesis"):
        selectors("sum(rate(envoy_tcp[5m])")


@pytest.mark.parametrize(
    ("expression", "found"),
    [
        ("envoy_http_rbac", True),
        ('envoy_http_rbac{authz_enforce_result="denied", namespace="x"}', True),
        ('{__name__=~"envoy_(http|tcp)_rbac", authz_dry_run_result=""}', True),
        ('rate(envoy_http_rbac{authz_enforce_result!="denied"}[5m])', False),
        ('{__name__=~"envoy_http"}', False),
    ],
)
def test_a_selector_finds_what_prometheus_would(expression: str, found: bool) -> None:
    (series,) = scraped('# TYPE envoy_http_rbac counter\nenvoy_http_rbac{authz_enforce_result="denied",a="b|c"} 17\n')
    assert series == {"__name__": "envoy_http_rbac", "authz_enforce_result": "denied", "a": "b|c"}
    (selector,) = selectors(expression)
    assert selector.finds(series) == found


def test_every_alert_says_what_it_means() -> None:
    (group,) = yaml.safe_load(RULES.read_text(encoding="utf-8"))["groups"]
    for rule in group["rules"]:
        if "alert" in rule:
            assert rule["labels"]["severity"] in ("critical", "warning", "info")
            assert rule["annotations"]["summary"]


@pytest.mark.parametrize(("name", "expression"), EXPRESSIONS)
def test_no_rate_goes_over_several_metrics(name: str, expression: str) -> None:
    """Prometheus takes the name away before it sums up, and then refuses two series with the same labels."""
    assert not re.search(r"(rate|increase)\(\{", expression), name


def test_what_is_red_comes_first() -> None:
    """At the top of the page, and as it is now, whatever time the page shows."""
    first, second, *rest = json.loads(DASHBOARD.read_text(encoding="utf-8"))["panels"]
    for panel in (first, second):
        assert panel["gridPos"]["y"] == 0
        assert all(target["instant"] for target in panel["targets"])
    assert "ALERTS" in first["targets"][0]["expr"]
    below = first["gridPos"]["h"]
    assert all(panel["gridPos"]["y"] >= below for panel in rest)
