"""Clients by how the names of their namespaces begin: who they are, and what cannot hold for them."""

import pytest

from egressc import emit
from egressc.explain import text
from egressc.model import is_prefix, stands_for
from tests import rbac
from tests.chart import Helm
from tests.lists import codes, compile_text, gateway, gateways, hosts

HTTP = {"name": "http-80", "gatewayPort": 8080, "protocol": "HTTP"}


def entry(clients: str, more: str = "") -> str:
    return hosts(f"- {{host: api.example.com, clients: {clients}{more}}}")


@pytest.mark.parametrize(
    ("namespace", "other", "expected"),
    [
        (None, "shop", True),
        (None, None, True),
        ("shop", "shop", True),
        ("shop", "shop-2", False),
        ("shop", None, False),
        ("shop*", "shop", True),
        ("shop*", "shop-2", True),
        ("shop*", "sho", False),
        ("shop*", "shop-*", True),
        ("shop-*", "shop*", False),
        ("shop-*", None, False),
    ],
)
def test_what_a_namespace_stands_for(namespace: str | None, other: str | None, expected: bool) -> None:
    assert stands_for(namespace, other) is expected


def test_a_prefix_ends_in_a_star() -> None:
    assert [is_prefix(name) for name in ("preview-*", "preview", None)] == [True, False, False]


@pytest.mark.parametrize("namespace", ["'*'", "'*-preview'", "pre*view", "Preview-*", "preview-**", f"{'a' * 63}*"])
def test_what_is_no_prefix(namespace: str) -> None:
    assert codes(entry(f"[{{namespace: {namespace}}}]")) == ["EG104"]


CALLS = {
    "preview-1/checkout": True,
    "preview-/checkout": True,
    "preview-1/other": False,
    "previews/checkout": False,
    "a-preview-1/checkout": False,
    "preview-1/checkout.v2": False,
    "preview-guests/checkout": False,
}


@pytest.mark.parametrize(("caller", "expected"), CALLS.items())
def test_who_gets_in(helm4: Helm, caller: str, expected: bool) -> None:
    clients = "[{namespace: preview-*, serviceAccount: checkout}, {namespace: test-*}]"
    plan = compile_text(entry(clients, ", deny: [preview-guests*, {namespace: test-*, serviceAccount: a.b}]")).plan
    assert plan
    documents = helm4.render(emit.values(plan))

    def gets_in(name: str, domain: str = "cluster.local") -> bool:
        namespace, _, account = name.partition("/")
        call = rbac.Call(f"spiffe://{domain}/ns/{namespace}/sa/{account}")
        return rbac.decided(documents, "egress", "api-example-com", HTTP, call)

    assert gets_in(caller) is expected
    assert not gets_in(caller, "cluster-local")
    assert not gets_in(caller, "other.example")
    assert not gets_in("test-1/any", "other.example")
    assert [gets_in(name) for name in ("test-1/any", "test-1/a.b", "test-1/a-b")] == [True, False, True]


def test_a_denied_prefix_holds_in_any_trust_domain() -> None:
    denied = gateway("- {host: api.example.com, deny: [guests-*, {namespace: guests-*, serviceAccount: a.b}]}")
    callers = [rule["caller"] for rule in denied["ports"][0]["rules"]["deny"]]
    regex = r"spiffe://[^/]+/ns/guests-[a-z0-9-]*/sa/a\.b"
    assert callers == [{"contains": "/ns/guests-"}, {"safe_regex": {"regex": regex}}]


def test_every_namespace_sees_the_host_and_its_direct_way_is_closed_for_all() -> None:
    values = gateway("- {host: api.example.com, clients: [preview-*]}")
    assert values["exportTo"] == ["*"]
    assert "directExportTo" not in values


def test_nobody_shakes_hands_by_a_prefix() -> None:
    raw = ", tls: {mode: passthrough}"
    named = gateways(entry("[{namespace: shop, serviceAccount: a}]", raw))["api.example.com"]
    assert named["ports"][0]["identities"]
    begun = "[{namespace: shop, serviceAccount: a}, {namespace: preview-*, serviceAccount: a}]"
    assert "identities" not in gateways(entry(begun, raw))["api.example.com"]["ports"][0]


TCP = ", ports: [{port: 5433, protocol: TCP}, {port: 80}], tls: {mode: simple}"


@pytest.mark.parametrize(
    ("clients", "more", "expected"),
    [
        ("[preview-*]", "", []),
        ("[{namespace: preview-*, serviceAccount: a, methods: [GET], paths: [/a]}]", "", []),
        ("[{namespace: preview-*, podLabels: {app: a}}]", "", ["EG322"]),
        ("[preview-*, {namespace: shop, podLabels: {app: a}}]", "", ["EG322"]),
        (
            "[{namespace: preview-*, ports: [443]}, {namespace: shop, podLabels: {app: a}, ports: [80]}]",
            ", speaks: [http, https]",
            [],
        ),
        ("[preview-*]", ", at: sidecar", ["EG323"]),
        ("[preview-*]", TCP, ["EG324"]),
        ("[{namespace: preview-*, ports: [80]}]", TCP, []),
        ("[preview-*]", TCP + ", addresses: [240.0.0.1]", []),
        ("[{namespace: preview-*, serviceAccount: a}]", TCP + ", addresses: [240.0.0.1]", ["EG326"]),
        (
            "[{namespace: preview-*, serviceAccount: a}, shop]",
            TCP + ", addresses: [240.0.0.1]",
            [],
        ),
    ],
)
def test_what_cannot_hold(clients: str, more: str, expected: list[str]) -> None:
    assert [code for code in codes(entry(clients, more)) if code >= "EG322"] == expected


def test_a_denial_of_all_of_a_prefix_leaves_nothing() -> None:
    assert codes(entry("[preview-*]", ", deny: [preview-*]")) == ["EG252"]
    assert codes(entry("[preview-1]", ", deny: [preview-*]")) == ["EG252"]
    assert codes(entry("[preview-*]", ", deny: [preview-1]")) == []


def test_clients_of_a_wildcard_are_clients_of_a_host_below_it_by_a_prefix() -> None:
    below = '- {{host: "*.example.com", clients: [{0}]}}\n- {{host: api.example.com, clients: [{1}]}}'
    assert codes(hosts(below.format("preview-1", "preview-*"))) == []
    assert codes(hosts(below.format("preview-*", "preview-1"))) == ["EG238"]
    assert codes(hosts(below.format("shop", "preview-*"))) == ["EG238"]


def test_a_sidecar_of_a_namespace_has_the_hosts_of_its_prefix() -> None:
    lists = "version: 1\ncompanions: {sidecars: {}, networkPolicies: true}\nhosts:\n"
    lists += "- {host: a.example.com, clients: [preview-1, shop]}\n- {host: b.example.com, clients: [preview-*]}\n"
    compilation = compile_text(lists)
    assert [finding.code for finding in compilation.findings] == ["EG325"]
    assert compilation.plan
    values = emit.values(compilation.plan)
    sidecars = values["companions"]["sidecars"]
    assert {name: "egress/b.example.com" in some for name, some in sidecars.items()} == {
        "preview-1": True,
        "shop": False,
    }
    assert values["gateways"]["b-example-com"]["networkPolicy"]["clients"] == ["*"]


def test_applications_beside_the_gateways_are_clients_by_a_prefix_too() -> None:
    denied = "version: 1\ncompanions: {networkPolicies: true}\nhosts:\n- {host: a.example.com, clients: [%s]}\n"
    for clients, expected in (("preview-*", ["egress"]), ("eg*", None)):
        plan = compile_text(denied % clients).plan
        assert plan
        assert emit.values(plan)["companions"].get("defaultDeny") == expected


def test_no_pod_of_helm_test_stands_in_a_prefix() -> None:
    plan = compile_text(entry("[preview-*, shop]")).plan
    assert plan
    assert [call["namespace"] for call in emit.values(plan)["calls"].values()] == ["shop"]


def test_explain_says_what_it_opens() -> None:
    plan = compile_text(entry("[preview-*]")).plan
    assert plan
    shown = text.fleet(plan)
    assert "whoever may create a namespace preview-* is a client" in shown
