"""What the plan settles for hosts without a gateway, as the chart gets it."""

from typing import Any

import pytest

from egressc import emit
from tests.lists import compile_text, hosts

MUTUAL = "tls: {mode: mutual, secret: client}"


def planned(entry: str) -> dict[str, Any]:
    compilation = compile_text(hosts(f"- {{host: api.example.com, at: sidecar, {entry}}}"))
    assert not [finding for finding in compilation.findings if finding.level == "error"]
    assert compilation.plan
    values = emit.values(compilation.plan)
    assert values["gateways"] == {}
    (sidecar,) = values["sidecars"].values()
    return dict(sidecar["namespaces"])


def test_each_namespace_has_the_ports_of_its_clients() -> None:
    clients = "[{namespace: a, ports: [80]}, {namespace: b, ports: [443]}, {namespace: b, ports: [80]}]"
    places = planned(f"ports: [{{port: 80}}, {{port: 443, protocol: TLS}}], clients: {clients}")
    assert {name: [port["port"] for port in place["ports"]] for name, place in places.items()} == {
        "a": [80],
        "b": [80, 443],
    }


@pytest.mark.parametrize(
    ("clients", "sources"),
    [
        ("[a]", None),
        ("[{namespace: a, podLabels: {x: '1'}}]", [{"podLabels": {"x": "1"}}]),
        ("[{namespace: a, podLabels: {x: '1'}}, a]", None),
        ("[{namespace: a, podLabels: {x: '1'}}, {namespace: a, ports: [443]}]", [{"podLabels": {"x": "1"}}]),
    ],
)
def test_pods_are_told_apart_where_labels_say_so(clients: str, sources: list[Any] | None) -> None:
    places = planned(f"ports: [{{port: 80}}, {{port: 443, protocol: TLS}}], clients: {clients}")
    assert places["a"]["ports"][0].get("sources") == sources


@pytest.mark.parametrize(
    ("clients", "sources"),
    [
        ("[{wholeMesh: true}, a]", None),
        ("[{wholeMesh: true, podLabels: {x: '1'}}]", [{"podLabels": {"x": "1"}}]),
        ("[{wholeMesh: true, podLabels: {x: '1'}}, a]", [{"podLabels": {"x": "1"}}, {"namespace": "a"}]),
        ("[{wholeMesh: true, ports: [443]}, a]", [{"namespace": "a"}]),
    ],
)
def test_the_whole_mesh_has_one_place(clients: str, sources: list[Any] | None) -> None:
    places = planned(f"ports: [{{port: 80}}, {{port: 443, protocol: TLS}}], clients: {clients}")
    assert set(places) == {"*"}
    assert places["*"]["ports"][0].get("sources") == sources


def test_secrets_go_to_the_pods_and_accounts_of_the_ports_that_have_them() -> None:
    clients = """[
        {namespace: a, serviceAccount: x, podLabels: {app: x}, ports: [80]},
        {namespace: a, podLabels: {app: y}, ports: [443]},
        {namespace: b, ports: [443]}]"""
    places = planned(f"{MUTUAL}, ports: [{{port: 80}}, {{port: 443, protocol: TLS}}], clients: {clients}")
    assert [rule["selector"] for rule in places["a"]["rules"]] == [{"app": "x"}]
    assert places["a"]["accounts"] == ["x"]
    assert set(places["b"]) == {"exportTo", "ports"}
    ca = planned("tls: {secret: ca}, clients: [{namespace: a, podLabels: {app: x}}]")
    assert set(ca["a"]) == {"exportTo", "ports", "rules"}


def test_a_sidecar_of_the_namespace_lets_its_hosts_through() -> None:
    compilation = compile_text("""
        version: 1
        companions: {sidecars: {services: [shop, web]}}
        hosts:
        - {host: api.example.com, at: sidecar, clients: [shop]}
        - {host: all.example.com, at: sidecar, clients: [{wholeMesh: true}]}
        - {host: web.example.com, clients: [web]}
    """)
    assert compilation.plan
    hosts = {one.namespace: one.hosts for one in compilation.plan.companions.sidecars}
    assert {"./api.example.com"} <= set(hosts["shop"])
    assert compilation.plan.companions.whole_mesh == ("all.example.com",)
    assert "./api.example.com" not in hosts["web"]
