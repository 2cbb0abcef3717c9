"""`egressc import`: what people have becomes a list, which opens no more than that did."""

import json
import random
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings

from egressc import emit
from egressc.assets import chart_values
from egressc.cli import main
from egressc.compile import compile_sources
from egressc.diff import changes
from egressc.importing import import_sources
from egressc.plan import Plan
from tests.cases import VALID, Case
from tests.chart import Helm
from tests.conftest import Golden
from tests.strategies import GATEWAYS, fleets

CASES = sorted((Path(__file__).parent / "cases" / "import").iterdir())
#: What a list lacks that an import has left to decide: clients, a reason, volumes, an ingress gateway's account.
OPEN = {"EG201", "EG212", "EG107", "EG262"}
#: The findings that say so.
ASKED = {"EG407", "EG408", "EG409", "EG413"}


def imported(*texts: str, form: str | None = None) -> tuple[str | None, list[str]]:
    """The list, and the findings as `code line: message`."""
    result = import_sources([(f"{number}.yaml", text.encode()) for number, text in enumerate(texts)], form)
    return result.text, [f"{one.code} {one.span.line}: {one.message}" for one in result.findings]


def entries(*texts: str) -> dict[str, dict[str, object]]:
    """The hosts of the list, each with what its entry says; `defaults` are those of the entry."""
    text, _ = imported(*texts)
    assert text is not None
    data = yaml.safe_load(text)
    named = [{"host": one} if isinstance(one, str) else one for one in data["hosts"]]
    return {one.pop("host"): data.get("defaults", {}) | one for one in named}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_what_people_have_becomes_a_list(
    case: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(case)
    files = sorted(path.name for path in case.iterdir() if path.name not in ("hosts.yaml", "findings.txt"))
    code = main(["import", *files])
    text, findings = capfd.readouterr()
    golden(case / "hosts.yaml", text)
    golden(case / "findings.txt", findings)
    assert code == 0
    compilation = compile_sources([("hosts.yaml", text.encode())])
    errors = {one.code for one in compilation.findings if one.level == "error"}
    assert errors <= OPEN
    assert not errors or any(code in findings for code in ASKED)


SERVICE = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.com]
  exportTo: [EXPORTED]
  ports: [{number: 80, name: http, protocol: HTTP, targetPort: 443}]
  resolution: DNS
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: api, namespace: shop}
spec: {host: api.example.com, trafficPolicy: {tls: {mode: SIMPLE}}}
"""
GATEWAY = """
---
apiVersion: networking.istio.io/v1
kind: Gateway
metadata: {name: egress, namespace: shop}
spec:
  selector: {app: egress}
  servers: [{port: {number: 8080, name: http, protocol: HTTPS}, hosts: ["*"], tls: {mode: ISTIO_MUTUAL}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {name: api, namespace: shop}
spec:
  hosts: [api.example.com]
  gateways: [mesh, egress]
  http:
  - match: [{gateways: [mesh], port: 80MATCH}]
    route: [{destination: {host: egress.shop.svc.cluster.local, port: {number: 8080}}}]
  - match: [{gateways: [egress], port: 8080}]
    route: [{destination: {host: api.example.com, port: {number: 80}}}]
"""
POLICY = """
---
apiVersion: security.istio.io/v1
kind: AuthorizationPolicy
metadata: {name: NAME, namespace: shop}
spec: {selector: {matchLabels: {app: egress}}, action: ACTION, rules: [RULE]}
"""


def objects(*rules: tuple[str, str], exported: str = '"*"', match: str = "") -> str:
    policies = "".join(
        POLICY.replace("NAME", f"p{number}").replace("ACTION", action).replace("RULE", rule)
        for number, (action, rule) in enumerate(rules)
    )
    return SERVICE.replace("EXPORTED", exported) + GATEWAY.replace("MATCH", match) + policies


def clients(*rules: tuple[str, str], exported: str = '"*"', match: str = "") -> object:
    return entries(objects(*rules, exported=exported, match=match))["api.example.com"].get("clients")


def test_clients_are_those_that_policies_allow() -> None:
    allow = "{from: [{source: {principals: [cluster.local/ns/web/sa/front, cluster.local/ns/batch/*]}}]}"
    assert clients(("ALLOW", allow)) == ["batch", {"namespace": "web", "serviceAccount": "front"}]
    assert clients(("ALLOW", allow), exported="web") == [{"namespace": "web", "serviceAccount": "front"}]
    assert clients(("ALLOW", "{from: [{source: {namespaces: [web, pay*]}}]}")) == ["pay*", "web"]
    assert clients(("ALLOW", '{from: [{source: {principals: ["*"]}}]}')) == [{"wholeMesh": True}]
    both = "{from: [{source: {principals: [cluster.local/ns/web/sa/a], namespaces: [shop]}}]}"
    assert clients(("ALLOW", both)) is None


def test_without_policies_clients_are_the_namespaces_that_know_the_host() -> None:
    assert clients(exported="batch, web") == ["batch", "web"]
    assert clients() is None


def test_the_namespace_of_a_gateway_knows_a_host_for_the_gateway() -> None:
    assert clients(exported="., web") == ["web"]
    assert clients(exported=".") == ["shop"]  # applications call from there, or nobody does


def test_a_policy_of_other_pods_says_nothing() -> None:
    other = objects(("ALLOW", "{from: [{source: {namespaces: [web]}}]}")).replace(
        "{app: egress}}, action", "{app: x}}, action"
    )
    assert "clients" not in entries(other)["api.example.com"]


@pytest.mark.parametrize(
    "rule",
    [
        "{from: [{source: {notNamespaces: [web]}}]}",
        '{when: [{key: "request.headers[x]", values: [y]}]}',
        "{from: [{source: {ipBlocks: [10.0.0.0/8]}}]}",
        '{to: [{operation: {paths: ["/a/{*}/b"]}}]}',
    ],
)
def test_what_a_list_cannot_say_opens_nothing(rule: str) -> None:
    """A rule that allows is left out. Without a rule that denies there are no clients."""
    web = ("ALLOW", "{from: [{source: {namespaces: [web]}}]}")
    assert clients(web, ("ALLOW", rule)) == ["web"]
    denied = clients(web, ("DENY", rule))
    assert denied in (None, ["web"])  # all but web are denied: web stays
    assert denied is None or "notNamespaces" in rule


def test_all_but_some_denied_are_the_only_clients() -> None:
    only = ("DENY", "{from: [{source: {notPrincipals: [cluster.local/ns/web/sa/front]}}]}")
    front = {"namespace": "web", "serviceAccount": "front"}
    assert clients(only) == [front]
    assert clients(("ALLOW", '{from: [{source: {principals: ["*"]}}]}'), only) == [front]
    assert clients(("ALLOW", "{from: [{source: {namespaces: [shop]}}]}"), only) is None
    limited = ("ALLOW", "{from: [{source: {namespaces: [web]}}], to: [{operation: {methods: [GET]}}]}")
    assert clients(limited, only) == [front | {"methods": ["GET"]}]


def test_rules_of_other_hosts_and_ports_are_of_others() -> None:
    other = "{from: [{source: {namespaces: [web]}}], to: [{operation: {hosts: [b.example.com]}}]}"
    wrong_port = "{from: [{source: {namespaces: [web]}}], to: [{operation: {ports: ['9090']}}]}"
    mine = "{from: [{source: {namespaces: [shop]}}], to: [{operation: {hosts: ['*.example.com:80'], ports: ['8080']}}]}"
    assert clients(("ALLOW", other), ("ALLOW", wrong_port)) is None
    assert clients(("ALLOW", other), ("ALLOW", mine)) == ["shop"]


def test_a_route_for_some_calls_opens_no_others() -> None:
    assert clients(exported="web", match=", uri: {prefix: /v1}") is None
    assert clients(exported="web", match=", sourceLabels: {app: a}") == [
        {"namespace": "web", "podLabels": {"app": "a"}}
    ]
    assert clients(exported="web, shop", match=", sourceNamespace: web") == ["web"]


def test_an_entry_keeps_the_ports_of_the_objects() -> None:
    assert entries(objects(exported="."))["api.example.com"] == {"clients": ["shop"]}
    clear = SERVICE.replace("EXPORTED", '"."').replace(", targetPort: 443", "").split("---")[0]
    assert entries(clear)["api.example.com"] == {
        "clients": ["shop"],
        "tls": {"mode": "none"},
    }


def test_objects_come_as_documents_as_lists_and_as_json() -> None:
    documents = list(yaml.safe_load_all(SERVICE.replace("EXPORTED", '"."')))
    as_list = json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})
    wanted = {"api.example.com": {"clients": ["shop"]}}
    assert entries(as_list) == entries(*(json.dumps(one) for one in documents)) == wanted


def test_secrets_are_not_shown(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    whole = "apiVersion: v1\nkind: Secret\nmetadata: {name: a}\nstringData:\n  pin:hunter2\n  b: 'hunter2' x\n"
    for text in (whole, whole.replace(" x\n", "\n").replace("pin:", "pin: ")):
        file = tmp_path / "secret.yaml"
        file.write_text(text)
        assert main(["import", str(file)]) == 1
        out, errors = capfd.readouterr()
        assert "hunter2" not in out + errors
        assert out == ""


def test_all_that_is_wrong_is_said_at_once_and_nothing_is_written(
    tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "good.yaml").write_text(SERVICE.replace("EXPORTED", '"."'))
    (tmp_path / "broken.yaml").write_text("apiVersion: v1\nkind: [\n")
    (tmp_path / "twice.yaml").write_text("apiVersion: v1\nkind: A\nkind: B\n")
    files = [str(tmp_path / name) for name in ("good.yaml", "broken.yaml", "twice.yaml", "none.yaml")]
    output = tmp_path / "hosts.yaml"
    assert main(["import", *files, "-o", str(output)]) == 1
    _, errors = capfd.readouterr()
    assert all(code in errors for code in ("EG001", "EG002", "EG003"))
    assert not output.exists()


@pytest.mark.parametrize("text", ["", "# nothing\n", "[]\n", "{}\n", "42\n", "- 1\n- {a: b}\n", "kind: x\n", "\x00"])
def test_what_has_no_host_is_no_list(text: str) -> None:
    assert imported(text)[0] is None


def test_a_template_is_to_be_rendered_first() -> None:
    text = SERVICE.replace("namespace: shop", "namespace: {{ .Values.namespace }}")
    assert imported(text) == (None, ["EG002 4: this is a template, and no YAML yet"])


def test_a_form_can_be_forced() -> None:
    assert imported("kind: x\n", form="lines")[0] is None
    text, _ = imported("acl.example.com\n", form="lines")
    assert text is not None
    assert "host: acl.example.com" in text


def test_what_squid_denies_is_not_opened() -> None:
    """`http_access` decides; the names of an acl that it does not allow stay closed."""
    lists = "acl good dstdomain a.example.com\nacl bad dstdomain b.example.com\n"
    for access in (
        "http_access allow good\n",
        "http_access deny !good\nhttp_access allow all\n",
        "http_access deny bad\nhttp_access allow good\n",
    ):
        text, _ = imported(lists + access)
        assert text is not None
        assert "a.example.com" in text
        assert "b.example.com" not in text


# ---- what the chart prints gives the list back

#: What comes back of a host. The rest is in pods, in Envoy's own words or in Secrets; import names it.
BACK = {
    *("host", "name", "namespace", "gateway", "standby", "gatewayProtocol", "description", "ports", "clients", "deny"),
    *("tls", "resolution", "endpoints"),
    *("failover", "addresses", "timeouts", "retries", "connectionPool", "outlierDetection"),
}
TLS_BACK = {"mode", "secret", "sni", "sans"}


def _told(entry: Any) -> dict[str, Any]:
    """What of an entry the objects tell."""
    if isinstance(entry, str):
        return {"host": entry}
    said = {key: value for key, value in entry.items() if key in BACK}
    said["ports"] = [{key: value for key, value in port.items() if key != "readiness"} for port in said["ports"]]
    unread = [port for port in said["ports"] if port["protocol"] == "TLS"]
    for place in (said, *unread) if unread else ():
        if "secret" in place.get("tls", {}):  # the CA of the check, which import names
            del place["tls"]
    for place in (said, *said["ports"]):
        if "tls" in place:
            place["tls"] = _told_tls(place["tls"])
            if not place["tls"]:
                del place["tls"]
    said.get("retries", {}).pop("budget", None)
    said.get("timeouts", {}).pop("stream", None)
    _leave_out_defaults(said)
    for key in ("clients", "deny"):
        told = [_told_client(one) for one in said.get(key, [])]
        said[key] = [one for number, one in enumerate(told) if one not in told[:number]]
        if not said[key]:
            del said[key]
    return said


def _leave_out_defaults(said: dict[str, Any]) -> None:
    """Who said a default is not to be seen."""
    for key, setting, default in (
        ("retries", "attempts", 2),
        ("timeouts", "idle", chart_values()["connectionPool"]["idleTimeout"]),
    ):
        if said.get(key, {}).get(setting) == default:
            del said[key][setting]


def _told_tls(tls: dict[str, Any]) -> dict[str, Any]:
    if "unverified" in tls or "files" in tls or tls.get("mode", "passthrough") == "passthrough":
        return {}
    return {key: value for key, value in tls.items() if key in TLS_BACK}


def _told_client(client: Any) -> Any:
    if isinstance(client, str) or "wholeMesh" in client:
        return client if isinstance(client, str) else {"wholeMesh": True}
    said = {key: value for key, value in client.items() if key in ("namespace", "serviceAccount")}
    return said.get("namespace", "guests") if "serviceAccount" not in said else said


def _comes_back(entry: Any) -> bool:
    """Whether a host is carried by a gateway, and found by DNS or at its endpoints."""
    return isinstance(entry, str) or (entry.get("at") != "sidecar" and not entry["host"].startswith("*"))


@settings(max_examples=25, suppress_health_check=[HealthCheck.filter_too_much, HealthCheck.too_slow])
@given(fleets(most=3).filter(lambda drawn: any(map(_comes_back, drawn))))
def test_what_the_chart_prints_gives_the_list_back(helm4: Helm, drawn: list[Any]) -> None:
    told = [_told(entry) for entry in drawn if _comes_back(entry)]
    needed = {one.get(key) for one in told for key in ("gateway", "standby")}
    shared = [one for one in GATEWAYS if one["name"] in needed]
    data = {"version": 1, "gateways": shared, "defaults": {"clients": ["shop"]}, "hosts": told}
    first = compile_sources([("hosts.yaml", json.dumps(data, ensure_ascii=False).encode())])
    assert first.plan is not None, first.findings
    values = emit.values(first.plan)
    back, findings = imported(helm4.text(values))
    assert back is not None, findings
    second = compile_sources([("back.yaml", back.encode())])
    assert second.plan is not None, (back, second.findings)
    assert _in_order(emit.values(second.plan)) == _in_order(values), back


#: Each way from one gateway to another in one namespace: its own, two that are shared, or one that runs already.
MOVES = (
    {"gateway": "shared"},
    {"standby": "shared"},
    {"gateway": "shared", "standby": "own"},
    {"gateway": "shared", "standby": "other"},
    {"gateway": "other", "standby": "shared", "name": "short"},
    {"gateway": "adopted"},
    {"standby": "adopted", "namespace": "istio-egress"},
    {"gateway": "adopted", "standby": "own", "namespace": "istio-egress"},
    {"gateway": "adopted", "standby": "beside"},
    {"gateway": "beside", "standby": "adopted"},
)
BESIDE = {"name": "beside", "namespace": "istio-egress"}
SEVERAL = [{"port": 80}, {"port": 81, "upstreamPort": 443}, {"port": 443, "protocol": "TLS"}]


@pytest.mark.parametrize("move", MOVES, ids=str)
def test_a_host_on_its_way_comes_back(move: dict[str, Any], helm4: Helm) -> None:
    named = [one for one in (*GATEWAYS, BESIDE) if one["name"] in move.values()]
    long = {"host": f"{'a' * 50}.example.com", "clients": ["shop"]} | {
        key: value for key, value in move.items() if key != "name"
    }
    fast = {"host": "a.example.com", "ports": SEVERAL, "gatewayProtocol": "HTTP2", "clients": ["shop"]} | move
    text = json.dumps({"version": 1, "gateways": named, "hosts": [fast, long]})
    values = emit.values(_plan(text))
    back, findings = imported(helm4.text(values))
    assert back is not None
    assert not [one for one in findings if one[:5] != "EG404"]
    assert emit.values(_plan(back)) == values


def _plan(text: str) -> Plan:
    compilation = compile_sources([("hosts.yaml", text.encode())])
    assert compilation.plan is not None, compilation.findings
    return compilation.plan


def test_a_cut_name_of_pods_that_run_already_is_asked_for(helm4: Helm) -> None:
    host = f"{'a' * 50}.example.com"
    named = {"name": "teams-gateway", "adopt": {"istio": "egressgateway"}}
    hosts = [{"host": host, "gateway": "teams-gateway", "clients": ["shop"]}]
    alone = {"version": 1, "gateways": [named], "hosts": hosts}
    back, findings = imported(helm4.text(emit.values(_plan(json.dumps(alone)))))
    assert back is not None
    assert "name: adopted" in back
    assert any("is cut in its objects" in one for one in findings)
    # a neighbour's objects tell it
    beside = alone | {"hosts": [*hosts, hosts[0] | {"host": "b.example.com"}]}
    back, findings = imported(helm4.text(emit.values(_plan(json.dumps(beside)))))
    assert back is not None
    assert "name: teams-gateway" in back
    assert not any("is cut in its objects" in one for one in findings)


SERVICE_PORT = """
---
apiVersion: v1
kind: Service
metadata: {name: egress, namespace: shop}
spec: {ports: [{port: 8080, PORT}]}
---
apiVersion: networking.istio.io/v1
kind: DestinationRule
metadata: {name: egress, namespace: shop}
spec: {host: egress.shop.svc.cluster.local, trafficPolicy: {connectionPool: {http: {POLICY}}}}
"""


@pytest.mark.parametrize(
    ("port", "policy", "over"),
    [
        ("name: http2", "", True),
        ("name: http2-egress", "h2UpgradePolicy: DO_NOT_UPGRADE", True),
        ("name: http, appProtocol: http2", "", True),
        ("name: http2, appProtocol: http", "", False),
        ("name: http", "h2UpgradePolicy: UPGRADE", True),
        ("name: http", "", False),
        ("name: https", "h2UpgradePolicy: UPGRADE", False),
        ("name: http2", "useClientProtocol: true", False),
    ],
)
def test_http2_to_a_gateway_is_carried_over_where_it_is_certain(port: str, policy: str, over: bool) -> None:
    more = SERVICE_PORT.replace("PORT", port).replace("POLICY", policy)
    entry = entries(objects(exported="web") + more)["api.example.com"]
    assert entry.get("gatewayProtocol") == ("HTTP2" if over else None)


def test_a_policy_for_a_service_that_is_not_there_is_not_certain() -> None:
    rule = SERVICE_PORT.partition("---\napiVersion: networking")
    alone = "\n---\napiVersion: networking" + rule[2].replace("POLICY", "h2UpgradePolicy: UPGRADE")
    assert "gatewayProtocol" not in entries(objects(exported="web") + alone)["api.example.com"]


def _in_order(values: dict[str, Any]) -> Any:
    """Values without the order of rules, which decides nothing."""

    def sorted_rules(data: Any) -> Any:
        if isinstance(data, dict):
            return {key: sorted_rules(value) for key, value in data.items()}
        if isinstance(data, list):
            return sorted((sorted_rules(item) for item in data), key=lambda item: json.dumps(item, sort_keys=True))
        return data

    return sorted_rules(values)


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_what_comes_back_opens_nothing(case: Case, helm4: Helm) -> None:
    """Whatever a list says: nobody may call after a round trip who could not before."""
    first = case.compile()
    assert first.plan is not None
    assert first.inventory is not None
    back, findings = imported(helm4.text(emit.values(first.plan)))
    assert back is not None, findings
    second = compile_sources([("back.yaml", back.encode())])
    if second.plan is None or second.inventory is None:
        assert any(one.startswith(tuple(ASKED)) for one in findings)
        return
    opened = [
        change.text
        for change in changes((first.inventory, first.plan), (second.inventory, second.plan))
        if change.effect == "opens" and change.subject != "companions" and "lets through" not in change.text
    ]
    assert opened == []


JUNK: tuple[Any, ...] = (None, "", 0, "x", [], {}, [1], ["a"], {"a": 1}, True, "*", [[]], [{}], 1.5)


def test_objects_of_any_form_give_findings_and_no_traceback(helm4: Helm) -> None:
    """Any value may stand in the place of any other, also in what the chart prints."""
    draw = random.Random(0)  # noqa: S311 - the same mistakes in every run
    files = [
        path.read_text() for case in CASES for path in case.glob("*") if path.name.startswith(("obj", "pol", "pack"))
    ]
    plans = [case.compile().plan for case in VALID if case.name in ("clients", "deny", "sidecar")]
    files += [helm4.text(emit.values(plan)) for plan in plans if plan]
    for text in files:
        whole = [one for one in yaml.safe_load_all(text) if one and one["kind"] not in ("Deployment", "Pod", "Service")]
        for _ in range(12):
            documents = json.loads(json.dumps(whole))
            for _ in range(3):
                inside, key = draw.choice(list(_places(documents)))
                inside[key] = draw.choice(JUNK)
            imported("---\n".join(map(json.dumps, documents)))


def _places(data: Any) -> Iterator[tuple[Any, Any]]:
    for key in data if isinstance(data, dict) else range(len(data)):
        yield data, key
        if isinstance(data[key], dict | list):
            yield from _places(data[key])


def test_tls_that_no_sidecar_has_spoken_begins_with_the_gateway() -> None:
    """Without a workloadSelector istiod gives sidecars neither the Secret nor the TLS; a ConfigMap goes to all."""
    text = (CASES[0].parents[1] / "invalid" / "EG368-no-workload-selector" / "import" / "objects.yaml").read_text()
    (told,) = (one for one in imported(text)[1] if one.startswith("EG368"))
    assert "partner-bank" in told
    selected = text.replace("  host: partner", "  workloadSelector: {matchLabels: {app: bank}}\n  host: partner")
    for other in (selected, text.replace("credentialName: ", "credentialName: configmap://")):
        assert not [one for one in imported(other)[1] if one.startswith("EG368")]
