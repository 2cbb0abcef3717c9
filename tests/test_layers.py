"""Several files are one list; defaults lie under each host of their file, overlays over all."""

from typing import Any

import pytest

from egressc.merge import merge
from egressc.positions import Mapping
from egressc.schema import schema
from egressc.source import load
from tests.lists import HEAD, compile_text, found, gateways

BASE = HEAD + "- a.example.com\n- {host: b.example.com, replicas: 2}\n"


def mapping(text: str) -> Mapping:
    data, findings = load("hosts.yaml", text.encode())
    assert not findings
    assert data is not None
    return data


@pytest.mark.parametrize(
    ("base", "top", "both"),
    [
        ("{a: 1, b: 2}", "{b: 3}", {"a": 1, "b": 3}),
        ("{a: {x: 1, y: 2}}", "{a: {y: 3}}", {"a": {"x": 1, "y": 3}}),
        ("{a: [1, 2]}", "{a: [3]}", {"a": [3]}),
        ("{a: {x: 1}}", "{a: 2}", {"a": 2}),
        ("{tls: {mode: mutual, secret: s}}", "{tls: {sni: n}}", {"tls": {"mode": "mutual", "secret": "s", "sni": "n"}}),
        ("{tls: {mode: mutual, secret: s}}", "{tls: {mode: simple}}", {"tls": {"mode": "simple"}}),
        ("{readiness: {path: /a, interval: 5s}}", "{readiness: {mode: gateway}}", {"readiness": {"mode": "gateway"}}),
        ("{autoscaling: {maxReplicas: 5}}", "{replicas: 1}", {"replicas": 1}),
        ("{replicas: 1}", "{autoscaling: {maxReplicas: 5}}", {"autoscaling": {"maxReplicas": 5}}),
        (
            "{podDisruptionBudget: {maxUnavailable: 1}}",
            "{podDisruptionBudget: {minAvailable: 2}}",
            {"podDisruptionBudget": {"minAvailable": 2}},
        ),
        (
            "{headers: {request: {set: {provider: acme, replicas: a}}}}",
            "{headers: {request: {set: {opa: b, autoscaling: c}}}}",
            {"headers": {"request": {"set": {"provider": "acme", "replicas": "a", "opa": "b", "autoscaling": "c"}}}},
        ),
        ("{tls: {secret: s}}", "{tls: {files: {ca: /c}}}", {"tls": {"files": {"ca": "/c"}}}),
        ("{a: 1}", "{replicas: 1, autoscaling: {}}", {"a": 1, "replicas": 1, "autoscaling": {}}),
    ],
)
def test_merge(base: str, top: str, both: dict[str, Any]) -> None:
    merged = merge(mapping(base), mapping(top), schema()["$defs"]["host"])
    assert merged == both
    assert set(merged.keys_at) == set(merged.values_at) == set(both)


def test_what_is_merged_keeps_its_place() -> None:
    merged = merge(mapping("a: {x: 1}\n"), mapping("\na: {y: 2}\n"), {})
    assert merged["a"].keys_at["x"].line == 1
    assert merged["a"].keys_at["y"].line == 2


def test_defaults_are_for_their_own_file() -> None:
    other = "version: 1\ndefaults: {clients: [web], replicas: 3}\nhosts: [c.example.com]\n"
    values = gateways(BASE, other)
    assert values["a.example.com"]["exportTo"] == [".", "shop"]
    assert values["c.example.com"]["exportTo"] == [".", "web"]
    assert [values[host].get("replicas") for host in sorted(values)] == [None, 2, 3]


def test_the_order_of_files_does_not_matter() -> None:
    other = "version: 1\nmesh: {trustDomain: prod}\ndefaults: {clients: [web]}\nhosts: [c.example.com]\n"
    assert gateways(BASE, other) == gateways(other, BASE)


def test_overlays_lie_over_hosts_and_their_defaults_under_them() -> None:
    first = "version: 1\ndefaults: {replicas: 7, drain: 60s}\nhosts:\n- {host: b.example.com, drain: 90s}\n"
    second = "version: 1\nhosts:\n- {host: b.example.com, replicas: 9}\n"
    values = gateways(BASE, overlays=[first, second])
    assert (values["a.example.com"]["replicas"], values["a.example.com"]["drainSeconds"]) == (7, 60)
    assert (values["b.example.com"]["replicas"], values["b.example.com"]["drainSeconds"]) == (9, 90)


def test_defaults_of_an_overlay_lie_over_those_of_the_list() -> None:
    text = "version: 1\ndefaults: {clients: [shop], enforcement: report, drain: 9s}\nhosts:\n- a.example.com\n"
    overlay = "version: 1\ndefaults: {clients: [web], enforcement: enforce}\nhosts: []\n"
    host = gateways(text, overlays=[overlay])["a.example.com"]
    assert host["exportTo"] == [".", "web"]
    assert "enforcement" not in host
    assert host["drainSeconds"] == 9


def test_denials_of_an_overlay_hold_beside_those_of_the_list() -> None:
    text = "deny: [{namespace: guests}]\n" + HEAD + "- a.example.com\n"
    overlay = "version: 1\ndeny: [{namespace: blog}]\nhosts: []\n"
    (port,) = gateways(text, overlays=[overlay])["a.example.com"]["ports"]
    assert [rule["id"] for rule in port["rules"]["deny"]] == ["not guests", "not blog"]


def test_exposing_by_defaults_is_for_those_that_say_that_they_are_exposed() -> None:
    ingress = "gateway: {namespace: ingress, selector: {a: b}, serviceAccount: c}"
    text = f"""
        version: 1
        defaults: {{clients: [shop], expose: {{host: own.example.net, secret: own, {ingress}}}}}
        hosts:
        - a.example.com
        - {{host: b.example.com, expose: {{path: /b}}}}
    """
    plan = compile_text(text).plan
    assert plan
    assert [[route.gateway.host.host for route in name.routes] for name in plan.exposures] == [["b.example.com"]]


def test_a_host_whose_overlay_cannot_be_read_is_not_judged() -> None:
    """What is left of the entry is a guess, and so would be every finding."""
    text = HEAD + "- {host: a.example.com, clients: [{wholeMesh: true, namespace: shop}]}\n"
    overlay = "version: 1\nhosts:\n- {host: a.example.com, clients: 7}\n"
    assert found(text, overlays=[overlay]) == ["overlay0.yaml:3:34 EG103"]


def test_overlays_remove() -> None:
    assert list(gateways(BASE, overlays=["version: 1\nhosts:\n- {host: a.example.com, remove: true}\n"])) == [
        "b.example.com"
    ]


def test_the_mesh_of_overlays_lies_over_the_lists() -> None:
    text = "mesh: {trustDomain: base, clusterDomain: c.example}\n" + BASE
    values = gateways(text, overlays=["version: 1\nmesh: {trustDomain: prod}\nhosts: []\n"])
    (rule,) = values["a.example.com"]["ports"][0]["rules"]["allow"]
    assert rule["caller"] == {"prefix": "spiffe://prod/ns/shop/sa/"}


def test_a_mistake_in_an_overlay_is_found_there() -> None:
    overlay = "version: 1\ndefaults: {drain: 1ms}\nhosts:\n- {host: b.example.com, timeouts: {idle: 0s}}\n"
    assert found(BASE, overlays=[overlay]) == ["overlay0.yaml:2:12 EG218", "overlay0.yaml:4:36 EG218"]


def test_hosts_are_the_same_however_they_are_spelled() -> None:
    assert found(BASE + "- A.Example.COM.\n") == ["6:3 EG105", "6:3 EG301"]
    assert found(HEAD + "- bücher.example\n- xn--bcher-kva.example\n") == ["4:3 EG105", "5:3 EG301"]


def test_findings_of_all_files_come_at_once() -> None:
    broken = (
        "version: 1\nhosts:\n- {host: c.example.com, ownr: x}\n- {host: a.example.com, owner: x}\n- d.example.com\n"
    )
    assert found(BASE, broken, "version: 1\nhosts: [\n") == [
        "list1.yaml:3:25 EG101",
        "list1.yaml:4:10 EG320",
        "list1.yaml:5:3 EG201",
        "list2.yaml:3:1 EG002",
    ]


def test_a_list_that_cannot_be_read_makes_no_guess_about_overlays() -> None:
    overlay = "version: 1\nhosts:\n- {host: c.example.com, replicas: 1}\n"
    assert found(BASE, overlays=[overlay]) == ["overlay0.yaml:3:10 EG304"]
    assert found(BASE, "hosts: [", overlays=[overlay]) == ["list1.yaml:2:1 EG002"]


def test_a_broken_mesh_is_not_used() -> None:
    broken = "version: 1\nmesh: {clusterDomain: 5}\nhosts: []\n"
    assert found(BASE, broken) == ["list1.yaml:2:23 EG103"]
    assert found(BASE, overlays=[broken]) == ["overlay0.yaml:2:23 EG103"]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "defaults: {clients: [shop], owner: a, owner: b}\nhosts:\n- {host: a.example.com, drain: 1ms}\n",
            ["2:39 EG003"],
        ),
        (
            "hosts:\n- {host: a.example.com, drain: 1ms}\ndefaults: {clients: [shop], owner: a, owner: b}\n",
            ["4:39 EG003"],
        ),
        (
            "hosts:\n- {host: a.example.com, owner: x, owner: y, drain: 1ms}\n- {host: b.example.com, drain: 1ms}\n",
            ["3:35 EG003", "4:4 EG201", "4:25 EG218"],
        ),
        ("hosts: [a.example.com]\nhosts: [b.example.com]\n", ["3:1 EG003"]),
    ],
)
def test_what_could_not_be_read_is_not_judged_and_the_rest_is(text: str, expected: list[str]) -> None:
    assert found("version: 1\n" + text) == expected
