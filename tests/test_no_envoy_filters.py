"""A mesh without EnvoyFilters: what is printed in their place, and that nothing else is promised."""

import ssl
import subprocess
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import pytest
import trustme
from hypothesis import HealthCheck, Phase, given, settings
from typing_extensions import override

from egressc import emit
from egressc.compile import compile_sources
from egressc.model import POD_SETTINGS
from egressc.plan import GatewayCarrier, Plan
from egressc.plan.decisions.requests import OF_METHODS
from tests.cases import VALID
from tests.chart import CHART, Documents, Helm, RefusedError, compiled
from tests.strategies import GATEWAYS, fleets

(CASE,) = (case for case in VALID if case.name == "no-envoy-filters")
(SHARED,) = (case for case in VALID if case.name == "shared-no-envoy-filters")
POLICY = "AuthorizationPolicy"
FEW = settings(
    max_examples=25,
    phases=[Phase.explicit, Phase.reuse, Phase.generate],
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    return compiled(*CASE.lists)


@pytest.fixture(scope="module")
def documents(helm4: Helm, values: dict[str, Any]) -> Documents:
    return helm4.render(values)


def planned(hosts: list[Any]) -> Plan | None:
    """What comes of `hosts` in a mesh without EnvoyFilters; None where something is an error."""
    text = emit.dump({"version": 1, "mesh": {"envoyFilters": False}, "gateways": GATEWAYS, "hosts": hosts})
    return compile_sources([("hosts.yaml", text.encode())]).plan


#: What hosts, their headers, and their TLS do not have without EnvoyFilters.
UNKNOWN = {
    "rateLimit",
    "enforcement",
    "accessLog",
    "failover",
    "proxy",
    "externalAuthorization",
    "dnsRetry",
    "timeouts",
}
UNKNOWN_HEADERS = {"credential", "preserveCase"}
UNKNOWN_TLS = {"minProtocolVersion", "maxProtocolVersion", "cipherSuites", "sans"}
OF_PODS = {"namespace", "owner", "readiness", *POD_SETTINGS}


def simpler(host: Any) -> Any:
    """The host without what it cannot have, on a gateway of its own or, as often, on a shared one."""
    if not isinstance(host, dict) or host.get("at") == "sidecar":
        return host
    entry = {key: value for key, value in host.items() if key not in UNKNOWN | OF_PODS | {"deny"}}
    entry["gateway"] = "shared" if len(host["host"]) % 2 else None
    entry["ports"] = [_simpler_tls(port) for port in host.get("ports", [])]
    entry["clients"] = [_without(one, {"paths"}) for one in host["clients"]]
    if "headers" in entry:
        entry["headers"] = _without(entry["headers"], UNKNOWN_HEADERS)
    return {key: value for key, value in _simpler_tls(entry).items() if value}


def _simpler_tls(part: dict[str, Any]) -> dict[str, Any]:
    return part | ({"tls": _without(part["tls"], UNKNOWN_TLS)} if "tls" in part else {})


def _without(part: Any, keys: set[str]) -> Any:
    return {key: value for key, value in part.items() if key not in keys} if isinstance(part, dict) else part


@given(fleets())
@FEW
def test_an_error_or_no_envoy_filter(helm4: Helm, fleet: list[Any]) -> None:
    """Each host that is no error, in all the ways that lists say it; of all others what is left without it."""
    tried = [next((one for one in (host, simpler(host)) if planned([one])), None) for host in fleet]
    plan = planned([host for host in tried if host])
    if plan is None:
        return  # two hosts that do not fit together
    values = emit.values(plan)
    printed = helm4.render(values)
    kinds = {kind for kind, _, _ in printed}
    assert "EnvoyFilter" not in kinds
    for gateway in plan.gateways:
        assert gateway.pods.ours
        assert {decision.by.kind for decision in gateway.decisions()} <= kinds
        assert not any("rules" in port for port in values["gateways"][gateway.name]["ports"])
        for verb in ("clients", "denied"):
            policy = printed.get((POLICY, gateway.namespace, f"{gateway.name}.{verb}"))
            for rule in policy["spec"]["rules"] if policy else ():
                held_to_its_host(rule, gateway, refuses=verb == "denied")


def held_to_its_host(rule: dict[str, Any], gateway: GatewayCarrier, *, refuses: bool) -> None:
    """That a rule is about nothing of the neighbours, whose filter chains have it too.

    Whoever is refused is refused with any Host.
    """
    (to,), host = rule["to"], gateway.host.host
    assert {"key": "connection.sni", "values": [host]} in rule["when"]
    with_requests = {str(port.gateway_port): port.is_http for port in gateway.ports}
    http = {with_requests[port] for port in to["operation"]["ports"]}
    held = http == {True} and not refuses and not gateway.pods.single
    assert to["operation"].get("hosts") == ([host, f"{host}:*"] if held else None)
    assert len(http) == 1 or refuses or gateway.pods.single


def test_nobody_is_let_in_by_default(documents: Documents, values: dict[str, Any]) -> None:
    for name, gateway in values["gateways"].items():
        policy = documents["AuthorizationPolicy", "egress", name]["spec"]
        assert policy == {"selector": {"matchLabels": gateway["selector"]}, "action": "ALLOW"}
        clients = documents["AuthorizationPolicy", "egress", f"{name}.clients"]["spec"]
        assert clients["action"] == "ALLOW"
        ports = {str(port["gatewayPort"]) for port in gateway["ports"]}
        for rule in clients["rules"]:
            (source,), (to,) = rule["from"], rule["to"]
            assert source["source"]["principals"]
            assert {*to["operation"]["ports"]} <= ports
            assert {"key": "connection.sni", "values": [gateway["host"]]} in rule["when"]


def test_clients_keep_to_what_is_theirs(documents: Documents) -> None:
    rules = documents["AuthorizationPolicy", "egress", "partner-example-com.clients"]["spec"]["rules"]
    cart, preview = rules
    assert cart["from"] == [{"source": {"principals": ["cluster.local/ns/shop/sa/cart"]}}]
    assert cart["to"][0]["operation"]["paths"] == ["/health", "/v1/*"]
    assert cart["to"][0]["operation"]["methods"] == ["GET", "POST"]
    unset = {one["key"] for one in cart["when"] if one.get("notValues") == ["*"]}
    assert unset == {f"request.headers[{name}]" for name in OF_METHODS}
    assert preview["from"] == [{"source": {"principals": ["cluster.local/ns/preview-*"]}}]
    assert {"key": "source.principal", "values": ["*/sa/cart"]} in preview["when"]


def test_the_denied_are_refused_in_any_trust_domain(documents: Documents) -> None:
    spec = documents["AuthorizationPolicy", "egress", "partner-example-com.denied"]["spec"]
    sources = [rule["from"][0]["source"] for rule in spec["rules"]]
    assert spec["action"] == "DENY"
    assert sources == [{"namespaces": ["guests"]}, {"principals": ["*/ns/shop/sa/reports"]}]


def test_a_path_has_one_reading(documents: Documents) -> None:
    first, *_ = documents["VirtualService", "egress", "partner-example-com"]["spec"]["http"]
    assert first["directResponse"]["status"] == 403
    assert len([one for one in first["match"] if "uri" in one]) == 3
    assert [list(one["headers"]) for one in first["match"] if "headers" in one] == [
        ["x-original-url"],
        ["x-rewrite-url"],
    ]


def test_no_other_spelling_of_a_header_goes_on(documents: Documents) -> None:
    routes = documents["VirtualService", "egress", "partner-example-com"]["spec"]["http"]
    removed = next(route for route in routes if route["name"].startswith("upstream"))["headers"]["request"]["remove"]
    assert {"x_tenant_id", "x-tenant_id", "x_tenant-id", "x_http_method_override", "x_original_url"} <= {*removed}
    assert "x-tenant-id" not in removed


def test_it_is_said_that_nobody_reads_what_is_carried() -> None:
    plan = CASE.compile().plan
    assert plan
    said = [one for gateway in plan.gateways for one in gateway.remarks() if "inside of the application" in one.says]
    assert [(one.host, one.port) for one in said] == [("two-ways.example.com", 443)]


def test_the_container_is_hardened(documents: Documents) -> None:
    for (kind, _, _), document in documents.items():
        if kind == "Deployment":
            proxy, *others = document["spec"]["template"]["spec"]["containers"]
            assert "readinessProbe" not in proxy
            for other in others:
                context = other["securityContext"]
                assert {**context, "runAsUser": 0} == {**proxy["securityContext"], "runAsUser": 0}
                assert context["runAsUser"] == 65534


def test_an_image_is_chosen(helm4: Helm, values: dict[str, Any]) -> None:
    with pytest.raises(RefusedError, match="Choose its image"):
        helm4.text(values, {"readinessContainer": {"image": ""}})


def test_no_secret_is_printed(documents: Documents) -> None:
    scripts = [document for (kind, _, _), document in documents.items() if kind == "ConfigMap"]
    told = [text for script in scripts for text in script["data"].values()]
    assert any('key = "/etc/egressc/upstream/partner-bank/tls.key"' in text for text in told)


# ---- several hosts on one gateway


@pytest.fixture(scope="module")
def shared(helm4: Helm) -> Documents:
    return helm4.render(compiled(*SHARED.lists))


def policies(documents: Documents, namespace: str = "egress") -> dict[str, Any]:
    """The policies of a namespace, by their names."""
    return {name: one["spec"] for (kind, where, name), one in documents.items() if (kind, where) == (POLICY, namespace)}


def test_all_policies_select_the_shared_pods(shared: Documents) -> None:
    found = policies(shared)
    assert {name.partition(".")[0] for name in found} - {"partners"} == {
        "bank-example-com-on-partners",
        "db-example-com-on-partners",
        "two--ways-example-com-on-partners",
    }
    pods = {"matchLabels": {"egressc.io/gateway": "partners"}}
    assert all(policy["selector"] == pods for policy in found.values())
    assert found["partners"] == {"selector": pods, "action": "ALLOW"}
    assert [name for name, policy in found.items() if not policy.get("rules")] == ["partners"]


def test_a_host_with_requests_and_bytes_has_a_rule_for_each(shared: Documents) -> None:
    rules = policies(shared)["two--ways-example-com-on-partners.clients"]["rules"]
    assert [rule["to"][0]["operation"] for rule in rules] == [
        {"ports": ["8080"], "hosts": ["two-ways.example.com", "two-ways.example.com:*"]},
        {"ports": ["8443"]},
    ]


def test_a_client_of_one_port_has_a_rule_for_no_other() -> None:
    clients = [{"namespace": "shop", "ports": [8085]}, {"namespace": "web", "ports": [80, 443]}]
    ports = [{"port": 80}, {"port": 8085}, {"port": 443, "protocol": "TLS", "tls": {"mode": "passthrough"}}]
    plan = planned([{"host": "api.example.com", "gateway": "shared", "clients": clients, "ports": ports}])
    assert plan
    rules = emit.values(plan)["gateways"]["api-example-com-on-shared"]["policy"]["allow"]
    assert [(rule["principals"], rule["ports"], "hosts" in rule) for rule in rules] == [
        (["cluster.local/ns/shop/sa/*"], ["8085"], True),
        (["cluster.local/ns/web/sa/*"], ["8080"], True),
        (["cluster.local/ns/web/sa/*"], ["8443"], False),
    ]


def test_a_neighbour_who_is_denied_is_denied_with_any_host(shared: Documents) -> None:
    denied = policies(shared)["bank-example-com-on-partners.denied"]
    assert denied["action"] == "DENY"
    assert [rule["to"][0]["operation"] for rule in denied["rules"]] == [{"ports": ["8080"]}] * 2


def test_no_container_speaks_for_all_hosts(shared: Documents) -> None:
    pods = shared["Deployment", "egress", "partners"]["spec"]["template"]["spec"]
    assert [one["name"] for one in pods["containers"]] == ["istio-proxy"]
    assert "readinessProbe" not in pods["containers"][0]
    assert not [name for kind, _, name in shared if kind == "ConfigMap"]


def test_it_is_said_that_nobody_checks_the_upstream() -> None:
    plan = SHARED.compile().plan
    assert plan
    said = {
        one.host
        for gateway in plan.gateways
        for one in gateway.remarks()
        if one.says.startswith("nobody checks the up")
    }
    assert said == {gateway.host.host for gateway in plan.gateways}
    assert {gateway.ready_when(port.settled) for gateway in plan.gateways for port in gateway.ports} == {
        "the gateway itself runs"
    }


@pytest.mark.parametrize(("companions", "said"), [("", True), ("companions: {admission: {}}\n", False)])
def test_it_is_said_which_door_is_open(companions: str, said: bool) -> None:
    (hosts,) = SHARED.lists
    plan = compile_sources([("hosts.yaml", hosts.read_bytes() + companions.encode())]).plan
    assert plan
    for gateway in plan.gateways:
        assert any(one.says.startswith("another team's Gateway") for one in gateway.remarks()) is said


def test_a_further_host_changes_no_other_object(helm4: Helm, shared: Documents) -> None:
    (hosts,) = SHARED.lists
    more = compile_sources([("hosts.yaml", hosts.read_bytes() + b"- new.example.com\n")]).plan
    assert more
    after = helm4.render(emit.values(more))
    assert {key: after[key] for key in shared} == shared
    names = {name.partition(".")[0] for _, _, name in {*after} - {*shared}}
    assert names == {"new-example-com", "new-example-com-on-partners"}


# ---- the script, with curl


class _Answer(BaseHTTPRequestHandler):
    def do_GET(self) -> None:
        self.server.asked.append(self.path)  # type: ignore[attr-defined]
        self.send_response(404 if self.path == "/missing" else 200)
        self.end_headers()

    @override
    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def server(tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """An upstream with the certificate of api.example.com, whose CA is in ca.crt; `asked` are its requests."""
    authority = trustme.CA()
    authority.cert_pem.write_to_path(tmp_path / "ca.crt")
    trustme.CA().cert_pem.write_to_path(tmp_path / "other.crt")
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    authority.issue_cert("api.example.com").configure_cert(context)
    server = ThreadingHTTPServer(("127.0.0.1", 0), _Answer)
    server.asked = []  # type: ignore[attr-defined]
    server.handle_error = lambda *_: None  # type: ignore[method-assign]
    server.socket = context.wrap_socket(server.socket, server_side=True, do_handshake_on_connect=False)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield server
    server.shutdown()
    server.server_close()


ASKED: dict[str, tuple[str, list[str], bool]] = {
    "the upstream": ("shakes_hands", ["url=https://api.example.com", "cacert=ca.crt"], True),
    "another name": ("shakes_hands", ["url=https://other.example.com", "cacert=ca.crt"], False),
    "another CA": ("shakes_hands", ["url=https://api.example.com", "cacert=other.crt"], False),
    "public CAs": ("shakes_hands", ["url=https://api.example.com"], False),
    "nobody verified": ("shakes_hands", ["url=https://other.example.com", "insecure"], True),
    "nobody there": (
        "shakes_hands",
        ["url=https://api.example.com:1", "cacert=ca.crt", 'connect-to="::127.0.0.1:1"'],
        False,
    ),
    "a connection": ("connects", ["url=telnet://api.example.com:1"], True),
    "no connection": ("connects", ["url=telnet://api.example.com:1", 'connect-to="::127.0.0.1:1"'], False),
    "a status": ("answers", ["url=https://api.example.com/a", "cacert=ca.crt"], True),
    "another status": ("answers", ["url=https://api.example.com/missing", "cacert=ca.crt"], False),
    "no status": ("answers", ["url=https://other.example.com/a", "cacert=ca.crt"], False),
}


@pytest.mark.parametrize("name", ASKED)
def test_the_script(server: ThreadingHTTPServer, tmp_path: Path, name: str) -> None:
    """It ends well exactly where the upstream is; a handshake and a connection send nothing."""
    verb, told, well = ASKED[name]
    told = [line.replace("cacert=", f"cacert={tmp_path}/") for line in told]
    if not any(line.startswith("connect-to") for line in told):
        told.append(f'connect-to="::127.0.0.1:{server.server_address[1]}"')
    (tmp_path / "question").write_text("\n".join([*told, "max-time=5"]))
    script = (CHART / "files" / "ready.sh").read_text().replace("/etc/egressc/readiness", str(tmp_path))
    statuses = "200 300" if verb == "answers" else ""
    command = ["sh", "-c", f"{script}\n{verb} question {statuses} || exit 1"]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=30)
    assert (done.returncode == 0) is well, done
    assert well or done.stdout.strip()
    assert bool(server.asked) is (verb == "answers" and name != "no status")  # type: ignore[attr-defined]
