"""What the chart prints: the same from both Helms, one kind a file, and nothing that changes by itself."""

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc import emit
from tests.cases import CASES, VALID
from tests.chart import CHART, CI_VALUES, Documents, Helm, RefusedError, Values, compiled, parsed
from tests.conftest import Render
from tests.lists import compile_text
from tests.tools import kubeconform

TEMPLATES = sorted((CHART / "templates").rglob("*.yaml"))
CI = sorted(CI_VALUES.iterdir())
CI_LISTS = sorted((CASES / "ci").iterdir())
EXAMPLES = [*CI, *(case.folder / "values.yaml" for case in VALID)]
PORT = {"name": "http-80", "port": 80, "gatewayPort": 8080, "upstreamPort": 80, "protocol": "HTTP", "rules": {}}


def _gateways(name: str = "api", **more: Any) -> dict[str, Any]:
    """One gateway, right but for `more`."""
    way = {"host": "api.example.com", "exportTo": [".", "shop"], "ports": [PORT]}
    pods = {"selector": {"egressc.io/gateway": name}, "pods": {"statistics": r"api\.example\.com"}}
    return {"valuesVersion": emit.VALUES_VERSION, "gateways": {name: way | {"namespace": "egress"} | pods | more}}


def _api(**more: Any) -> dict[str, Any]:
    return _gateways("api", **more)


def _of(kind: str, documents: Documents, name: str = "api") -> dict[str, Any]:
    (document,) = [document for key, document in documents.items() if key[0] == kind and key[2] == name]
    return document


def _pod(documents: Documents) -> dict[str, Any]:
    pod: dict[str, Any] = _of("Deployment", documents)["spec"]["template"]["spec"]
    return pod


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_both_helms_print_the_same_documents(path: Path, helm3: Helm, helm4: Helm) -> None:
    documents = helm3.render(path)
    assert documents == helm4.render(path)
    assert documents


@pytest.mark.parametrize("path", EXAMPLES, ids=lambda path: f"{path.parent.name}/{path.name}")
def test_every_document_has_the_shape_of_its_kind(path: Path, helm4: Helm) -> None:
    assert kubeconform(helm4.text(path)) == []


@pytest.mark.parametrize("path", CI, ids=lambda path: path.name)
def test_lint_is_clean(path: Path, helm: Helm) -> None:
    said = helm.lint(path)
    assert "[WARNING]" not in said
    assert "[ERROR]" not in said


@pytest.mark.parametrize("path", CI_LISTS, ids=lambda path: path.stem)
def test_the_examples_in_ci_are_compiled(path: Path) -> None:
    values = (CI_VALUES / f"{path.stem}-values.yaml").read_text(encoding="utf-8")
    assert values == emit.dump(compiled(path)), "compile the list again into it"


def test_the_other_examples_in_ci_say_that_they_are_not() -> None:
    by_hand = {path for path in CI if not (CASES / "ci" / f"{path.name.removesuffix('-values.yaml')}.yaml").exists()}
    assert {path.name for path in by_hand} == {
        "autoscaling-off-values.yaml",
        "cluster-settings-values.yaml",
    }
    for path in by_hand:
        assert not path.read_text(encoding="utf-8").startswith(emit.HEADER)


@pytest.mark.parametrize("path", CI, ids=lambda path: path.name)
def test_the_pods_of_examples_in_ci_keep_the_statistics_that_readiness_counts(path: Path, helm4: Helm) -> None:
    gateways = yaml.safe_load(path.read_text(encoding="utf-8"))["gateways"]
    for name, gateway in gateways.items():
        proxy = _of("Deployment", helm4.render(path), name)["spec"]["template"]["metadata"]["annotations"]
        kept = yaml.safe_load(proxy["proxy.istio.io/config"])["proxyStatsMatcher"]["inclusionRegexps"][0]
        for port in gateway["ports"]:
            cluster = f"cluster.outbound|{port['port']}||{gateway['host']};"
            assert re.fullmatch(kept, f"{cluster}.membership_healthy"), f"{name} is never Ready"


def test_every_template_prints_one_kind(helm4: Helm) -> None:
    kinds: dict[str, set[str]] = {str(path.relative_to(CHART)): set() for path in TEMPLATES}
    monitored = {"monitoring": {part: {"enabled": True} for part in ("podMonitor", "prometheusRule", "dashboard")}}
    examples: list[Values] = [*EXAMPLES, monitored]
    for example in examples:
        for text in re.split(r"^---$", helm4.text(example), flags=re.MULTILINE):
            for document in parsed(text):
                template = re.search(r"^# Source: [^/]+/(\S+)$", text, re.MULTILINE)
                assert template
                kinds[template[1]].add(document["kind"])
    # the one only refuses, the other prints nothing but the pods of `helm test`, which are left out here
    assert kinds.pop("templates/validate.yaml") == kinds.pop("templates/tests/pod.yaml") == set()
    for name, printed in kinds.items():
        (kind,) = {re.sub(r"(?<!^)(?=[A-Z])", "-", kind).lower() for kind in printed}
        assert f"{Path(name).stem}-".startswith(f"{kind}-"), "a file of a kind, or of a kind for a purpose"


def test_nothing_changes_by_itself() -> None:
    changing = r"\b(lookup|now|date\w*|ago|rand\w*|uuidv4|gen[A-Z]\w*|shuffle|getHostByName|htpasswd|bcrypt|env)\b"
    for path in [*TEMPLATES, *(CHART / "templates").rglob("*.tpl")]:
        text = re.sub(r"/\*.*?\*/", "", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        for action in re.findall(r"\{\{(.*?)\}\}", text, re.DOTALL):
            assert not re.search(changing, re.sub(r'"[^"]*"|[.$][\w.]*', "", action)), f"{path.name}: {action}"


def test_comments_are_not_printed() -> None:
    for path in (CHART / "templates").rglob("[!.]*.*"):
        printed = re.findall(r"^\s*#.*", path.read_text(encoding="utf-8"), re.MULTILINE)
        assert printed == [], f"{path.name}: `{{{{- /* why */}}}}`"


def test_labels_and_annotations_touch_no_pod(render: Render) -> None:
    before = render(_api())
    noted = {"labels": {"cost-centre": "shop"}, "annotations": {"example.com/contact": "team-shop"}}
    for values in (_api() | noted, _api(**noted)):
        after = render(values)
        assert {key: document.get("spec") for key, document in before.items()} == {
            key: document.get("spec") for key, document in after.items()
        }
        for document in after.values():
            assert document["metadata"]["labels"]["cost-centre"] == "shop"
            assert document["metadata"]["annotations"]["example.com/contact"] == "team-shop"


@pytest.mark.parametrize("kind", ["labels", "annotations"])
def test_a_gateway_s_labels_come_to_the_fleet_s(render: Render, kind: str) -> None:
    fleet = {kind: {"one": "fleet", "two": "fleet"}, f"pod{kind.title()}": {"one": "fleet", "two": "fleet"}}
    documents = render(_api(**{kind: {"two": "own", "three": ""}, f"pod{kind.title()}": {"two": ""}}) | fleet)
    for document in documents.values():
        found = {key: document["metadata"][kind][key] for key in ("one", "two", "three")}
        assert found == {"one": "fleet", "two": "own", "three": ""}
    pod = _of("Deployment", documents)["spec"]["template"]["metadata"][kind]
    assert {key: pod.get(key) for key in ("one", "two", "three")} == {"one": "fleet", "two": "", "three": None}


def test_nothing_selects_by_what_argo_cd_overwrites(render: Render) -> None:
    for example in EXAMPLES:
        for (kind, _, name), document in render(example).items():
            spec = document.get("spec", {})
            selectors = [spec.get("selector", {}), spec.get("workloadSelector", {})]
            assert "app.kubernetes.io/instance" not in yaml.safe_dump(selectors), (kind, name)


def test_names_stay_strings(render: Render) -> None:
    for name, namespace in (("on", "123"), ("y", "0x1f"), ("null", "1e3")):
        documents = render(_gateways(name, namespace=namespace))
        for key, document in documents.items():
            assert key[1:] in {
                (namespace, f"{name}{suffix}") for suffix in ("", ".direct", ".upstream", ".authorization", ".requests")
            }
            assert document["metadata"]["labels"]["egressc.io/gateway"] == name
        pods = {"statistics": "", "fetchesKey": True}
        role = render(_gateways(name, namespace=namespace, pods=pods))["RoleBinding", namespace, name]
        assert role["subjects"] == [{"kind": "ServiceAccount", "name": name, "namespace": namespace}]


def test_large_numbers_stay_whole(render: Render) -> None:
    pool = {"maxConnections": 2147483647, "maxRequests": 1000000, "maxPendingRequests": 1234567}
    for values in (_api() | {"connectionPool": pool}, _api(connectionPool=pool)):
        settings = _of("DestinationRule", render(values), "api.upstream")["spec"]["trafficPolicy"]
        (port,) = settings["portLevelSettings"]
        assert port["connectionPool"]["tcp"]["maxConnections"] == 2147483647
        assert port["connectionPool"]["http"]["http2MaxRequests"] == 1000000
        assert port["connectionPool"]["http"]["http1MaxPendingRequests"] == 1234567


@pytest.mark.parametrize(
    ("values", "replicas", "pods"),
    [
        (_api(), None, (2, 5)),
        (_api() | {"replicas": 3}, 3, None),
        (_api(replicas=1), 1, None),
        (_api(replicas=1) | {"replicas": 3}, 1, None),
        (_api(autoscaling={"maxReplicas": 9}) | {"replicas": 3}, None, (2, 9)),
        (_api(autoscaling={"minReplicas": 3}) | {"autoscaling": {"maxReplicas": 8}}, None, (3, 8)),
    ],
)
def test_a_gateway_has_replicas_or_an_autoscaler(
    render: Render, values: dict[str, Any], replicas: int | None, pods: tuple[int, int] | None
) -> None:
    documents = render(values)
    assert _of("Deployment", documents)["spec"].get("replicas") == replicas
    assert any(kind == "HorizontalPodAutoscaler" for kind, _, _ in documents) == (pods is not None)
    if pods:
        scaler = _of("HorizontalPodAutoscaler", documents)["spec"]
        assert (scaler["minReplicas"], scaler["maxReplicas"]) == pods


def test_no_retries_are_no_retries(render: Render) -> None:
    for values in (_api(retries={"attempts": 0}), _api() | {"retries": {"attempts": 0}}):
        routes = _of("VirtualService", render(values))["spec"]["http"]
        (upstream,) = [route for route in routes if route["name"].startswith("upstream-")]
        assert upstream["retries"] == {"attempts": 0}


def _printed(render: Render, text: str) -> Documents:
    plan = compile_text("version: 1\ndefaults: {clients: [shop]}\n" + text).plan
    assert plan
    return render(emit.values(plan))


def test_a_tunnel_is_kept_alive(render: Render) -> None:
    """Behind a socket Envoy's own words count; a number that nobody says is the kernel's."""
    documents = _printed(
        render,
        "hosts: [{host: api.example.com, proxy: {host: proxy.corp.example, port: 3128},"
        " connectionPool: {keepalive: {time: 60s, interval: 10s, probes: 3}}}]",
    )
    (cluster,) = _clusters(documents, "api-example-com.proxy")
    alive = {"keepalive_probes": 3, "keepalive_time": 60, "keepalive_interval": 10}
    assert cluster["upstream_connection_options"] == {"tcp_keepalive": alive}
    settings = _of("DestinationRule", documents, "api-example-com.upstream")["spec"]["trafficPolicy"]
    found = settings["portLevelSettings"][0]["connectionPool"]["tcp"]["tcpKeepalive"]
    assert found == {"time": "60s", "interval": "10s", "probes": 3}
    for key, said in (("timeSeconds", "keepalive_time"), ("probes", "keepalive_probes")):
        proxy = {"proxy": {"host": "proxy.corp.example", "port": 3128, "target": "api.example.com"}}
        (cluster,) = _clusters(render(_api(**proxy, connectionPool={"keepalive": {key: 7}})), "api.proxy")
        assert cluster["upstream_connection_options"]["tcp_keepalive"] == {said: 7}


def _clusters(documents: Documents, name: str) -> list[dict[str, Any]]:
    patches = _of("EnvoyFilter", documents, name)["spec"]["configPatches"]
    return [patch["patch"]["value"] for patch in patches if patch["patch"]["value"].get("name") == name][:1]


@pytest.mark.parametrize(
    ("entry", "filter_name"),
    [
        ("host: '*.example.com', endpoints: [origin.example.net]", "any---example-com.passthrough"),
        ("host: '*.example.com', proxy: {host: proxy.corp.example, port: 3128}", "any---example-com.proxy"),
    ],
)
def test_a_listed_host_below_a_wildcard_is_closed_behind_its_sockets(
    render: Render, entry: str, filter_name: str
) -> None:
    ports = "ports: [{port: 443, protocol: TLS}], readiness: {mode: gateway}"
    documents = _printed(render, f"hosts: [{{{entry}, {ports}}}, gold.example.com]")
    patches = _of("EnvoyFilter", documents, filter_name)["spec"]["configPatches"]
    (listener,) = (patch["patch"]["value"] for patch in patches if patch["applyTo"] == "LISTENER")
    closed, open_ = listener["filter_chains"]
    assert closed["filter_chain_match"] == {"server_names": ["gold.example.com"]}
    assert [one["name"] for one in closed["filters"]] == ["envoy.filters.network.direct_response"]
    assert open_["filter_chain_match"] == {"server_names": ["*.example.com"]}


def test_a_wildcard_s_log_has_the_name_that_was_called(render: Render) -> None:
    documents = _printed(render, "hosts: [{host: '*.example.com', accessLog: true}]")
    lines, refused = _of("EnvoyFilter", documents, "any---example-com.access-log")["spec"]["configPatches"]
    (log,) = lines["patch"]["value"]["typed_config"]["access_log"]
    assert log["typed_config"]["log_format"]["json_format"]["host"] == "%REQ(:AUTHORITY)%"
    (log,) = refused["patch"]["value"]["access_log"]
    assert log["filter"]["extension_filter"]["typed_config"]["expression"] == (
        "connection.requested_server_name.endsWith('.example.com') && connection.transport_failure_reason != ''"
    )
    assert log["typed_config"]["log_format"]["json_format"]["host"] == "*.example.com"


def test_pods_without_the_right_labels_find_a_closed_port(render: Render) -> None:
    documents = _printed(
        render,
        "companions: {networkPolicies: true}\nhosts: [{host: api.example.com, ports: [{port: 443, protocol: TLS}],"
        " clients: [{namespace: shop, podLabels: {app: cart}}]}]",
    )
    ports = _of("Service", documents, "api-example-com")["spec"]["ports"]
    assert [(port["name"], port["port"]) for port in ports] == [("tls-443", 8443), ("tcp-closed", 9)]
    policy = _of("NetworkPolicy", documents, "api-example-com")["spec"]
    assert [port["port"] for port in policy["ingress"][0]["ports"]] == [8443, 9]
    *_, others = _of("VirtualService", documents, "api-example-com")["spec"]["tls"]
    assert others["route"][0]["destination"]["port"]["number"] == 9


def test_a_host_that_sidecars_carry_keeps_its_addresses_and_every_sidecar_knows_it(render: Render) -> None:
    documents = _printed(
        render,
        "companions: {sidecars: {}}\nhosts: [{host: api.example.com, at: sidecar, clients: [{wholeMesh: true}]},"
        " {host: db.example.com, at: sidecar, ports: [{port: 9000, protocol: TCP}],"
        " addresses: [240.0.10.1]}, web.example.com]",
    )
    assert _of("ServiceEntry", documents, "db-example-com")["spec"]["addresses"] == ["240.0.10.1"]
    (egress,) = documents["Sidecar", "shop", "default"]["spec"]["egress"]
    assert "egress/api.example.com" in egress["hosts"]


def test_pods_are_spread_over_zones_beside_an_affinity_that_is_given(render: Render) -> None:
    required = {"topologyKey": "kubernetes.io/hostname", "labelSelector": {"matchLabels": {"app": "builds"}}}
    given: dict[str, Any] = {
        "nodeAffinity": {"preferredDuringSchedulingIgnoredDuringExecution": []},
        "podAntiAffinity": {
            "requiredDuringSchedulingIgnoredDuringExecution": [required],
            "preferredDuringSchedulingIgnoredDuringExecution": [{"weight": 1, "podAffinityTerm": required}],
        },
    }
    plain, beside = (_pod(render(_api(**more)))["affinity"] for more in ({}, {"affinity": given}))
    (zones,) = plain["podAntiAffinity"].pop("preferredDuringSchedulingIgnoredDuringExecution")
    assert plain == {"podAntiAffinity": {}}
    assert zones["podAffinityTerm"] == {
        "topologyKey": "topology.kubernetes.io/zone",
        "labelSelector": {"matchLabels": {"egressc.io/gateway": "api"}},
    }
    given["podAntiAffinity"]["preferredDuringSchedulingIgnoredDuringExecution"].insert(0, zones)
    assert beside == given


@pytest.mark.parametrize(
    ("fleet", "own", "workers"),
    [
        ({"memory": "1Gi"}, None, 2),
        ({"cpu": 4}, None, None),
        ({"memory": "1Gi"}, {"cpu": "3"}, None),
        ({"cpu": 4}, {"memory": "1Gi"}, None),
    ],
)
def test_workers_follow_a_limit_of_cpu_and_never_the_node(
    render: Render, fleet: dict[str, Any], own: dict[str, Any] | None, workers: int | None
) -> None:
    """Istio itself counts the cores of a limit, and those of the node where there is none."""
    more: dict[str, Any] = {"resources": {"limits": own}} if own else {}
    metadata = _of("Deployment", render({"resources": {"limits": fleet}} | _gateways(**more)))["spec"]["template"][
        "metadata"
    ]
    assert yaml.safe_load(metadata["annotations"]["proxy.istio.io/config"]).get("concurrency") == workers


def test_a_gateway_s_own_settings_replace_the_fleet_s(render: Render) -> None:
    documents = render(CI_VALUES / "cluster-settings-values.yaml")
    shared, own = (_of("Deployment", documents, name) for name in ("api-example-com", "own-example-com"))
    found = {}
    for deployment in (shared, own):
        pod = deployment["spec"]["template"]["spec"]
        (container,) = pod["containers"]
        found[deployment["metadata"]["name"]] = {
            "secrets": [secret["name"] for secret in pod["imagePullSecrets"]],
            "policy": container["imagePullPolicy"],
            "limits": container["resources"].get("limits"),
            "grace": pod["terminationGracePeriodSeconds"],
            "nodes": pod["nodeSelector"],
            "priority": pod["priorityClassName"],
        }
    assert found == {
        "api-example-com": {
            "secrets": ["registry-credentials"],
            "policy": "IfNotPresent",
            "limits": {"cpu": 1, "memory": "256Mi"},
            "grace": 10,
            "nodes": {"kubernetes.io/os": "linux"},
            "priority": "system-cluster-critical",
        },
        "own-example-com": {
            "secrets": ["own-credentials"],
            "policy": "Never",
            "limits": {"cpu": 1, "memory": "256Mi"},
            "grace": 5,
            "nodes": {"kubernetes.io/arch": "amd64"},
            "priority": "system-node-critical",
        },
    }


@pytest.mark.parametrize(
    ("said", "address"),
    [
        ({}, {"address": "0.0.0.0", "port_value": 15099}),  # noqa: S104  nothing binds to it here
        ({"readinessAddress": "::"}, {"address": "::", "ipv4_compat": True, "port_value": 15099}),
        ({"listenAddress": "::"}, {"address": "::", "ipv4_compat": True, "port_value": 15099}),
    ],
)
def test_the_kubelet_finds_the_readiness_port_at_the_address_of_pods(
    render: Render, said: dict[str, str], address: dict[str, Any]
) -> None:
    patches = _of("EnvoyFilter", render(_api() | said))["spec"]["configPatches"]
    listeners = [patch["patch"]["value"] for patch in patches if patch["applyTo"] == "LISTENER"]
    assert [listener["address"]["socket_address"] for listener in listeners] == [address]


def test_pods_fit_the_restricted_standard_and_openshift(render: Render) -> None:
    pod = _pod(render(_api()))
    (container,) = pod["containers"]
    assert pod["automountServiceAccountToken"] is False
    assert container["securityContext"] == {
        "allowPrivilegeEscalation": False,
        "capabilities": {"drop": ["ALL"]},
        "privileged": False,
        "readOnlyRootFilesystem": True,
        "runAsNonRoot": True,
        "seccompProfile": {"type": "RuntimeDefault"},
    }
    assert {"runAsUser", "runAsGroup", "fsGroup"}.isdisjoint(pod["securityContext"])


def test_a_release_without_gateways_is_empty(helm: Helm) -> None:
    assert helm.render({}) == {}


def test_what_is_given_on_the_command_line_counts(helm: Helm) -> None:
    # --set brings whole numbers where files bring fractions
    ports = "gateways.api.ports[0]"
    documents = helm.render(_api(), options=["--set", f"{ports}.gatewayPort=8081", "--set", "replicas=2"])
    assert _of("Service", documents)["spec"]["ports"][0]["port"] == 8081
    with pytest.raises(RefusedError, match="at least"):
        helm.render(_api(), options=["--set", "autoscaling.minReplicas=7"])


def test_the_notes_show_how_to_ask_and_where_to_look(helm4: Helm) -> None:
    notes = helm4.notes(CI_VALUES / "single-host-values.yaml")
    assert "  helm test egress --namespace egress\n" in notes
    assert "exec --namespace NAMESPACE deploy/GATEWAY -- pilot-agent request GET clusters" in notes
    assert "REGISTRY_ONLY" in notes
    assert "`companions: {admission: {}}`" in notes
    assert "leaves out" not in notes
    policies = helm4.notes(_case("admission"))
    assert "`companions: {admission: {}}`" not in policies
    assert "grep egressc.egress.egress" in policies
    straight = {key: value for key, value in _case("sidecar").items() if key != "gateways"}
    assert "The clients' own sidecars carry the hosts." in helm4.notes(straight)
    assert "There are no gateways yet" in helm4.notes({})


def test_the_notes_promise_no_call_that_would_be_refused(helm4: Helm) -> None:
    notes = helm4.notes(_case("shared-gateway"))
    assert "  helm test egress --namespace egress\nIt leaves out api.partner-one.example: " in notes, (
        "it takes POST only"
    )
    assert "The pods of partners are for several hosts, and are Ready whatever the upstreams do." in notes
    values = _case("shared-gateway")
    unasked = values | {"calls": {}}
    assert "helm test egress" not in helm4.notes(unasked)
    assert "`helm test` has nothing to ask" in helm4.notes(unasked)
    many = {f"*.{name}.example.com": name for name in ("a1", "b1", "c1", "d1", "e1", "f1")}
    one = next(gateway for gateway in values["gateways"].values() if gateway.get("pods") and gateway.get("host"))
    wildcards = {f"any-{name}": one | {"host": host, "suffix": host[1:]} for host, name in many.items()}
    assert "It leaves out 6 hosts: " in helm4.notes(values | {"gateways": wildcards})


def test_the_notes_send_nobody_to_deployments_that_are_not_there(helm4: Helm) -> None:
    notes = helm4.notes(_case("adopted-gateway"))
    assert "  kubectl get pods --namespace istio-egress --selector istio=egressgateway\n" in notes
    assert "get deployments" not in notes
    assert "deploy/GATEWAY" not in notes
    assert "request GET clusters" not in helm4.notes(_case("no-envoy-filters"))


def _case(name: str) -> dict[str, Any]:
    (case,) = (case for case in VALID if case.name == name)
    return compiled(*case.lists, overlays=case.overlays)
