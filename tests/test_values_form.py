"""What the chart's schema refuses in values that were changed by hand: what would let in more than it says."""

import copy
from typing import Any

import jsonschema
import pytest

from docs import schemas
from egressc import emit
from tests.lists import compile_text, hosts

NAME = "a-example-com"
RESERVED = (
    *("egressc.io/gateway", "egressc.io/namespace", "istio.io/dataplane-mode", "istio.io/rev"),
    *("service.istio.io/canonical-name", "sidecar.istio.io/inject"),
)


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    plan = compile_text(hosts("- {host: a.example.com, tls: {mode: passthrough}, deny: [{namespace: web}]}")).plan
    assert plan
    return emit.values(plan)


def _refused(values: dict[str, Any]) -> bool:
    return not jsonschema.Draft202012Validator(schemas.values()).is_valid(values)


def test_compiled_values_have_the_form(values: dict[str, Any]) -> None:
    assert not _refused(values)


@pytest.mark.parametrize("key", RESERVED)
def test_labels_by_which_pods_are_found_are_the_chart_s(values: dict[str, Any], key: str) -> None:
    assert _refused(values | {"podLabels": {key: "x"}})
    changed = copy.deepcopy(values)
    changed["gateways"][NAME]["podLabels"] = {key: "x"}
    assert _refused(changed)


@pytest.mark.parametrize(
    ("path", "value"),
    [
        (("ports", 0, "gatewayPort"), 99999),
        (("ports", 0, "gatewayPort"), 80),
        (("ports", 0, "gatewayPort"), 15001),
        (("ports", 0, "upstreamPort"), 0),
        (("ports", 0, "rules", "allow", 0, "path"), "/v1"),
        (("ports", 0, "rules", "deny", 0, "callers"), {"prefix": "spiffe://"}),
        (("ports", 0, "rules", "deny", 0, "caller"), {"regex": ".*"}),
        (("ports", 0, "check", "tls", "subjectAltNames"), None),
        (("ports", 0, "check", "tls", "subjectAltNames"), []),
    ],
)
def test_what_says_less_or_other_than_was_meant(values: dict[str, Any], path: tuple[Any, ...], value: Any) -> None:
    changed = copy.deepcopy(values)
    place = changed["gateways"][NAME]
    for step in path[:-1]:
        place = place[step]
    if value is None:
        del place[path[-1]]
    else:
        place[path[-1]] = value
    assert _refused(changed)
