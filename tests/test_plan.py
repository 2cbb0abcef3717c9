"""What the plan settles for every gateway, as the chart gets it."""

from typing import Any

import pytest

from egressc import emit
from egressc.plan import Rule
from tests.lists import compile_text, gateway, gateways, hosts


def planned(clients: str, ports: str = "[{port: 80}]", more: str = "") -> dict[str, Any]:
    return gateway(f"- {{host: api.example.com, ports: {ports}, clients: {clients}{more}}}")


def ruled(clients: str, ports: str = "[{port: 80}]") -> tuple[Rule, ...]:
    plan = compile_text(hosts(f"- {{host: api.example.com, ports: {ports}, clients: {clients}}}")).plan
    assert plan
    return plan.gateways[0].rules


@pytest.mark.parametrize(
    ("clients", "visible", "principals"),
    [
        ("[b, a]", [".", "a", "b"], ["cluster.local/ns/b/sa/*", "cluster.local/ns/a/sa/*"]),
        ("[{namespace: a, serviceAccount: x}]", [".", "a"], ["cluster.local/ns/a/sa/x"]),
        ("[egress]", ["."], ["cluster.local/ns/egress/sa/*"]),
        ("[{wholeMesh: true}]", ["*"], ["*"]),
        ("[a, {wholeMesh: true}]", ["*"], ["cluster.local/ns/a/sa/*", "*"]),
    ],
)
def test_who_sees_and_who_may_call(clients: str, visible: list[str], principals: list[str]) -> None:
    assert planned(clients)["exportTo"] == visible
    assert [rule.who.principal for rule in ruled(clients)] == principals


def test_rules_stand_at_the_ports_that_they_name() -> None:
    ports = "[{port: 80}, {port: 81}, {port: 443, protocol: TLS}]"
    clients = "[{namespace: a, ports: [443, 80]}, b]"
    (rule, _) = ruled(clients, ports)
    assert rule.ports == (80, 443)
    found = {port["port"]: [one["id"] for one in port["rules"]["allow"]] for port in planned(clients, ports)["ports"]}
    assert found == {80: ["a", "b"], 81: ["b"], 443: ["a", "b"]}


def test_methods_and_paths_are_sorted_and_paths_make_a_gateway_strict() -> None:
    clients = "[{namespace: a, methods: [POST, GET], paths: [/b, /a*]}]"
    (rule,) = ruled(clients)
    assert (rule.methods, rule.paths) == (("GET", "POST"), ("/a*", "/b"))
    assert planned(clients)["strictPaths"] is True
    assert "strictPaths" not in planned("[{namespace: a, methods: [GET]}]")


@pytest.mark.parametrize(
    ("clients", "sources"),
    [
        ("[a, b]", None),
        ("[{namespace: a, podLabels: {x: '1'}}]", [{"namespace": "a", "podLabels": {"x": "1"}}]),
        ("[{namespace: b, podLabels: {x: '1'}}, a]", [{"namespace": "a"}, {"namespace": "b", "podLabels": {"x": "1"}}]),
        ("[{wholeMesh: true, podLabels: {x: '1'}}]", [{"podLabels": {"x": "1"}}]),
        ("[{namespace: a, podLabels: {x: '1'}}, {wholeMesh: true}]", None),
        ("[{namespace: a, podLabels: {x: '1'}, ports: [443]}, {namespace: b, ports: [80]}]", None),
    ],
)
def test_pods_are_told_apart_only_where_labels_say_so(clients: str, sources: list[Any] | None) -> None:
    values = planned(clients, "[{port: 80}, {port: 443, protocol: TLS}]")
    assert values["ports"][0].get("sources") == sources


@pytest.mark.parametrize(
    ("tls", "fetches"),
    [
        ("{mode: mutual, secret: s}", True),
        ("{secret: s}", False),
        ("{mode: mutual, files: {certificate: /c/c, key: /c/k, volumes: [{secret: s, mountPath: /c}]}}", False),
    ],
)
def test_only_a_key_by_name_takes_a_role(tls: str, fetches: bool) -> None:
    assert planned("[a]", more=f", tls: {tls}")["pods"].get("fetchesKey", False) is fetches


def test_ports_are_named_by_protocol_and_number() -> None:
    values = planned("[a]", "[{port: 80}, {port: 443, protocol: TLS}, {port: 50051, protocol: GRPC}]")
    assert [(port["name"], port["gatewayPort"]) for port in values["ports"]] == [
        ("http-80", 8080),
        ("tls-443", 8443),
        ("grpc-50051", 50051),
    ]


def test_a_wildcard_knows_what_the_list_has_below_it() -> None:
    names = ["*.b.c", "a.b.c", "*.a.b.c", "x.a.b.c", "z.y.b.c", "b.c", "other.c"]
    entries = [*(f'- host: "{name}"' for name in names), "- {host: s.b.c, at: sidecar}"]
    values = gateways(hosts("\n".join(entries)))
    listed = {name: value["listed"] for name, value in values.items() if "listed" in value}
    assert listed == {"*.b.c": ["*.a.b.c", "a.b.c", "s.b.c", "z.y.b.c"], "*.a.b.c": ["x.a.b.c"]}


def test_the_mesh_is_in_every_identity() -> None:
    values = gateways("mesh: {trustDomain: prod.example.com}\n" + hosts("- a.example.com"))
    (rule,) = values["a.example.com"]["ports"][0]["rules"]["allow"]
    assert rule["caller"] == {"prefix": "spiffe://prod.example.com/ns/shop/sa/"}


def test_no_companion_keeps_callers_from_a_host_that_reports() -> None:
    text = """
        version: 1
        companions: {sidecars: {}, networkPolicies: true}
        hosts:
        - {host: a.example.com, clients: [shop], enforcement: report}
        - {host: b.example.com, clients: [payments]}
    """
    planned = compile_text(text).plan
    assert planned
    values = emit.values(planned)
    a, b = (gateway["networkPolicy"]["clients"] for gateway in values["gateways"].values())
    assert (a, b) == (["*"], ["payments"])
    sidecars = values["companions"]["sidecars"]
    assert {name for name, known in sidecars.items() if "egress/a.example.com" in known} == {"shop", "payments"}
    assert "egress/b.example.com" not in sidecars["shop"]


@pytest.mark.parametrize(
    "setting",
    [
        *(f"timeouts: {{{name}: 7s}}" for name in ("connect", "idle", "request", "stream")),
        *("retries: {attempts: 7}", "retries: {retryOn: [reset]}", "retries: {perTry: 7s}"),
        *("drain: 7s", "replicas: 7", "autoscaling: {maxReplicas: 7}", "podDisruptionBudget: {minAvailable: 7}"),
        *("resources: {limits: {cpu: 7}}", "connectionPool: {maxConnections: 7}", "outlierDetection: {}"),
        *("connectionPool: {keepalive: {probes: 7}}", "readiness: {interval: 7s}", "accessLog: false"),
        # what is said is emitted, and so it is another plan than where nobody says it
        *("timeouts: {connect: 10s}", "retries: {attempts: 2}", "readiness: {unhealthyThreshold: 3}"),
    ],
)
def test_lists_that_differ_have_plans_that_differ(setting: str) -> None:
    bare, said, again = (
        compile_text(hosts(f"- {{host: api.example.com{more}}}")).plan for more in ("", *[f", {setting}"] * 2)
    )
    assert bare
    assert said
    assert said == again
    assert said != bare
    assert emit.values(said) != emit.values(bare)


@pytest.mark.parametrize("setting", ["drain: 7s", "replicas: 7", "resources: {limits: {cpu: 7}}"])
def test_a_shared_gateway_s_pods_are_in_the_plan(setting: str) -> None:
    text = (
        "version: 1\ngateways: [{{name: shared{}}}]\nhosts: [{{host: a.example.com, gateway: shared, clients: [shop]}}]"
    )
    bare, said = (compile_text(text.format(more)).plan for more in ("", f", {setting}"))
    assert bare
    assert said
    assert said != bare
    assert emit.values(said) != emit.values(bare)
