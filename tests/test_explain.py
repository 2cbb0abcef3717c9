"""`egressc explain`: what it says is what the chart prints, and each line it points to says it."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egressc import emit
from egressc.cli import main
from egressc.explain import FLEET_FORMATS, HOST_FORMATS
from egressc.explain.before import before
from egressc.explain.facts import Facts, facts
from egressc.explain.fleet import alike
from egressc.explain.layout import shorten, table, wrap
from egressc.explain.summary import Summary
from egressc.explain.view import FULL, View
from egressc.model import Duration
from egressc.plan import Carrier, GatewayCarrier, Object, Plan
from egressc.plan.needs import FILTERED, Condition, Need
from egressc.plan.remarks import Remark
from egressc.positions import Line
from egressc.rules.cost import MANY
from tests import rbac
from tests.cases import CASES, VALID, Case
from tests.chart import Document, Documents, Helm
from tests.conftest import Golden
from tests.lists import compile_text, hosts

EXPLAINED = Case(CASES / "explain")
FORMATS = {"text": "txt", "json": "json", "mermaid": "mmd"}
SHOWN = (
    *((None, name) for name in FORMATS),
    *(("git.example", name) for name in FORMATS),
    *((host, "text") for host in ("api.plain.example", "bank.example", "old.example", "sftp.example")),
)
LABEL = r'"[^"\n]*"'
MERMAID = re.compile(
    rf"""flowchart\ LR
    | \ +subgraph\ [a-z]+[0-9]*\[{LABEL}\] | \ +end
    | \ +[a-z]+[0-9]*\[{LABEL}\]
    | \ +[a-z]+[0-9]*\ (-->|-\.->)\|{LABEL}\|\ [a-z]+[0-9]*""",
    re.VERBOSE,
)


@pytest.fixture(params=[*VALID, EXPLAINED], ids=lambda case: case.name)
def case(request: pytest.FixtureRequest) -> Case:
    chosen: Case = request.param
    return chosen


@pytest.fixture
def fleet(case: Case) -> Plan:
    return _plan(case)


@pytest.fixture
def documents(fleet: Plan, helm4: Helm) -> Documents:
    return helm4.render(emit.values(fleet))


def _plan(case: Case) -> Plan:
    plan = case.compile().plan
    assert plan
    return plan


def _gateway(entry: str) -> GatewayCarrier:
    plan = compile_text(hosts(entry)).plan
    assert plan
    (gateway,) = plan.gateways
    return gateway


def _explain(case: Case, *arguments: str) -> int:
    return main(["explain", *case.arguments, *arguments])


@pytest.mark.parametrize(("host", "name"), SHOWN)
def test_reads_well(
    host: str | None, name: str, golden: Golden, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(EXPLAINED.folder)
    arguments = [f"--format={name}", "--today=2027-01-01", *([f"--host={host}"] if host else [])]
    assert _explain(EXPLAINED, *arguments) == 0
    shown, findings = capfd.readouterr()
    assert findings == ""
    golden(EXPLAINED.folder / f"{host or 'fleet'}.{FORMATS[name]}", shown)


@pytest.mark.parametrize("width", [60, 80, 120, FULL])
def test_every_host_is_shown_once_in_as_many_columns(fleet: Plan, width: int) -> None:
    text = FLEET_FORMATS["text"](fleet, View(width=width))
    assert max(map(len, text.splitlines())) <= width
    groups = alike(fleet)
    assert sorted(one.host for group in groups for one in group) == sorted(one.host.host for one in fleet.carriers)
    if width == 80:  # blocks, each below the names of its hosts
        named = re.findall(r"^(?:    )?(\S[^\n]*?),?$", text.split("\nNeeds, ")[0].split("\n\n", 1)[1], re.MULTILINE)
        names = [name for line in named for name in line.split(", ")]
        short = [one.host.host for one in fleet.carriers if len(one.host.host) <= width]
        assert [names.count(name) for name in short] == [1] * len(short)


def test_hosts_stand_together_where_all_but_the_name_is_the_same(fleet: Plan) -> None:
    for group in alike(fleet):
        for one in group:
            assert [(way.port, way.tls, way.ready_when) for way in one.ports] == [
                (way.port, way.tls, way.ready_when) for way in group[0].ports
            ]
            assert (one.namespace, one.owner, one.review_by, one.marks) == (
                group[0].namespace,
                group[0].owner,
                group[0].review_by,
                group[0].marks,
            )
            assert [(caller.who, caller.methods, caller.paths) for caller in one.clients] == [
                (caller.who, caller.methods, caller.paths) for caller in group[0].clients
            ]


def test_counts_the_pods_that_the_chart_prints(fleet: Plan, documents: Documents) -> None:
    for gateway in fleet.gateways:
        pods, name = facts(gateway).pods, gateway.pods.name
        if not pods.counted:
            assert ("Deployment", gateway.namespace, name) not in documents
            continue
        deployment = documents["Deployment", gateway.namespace, name]["spec"]
        scaler = documents.get(("HorizontalPodAutoscaler", gateway.namespace, name))
        printed = (
            (scaler["spec"]["minReplicas"], scaler["spec"]["maxReplicas"]) if scaler else (deployment["replicas"],) * 2
        )
        assert (pods.least, pods.most, pods.scaled) == (*printed, scaler is not None)


def test_says_who_verifies_as_the_destination_rule_does(fleet: Plan, documents: Documents) -> None:
    for gateway in fleet.gateways:
        rule = documents["DestinationRule", gateway.namespace, f"{gateway.name}.upstream"]
        printed = {one["port"]["number"]: one["tls"] for one in rule["spec"]["trafficPolicy"]["portLevelSettings"]}
        for way in facts(gateway).ports:
            tls = printed[way.port]
            verified = way.verified
            # where Istio gets no names it sends and verifies each one that a wildcard stands for
            each = gateway.host.host if gateway.host.wildcard and way.sni else None
            assert list(verified.names) == tls.get("subjectAltNames", [each] if each else [])
            assert (verified.by == "gateway") == (tls["mode"] != "DISABLE" and not tls.get("insecureSkipVerify"))
            assert (verified.by == "nobody") == (verified.reason is not None)
            assert way.sni == tls.get("sni", each)
            assert (way.client_certificate is not None) == (tls["mode"] == "MUTUAL")
            assert (
                verified.ca is None
                or tls.get("credentialName", tls.get("caCertificates")).replace("system", "public CAs") in verified.ca
            )


def test_needs_what_the_chart_refers_to(fleet: Plan, documents: Documents) -> None:
    wanted = {(need.namespace, need.kind, need.name) for need in before(fleet.carriers).objects}
    printed = {(namespace, kind, name) for kind, namespace, name in documents}
    assert wanted == {found for document in documents.values() for found in _referred(document)} - printed


def _referred(document: Document) -> Iterator[tuple[str, str, str]]:
    namespace = document["metadata"].get("namespace", "")
    text = json.dumps(document.get("spec", {}))
    for name in re.findall(r'"credentialName": "([^"]+)"|"secretName": "([^"]+)"|kubernetes://([^"]+?)-cacert"', text):
        yield namespace, "Secret", "".join(name)
    for kind, name in re.findall(r'"(configMap|secret)": {"name": "([^"]+)"(?!, "optional": true)', text):
        yield namespace, {"configMap": "ConfigMap", "secret": "Secret"}[kind], name


def test_who_may_use_a_port_is_who_its_rules_let_in(fleet: Plan, documents: Documents) -> None:
    for gateway in fleet.gateways:
        printed = emit.gateway_values(gateway)["ports"]
        for port, values in zip(gateway.ports, printed, strict=True):
            number, hops = port.client_port, gateway.hops(port.settled)
            callers = [client for client in facts(gateway).clients if number in (client.ports or [number])]
            known = ("finds those allowed", "lets everybody in")
            said = next(one for one in hops[1].decisions if one.says.startswith(known))
            assert said.by == gateway.allowing
            # what makes a host report stands before who may call
            assert [line for line in said.lines if line.key != "enforcement"] == list(
                dict.fromkeys(client.line for client in callers)
            )
            for client in callers:
                identity = f"spiffe://{(client.principal or '').replace('*', 'some')}"
                asked = rbac.Call(identity if client.namespace else "spiffe://cluster.local/ns/any/sa/any", "-", "-")
                if client.methods or client.paths or gateway.denials or gateway.fleet_denials or not gateway.filtered:
                    continue
                assert rbac.decided(documents, gateway.namespace, gateway.name, values, asked)


def test_who_is_refused_is_who_the_rules_deny(fleet: Plan) -> None:
    for gateway in fleet.gateways:
        denied = facts(gateway).denied
        for port in gateway.ports:
            hops = gateway.hops(port.settled)
            says = [one.says for one in hops[1].decisions if one.by == gateway.refusing]
            here = [one for one in denied if not one.ports or port.client_port in one.ports]
            verbs = ["reports" if one.by == "host" and gateway.host.reports else "refuses" for one in here]
            assert [text.partition(" ")[0] for text in says[: len(here)]] == verbs
            values = emit.gateway_values(gateway)
            if not gateway.filtered:
                numbers = [rule["ports"] for rule in values["policy"].get("deny", ())]
                assert [str(port.gateway_port) in one for one in numbers] == [True] * len(here)
                continue
            rules = values["ports"][gateway.ports.index(port)]["rules"]
            printed = [*rules.get("deny", ()), *rules.get("wouldDeny", ())]
            assert len([rule for rule in printed if rule["id"].startswith("not ")]) == len(here)


def test_every_line_pointed_to_has_the_key(case: Case, fleet: Plan) -> None:
    files = {str(file): file.read_text(encoding="utf-8").splitlines() for file in (*case.lists, *case.overlays)}
    found = [line for carrier in fleet.carriers for line in _lines(_all_of(carrier))]
    assert len(found) >= len(fleet.carriers) > 0
    for line in found:
        assert files[line.file][line.line - 1][line.column - 1 :].lstrip("'\"").startswith(line.key), line


def _all_of(carrier: Carrier) -> Any:
    """All that is told of a host."""
    hops = [carrier.hops(port) for port in carrier.host.ports]
    told = (carrier.readiness(), carrier.exposure(), carrier.name_resolution(), carrier.remarks())
    return facts(carrier), hops, [list(part) for part in told]


def _lines(data: Any) -> Iterator[Line]:
    if isinstance(data, Line):
        yield data
    elif isinstance(data, (tuple, list)):
        for item in data:
            yield from _lines(item)
    elif hasattr(data, "__dataclass_fields__"):
        for name in data.__dataclass_fields__:
            yield from _lines(getattr(data, name))


@pytest.mark.parametrize(
    ("entry", "says", "lines", "sets"),
    [
        ("", "wants a certificate for a.example", [], {"tls": {"subjectAltNames": ["a.example"]}}),
        (
            "tls: {sans: [b.example]}",
            "wants a certificate for b.example",
            [5],
            {"tls": {"subjectAltNames": ["b.example"]}},
        ),
        ("", "a connection may take 10s to open", [], {}),
        (
            "timeouts: {connect: 10s}",
            "a connection may take 10s to open",
            [5],
            {"connectionPool": {"connectTimeout": "10s"}},
        ),
        (
            "timeouts:\n    connect: 90s",
            "a connection may take 90s to open",
            [6],
            {"connectionPool": {"connectTimeout": "90s"}},
        ),
        ("timeouts:\n    connect: 90s", "closes a connection without traffic after 1h", [], {}),
        (
            "timeouts: {idle: 2m}",
            "closes a connection without traffic after 2m",
            [5],
            {"connectionPool": {"idleTimeout": "120s"}},
        ),
        ("timeouts: {request: 3s}", "a request may take 3s", [5], {"requestTimeout": "3s"}),
        ("timeouts: {stream: 5m}", "closes a stream without traffic after 5m", [5], {"streamTimeout": "300s"}),
        ("retries: {attempts: 0}", "tries nothing again", [5], {"retries": {"attempts": 0}}),
        ("retries: {perTry: 1s}", "a try may take 1s", [5], {"retries": {"perTry": "1s"}}),
        (
            "retries: {attempts: 1, retryOn: [reset, 5xx]}",
            "tries again, 1 times at most, on 5xx, reset",
            [5, 5],
            {"retries": {"attempts": 1, "retryOn": "5xx,reset"}},
        ),
        (
            "connectionPool: {maxRequests: 7}",
            "at most 7 requests at once from each pod",
            [5],
            {"connectionPool": {"maxRequests": 7}},
        ),
        (
            "ports: [{port: 8080,\n    upstreamPort: 443}]",
            "client port 8080 is upstream port 443",
            [6],
            {"upstreamPort": 443},
        ),
        ("ports:\n  - port: 8080", "client port 8080 is upstream port 8080", [6], {"upstreamPort": 8080}),
        ("tls: {mode: passthrough}", "client port 443 is upstream port 443", [5], {"upstreamPort": 443}),
        ("", "seen by egress, shop", [2], {"exportTo": [".", "shop"]}),
        (
            "endpoints: [192.0.2.1]",
            "found at fixed addresses: 192.0.2.1",
            [5],
            {"endpoints": ["192.0.2.1"], "resolution": "STATIC"},
        ),
        ("drain: 7s", "gives open connections 7s when a pod ends", [5], {"drainSeconds": 7}),
        ("accessLog: false", "turns the mesh's own access log off", [5], {"accessLog": False}),
        ("enforcement: report", "lets everybody in, and reports whom it would refuse", [5, 2], {}),
    ],
)
def test_a_decision_has_its_lines_and_values(entry: str, says: str, lines: list[int], sets: dict[str, Any]) -> None:
    decisions = [one for one in _gateway(f"- host: a.example\n  {entry}").decisions() if one.says == says]
    assert decisions
    assert all([line.line for line in one.lines] == lines for one in decisions)
    assert all(one.sets == sets for one in decisions)


def test_what_holds_by_default_is_the_chart_s(helm4: Helm) -> None:
    gateway = _gateway("- a.example")
    values = {"valuesVersion": emit.VALUES_VERSION, "gateways": {gateway.name: emit.gateway_values(gateway)}}
    documents = helm4.render(values)
    rule = documents["DestinationRule", "egress", "a-example.upstream"]["spec"]["trafficPolicy"]["portLevelSettings"][0]
    route = documents["VirtualService", "egress", "a-example"]["spec"]["http"][0]
    check = documents["EnvoyFilter", "egress", "a-example"]["spec"]["configPatches"][1]["patch"]["value"][
        "health_checks"
    ]
    says = [decision.says for decision in gateway.decisions()]
    tcp, on = rule["connectionPool"]["tcp"], ", ".join(route["retries"]["retryOn"].split(","))
    assert f"a connection may take {_spelled(tcp['connectTimeout'])} to open" in says
    assert f"closes a connection without traffic after {_spelled(tcp['idleTimeout'])}" in says
    assert f"tries again, {route['retries']['attempts']} times at most, on {on}" in says
    rhythm = (_spelled(check[0][key]) for key in ("interval", "timeout"))
    assert "each pod checks every {} and waits {} for an answer".format(*rhythm) in says
    times = check[0]["unhealthy_threshold"], check[0]["healthy_threshold"]
    assert "NotReady after {} failed in a row, Ready after {} good".format(*times) in says


def _spelled(duration: str) -> str:
    """What the chart has, as explain says it."""
    return Duration.of(duration).spelled


UNUSED = """
- host: a.example
  at: sidecar
  ports: [{port: 80}, {port: 443, protocol: TLS}]
  clients: [{namespace: shop, ports: [80]}]
"""


@pytest.mark.parametrize("name", FORMATS)
def test_a_port_that_no_client_may_use_is_told_of(name: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    file = tmp_path / "hosts.yaml"
    file.write_text(hosts(UNUSED), encoding="utf-8")
    assert main(["explain", str(file), "--host=a.example", f"--format={name}"]) == 0
    shown = capfd.readouterr().out
    assert (name == "mermaid") or "no client may use port 443, so no sidecar knows it" in shown
    assert "80 → 443" in shown if name == "mermaid" else "no client may use this port" in shown


def test_only_the_hops_of_used_ports_go_on() -> None:
    plan = compile_text(hosts(UNUSED)).plan
    assert plan
    used, unused = (plan.sidecars[0].hops(port) for port in plan.sidecars[0].host.ports)
    assert [hop.target for hop in used] == ["its sidecar", "upstream"]
    assert [(hop.target, hop.decisions) for hop in unused] == [("its sidecar", ())]


def test_what_does_not_apply_is_not_told_of() -> None:
    plan = compile_text("""
        version: 1
        defaults: {clients: [shop], failover: [b.example], outlierDetection: {interval: 7s}}
        hosts:
        - {host: a.example, proxy: {host: proxy.example, port: 3128}}
        - c.example
    """).plan
    assert plan
    behind, straight = plan.gateways
    for format_ in HOST_FORMATS.values():
        assert "failing addresses" not in format_(behind)
        assert "b.example" not in format_(behind)
    assert "leads to b.example only while nothing answers at c.example" in HOST_FORMATS["text"](straight)
    assert "leaves failing addresses out for a while" in HOST_FORMATS["text"](straight)
    assert {"failover", "outlierDetection"} & set(emit.gateway_values(behind)) == set()
    assert {"failover", "outlierDetection"} < set(emit.gateway_values(straight))


def test_an_overlay_is_pointed_to() -> None:
    plan = compile_text(
        "version: 1\nhosts:\n- {host: a.example, clients: [shop], replicas: 2}\n",
        overlays=["version: 1\nhosts:\n- host: a.example\n  replicas: 4\n"],
    ).plan
    assert plan
    pods = facts(plan.gateways[0]).pods
    assert (pods.least, pods.most, [line.place for line in pods.lines]) == (4, 4, ["overlay0.yaml:4"])


@pytest.mark.parametrize(
    ("entry", "a_minute"),
    [
        ("host: a.example", "12-30 an address"),
        ("host: a.example, replicas: 1", "6 an address"),
        ("host: a.example, resolution: DNS_ROUND_ROBIN", "12-30"),
        ("host: a.example, autoscaling: {minReplicas: 3}, readiness: {interval: 1m}", "3-5 an address"),
        (
            "host: a.example, endpoints: [192.0.2.1, 192.0.2.2], replicas: 3, readiness: {interval: 2m}",
            "1.5 for each of 2",
        ),
        ("host: a.example, readiness: {interval: 1ms}, resolution: DNS_ROUND_ROBIN", "120,000-300,000"),
        ("host: a.example, readiness: {mode: gateway}", "0"),
    ],
)
def test_counts_the_checks_of_all_pods(entry: str, a_minute: str) -> None:
    assert facts(_gateway(f"- {{{entry}}}")).ports[0].checks_per_minute.text == a_minute


@pytest.mark.parametrize(
    ("entry", "ready_when"),
    [
        ("host: a.example", "TLS connects, verified"),
        ("host: a.example, tls: {unverified: there is a reason}", "TLS connects"),
        ("host: a.example, tls: {mode: none, unverified: there is a reason}", "TCP connects"),
        ("host: a.example, tls: {mode: passthrough}", "TLS connects, verified; public CAs"),
        ("host: a.example, tls: {mode: passthrough, secret: own-ca}", "TLS connects, verified; CA of Secret own-ca"),
        ("host: a.example, tls: {mode: mutual, secret: own}", "GET / answers anything"),
        ("host: a.example, readiness: {path: /ok, statuses: [200, 300-304]}", "GET /ok answers 200, 300-304"),
        ("host: a.example, readiness: {mode: gateway}", "the gateway itself runs"),
        (
            "host: a.example, readiness: {mode: probe, probe: {httpGet: {path: /h, port: 15021}}}",
            "the probe httpGet :15021/h succeeds",
        ),
    ],
)
def test_says_when_a_pod_is_ready(entry: str, ready_when: str) -> None:
    assert facts(_gateway(f"- {{{entry}}}")).ports[0].ready_when == ready_when


@pytest.mark.parametrize(
    ("entry", "keys"),
    [
        ("{mode: mutual, secret: bank}", {"bank": ("ca.crt", "tls.crt", "tls.key")}),
        ("{mode: mutual, secret: bank, unverified: there is a reason}", {"bank": ("tls.crt", "tls.key")}),
        ("{secret: bank}", {"bank": ("ca.crt",)}),
        ("{mode: none, unverified: there is a reason}", {}),
        (
            "{files: {ca: /etc/ca/deep/x.pem, volumes: [{secret: outer, mountPath: /etc/ca}, "
            "{configMap: inner, mountPath: /etc/ca/deep}]}}",
            {"inner": ("x.pem",), "outer": ()},
        ),
    ],
)
def test_names_the_keys_of_what_must_exist(entry: str, keys: dict[str, tuple[str, ...]]) -> None:
    found = before([_gateway(f"- {{host: a.example, tls: {entry}}}")]).objects
    assert {need.name: need.keys for need in found} == keys


def test_a_key_is_needed_by_all_that_share_it() -> None:
    plan = compile_text(
        hosts("- {host: a.example, tls: {mode: mutual, secret: both}}\n- {host: b.example, tls: {secret: both}}")
    ).plan
    assert plan
    expected = Need("egress", "Secret", "both", ("ca.crt", "tls.crt", "tls.key"), ("a.example", "b.example"))
    assert before(plan.carriers).objects == (expected,)


@pytest.mark.parametrize(("count", "apart", "needed"), [(MANY - 1, 0, False), (MANY, 0, True), (MANY, 1, False)])
def test_many_gateways_of_a_namespace_need_a_setting_of_istiod(count: int, apart: int, needed: bool) -> None:
    """Those in another namespace do not count, and a shared gateway is one."""
    away = [f"- {{host: h{number}.example, namespace: away}}" for number in range(apart)]
    here = [f"- {{host: h{number}.example}}" for number in range(apart, count)]
    plan = compile_text(hosts("\n".join(away + here))).plan
    assert plan
    assert (FILTERED in before(plan.carriers).conditions) is needed


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("host: a.example", ["DNS must answer clients", "DNS must know a.example for the gateway's pods"]),
        (
            "host: a.example, endpoints: [192.0.2.1]",
            [
                "DNS must answer clients",
                "Istio allots",
                "ISTIO_META_DNS_CAPTURE",
                "names the host",
                "http://192.0.2.1:80/",
            ],
        ),
        (
            "host: a.example, endpoints: [b.example], addresses: [240.0.0.1], ports: [{port: 465, protocol: TCP}]",
            [
                "with 240.0.0.1: on port 465",
                "DNS must know b.example",
                "answer with 240.0.0.1",
                "ISTIO_META_DNS_CAPTURE",
            ],
        ),
    ],
)
def test_says_how_clients_find_the_host(entry: str, expected: list[str]) -> None:
    notes = list(_gateway(f"- {{{entry}}}").name_resolution())
    assert [part in note.says for part, note in zip(expected, notes, strict=True)] == [True] * len(expected)


def test_the_json_has_the_fields_of_the_facts(fleet: Plan) -> None:
    whole = json.loads(FLEET_FORMATS["json"](fleet))
    assert set(whole) == {"summary", "gateways", "sidecars", "needs", "companions", "remarks"}
    assert set(whole["summary"]) == _keys(Summary)
    assert set(whole["needs"]) == {"namespaces", "objects", "conditions"}
    assert all(set(one) == _keys(Condition) for one in whole["needs"]["conditions"])
    namespaces = {gateway.namespace for gateway in fleet.gateways} | {own.ingress.namespace for own in fleet.exposures}
    namespaces |= {place.namespace for sidecar in fleet.sidecars for place in sidecar.placements} - {"*"}
    assert whole["needs"]["namespaces"] == sorted(namespaces)
    assert all(set(one) == _keys(Need) for one in whole["needs"]["objects"])
    assert all(set(one) == _keys(Remark) for one in whole["remarks"])
    for gateway, shown in zip(fleet.gateways, whole["gateways"], strict=True):
        assert shown["host"] == gateway.host.host
        assert set(shown) == _keys(Facts)
        alone = json.loads(HOST_FORMATS["json"](gateway))
        assert set(alone) == _keys(Facts) | {"readiness", "exposure", "nameResolution", "objects", "needs", "remarks"}
        assert all(set(one) == _keys(Object) for one in alone["objects"])
        for port in alone["ports"]:
            assert [(hop["source"], hop["target"]) for hop in port.pop("hops")] == [
                ("application", "its sidecar"),
                ("its sidecar", "gateway"),
                ("gateway", "upstream"),
            ]
        assert {key: alone[key] for key in shown} == shown
    for sidecar, shown in zip(fleet.sidecars, whole["sidecars"], strict=True):
        assert (shown["host"], shown["gateway"], set(shown)) == (sidecar.host.host, None, _keys(Facts))
        alone = json.loads(HOST_FORMATS["json"](sidecar))
        for port in alone["ports"]:
            assert [(hop["source"], hop["target"]) for hop in port.pop("hops")] == [
                ("application", "its sidecar"),
                ("its sidecar", "upstream"),
            ]
        assert {key: alone[key] for key in shown} == shown


def _keys(kind: Any) -> set[str]:
    fields = kind._fields if issubclass(kind, tuple) else kind.__dataclass_fields__
    return {re.sub("_(.)", lambda match: match[1].upper(), name) for name in fields}


def test_labels_keep_their_spelling_in_json() -> None:
    gateway = _gateway("- {host: a.example, clients: [{namespace: shop, podLabels: {my_label: my_value}}]}")
    assert json.loads(HOST_FORMATS["json"](gateway))["clients"][0]["podLabels"] == {"my_label": "my_value"}


def test_the_diagrams_are_flowcharts(fleet: Plan) -> None:
    diagrams = [FLEET_FORMATS["mermaid"](fleet), *(HOST_FORMATS["mermaid"](carrier) for carrier in fleet.carriers)]
    for diagram in diagrams:
        for line in diagram.splitlines():
            assert MERMAID.fullmatch(line), line
        nodes = re.findall(r"^ +(?:subgraph )?(\w+)\[", diagram, re.MULTILINE)
        assert len(nodes) == len(set(nodes))
        ends = re.findall(r"^ +(\w+) -.*\| (\w+)$", diagram, re.MULTILINE)
        assert {end for edge in ends for end in edge} <= set(nodes)
    for carrier in fleet.carriers:
        assert f'"{carrier.host.host.replace("*", "#42;")}"' in diagrams[0]


@pytest.mark.parametrize("protocol", ["HTTP", "TLS"])
def test_a_diagram_shows_labels_and_paths_as_text(protocol: str) -> None:
    client = "namespace: shop, podLabels: {a_b: c}" + (", paths: ['/a\"]--b_`c`*']" if protocol == "HTTP" else "")
    port = f"ports: [{{port: 80, protocol: {protocol}, upstreamPort: 443}}]"
    diagram = HOST_FORMATS["mermaid"](_gateway(f"- {{host: a.example, {port}, clients: [{{{client}}}]}}"))
    assert all(MERMAID.fullmatch(line) for line in diagram.splitlines())
    assert "a#95;b#61;c" in diagram
    assert ("/a#34;#93;--b#95;#96;c#96;#42;" in diagram) == (protocol == "HTTP")


def test_nobody_verifies_is_dotted() -> None:
    diagram = HOST_FORMATS["mermaid"](_gateway("- {host: a.example, tls: {mode: none, unverified: there is a reason}}"))
    assert [line for line in diagram.splitlines() if "-.->" in line and "verified by nobody" in line]


def test_free_text_stays_on_its_line() -> None:
    gateway = _gateway('- {host: a.example, tls: {mode: none, unverified: "one\\ntwo three"}}')
    assert "nobody: one two three" in HOST_FORMATS["text"](gateway)


def test_a_host_that_is_not_there_is_misuse(capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["explain", str(EXPLAINED.folder / "hosts.yaml"), "--host", "elsewhere.test"]) == 2
    assert capfd.readouterr() == ("", "egressc: the list has no host elsewhere.test\n")
    assert main(["explain", str(EXPLAINED.folder / "hosts.yaml"), "--host", "sfpt.example"]) == 2
    assert capfd.readouterr().err == "egressc: the list has no host sfpt.example: did you mean sftp.example?\n"


def test_an_empty_list_is_a_head_and_no_needs() -> None:
    plan = compile_text("version: 1\nhosts: []\n").plan
    assert plan
    assert FLEET_FORMATS["text"](plan).startswith("hosts     0\n")
    assert "\nHOST" in FLEET_FORMATS["text"](plan)
    assert json.loads(FLEET_FORMATS["json"](plan))["gateways"] == []
    assert FLEET_FORMATS["mermaid"](plan) == "flowchart LR\n"


@given(st.text("ab./-\n ", max_size=60), st.integers(4, 20))
def test_wrapping_loses_nothing_but_blanks(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert "".join("".join(lines).split()) == "".join(text.split())
    assert all(len(line) <= max(width, len(line) - len(line.lstrip()) + 1) for line in lines)


def test_a_table_is_aligned() -> None:
    assert table([("a", "long words here", "x"), ("bb\ncc", "", "y")], (5, 10, 5)) == (
        "a   long words  x\n    here\nbb              y\ncc\n"
    )


@pytest.mark.parametrize(("time", "spelled"), [(1, "1ms"), (1500, "1500ms"), (90_000, "90s"), (3_600_000, "1h")])
def test_times_are_spelled_in_their_largest_unit(time: int, spelled: str) -> None:
    assert Duration.of(f"{time}ms").spelled == spelled


def test_what_is_too_long_ends_in_an_ellipsis() -> None:
    assert [shorten("12345", 5), shorten("12 456", 4)] == ["12345", "12…"]


def test_a_file_of_the_goldens_is_no_leftover() -> None:
    goldens = {f"{host or 'fleet'}.{FORMATS[name]}" for host, name in SHOWN}
    assert {file.name for file in Path(EXPLAINED.folder).iterdir()} == {"hosts.yaml", "fleet.html.txt", *goldens}
