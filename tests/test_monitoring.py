"""Alerts and dashboard: PromQL that parses, of series that a scrape labels, printed as they stand in the chart."""

import json
from typing import Any

import pytest
import yaml

from tests.chart import Documents
from tests.conftest import Render
from tests.metrics import DASHBOARD, OF_THE_SCRAPE, RULES, alerts, panels, scraped, selectors

EXPRESSIONS = [*alerts().items(), *((title, one) for title, found in panels().items() for one in found)]
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
        assert "egressc_io_gateway" in {label for label, _, _ in selector.matchers}, selector.text


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
        assert rule["labels"]["severity"] in ("critical", "warning", "info")
        assert rule["annotations"]["summary"]
