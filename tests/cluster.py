"""A cluster that answers as kubectl does, from memory: a well one for a list, and what a case changes of it."""

import base64
import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any

import yaml

from egressc import emit
from egressc.compile import compile_sources
from egressc.doctor import Diagnosis, diagnosis
from egressc.doctor.caller import Caller
from egressc.doctor.calls import calls
from egressc.doctor.cluster import RESOURCES, Cluster
from egressc.doctor.examination import Documents, Examination
from egressc.doctor.kubectl import AbsentError, ForbiddenError
from egressc.doctor.prometheus import Answer, Query, SilentError
from egressc.explain.before import before
from egressc.model import is_prefix
from egressc.plan import Plan
from tests.chart import Helm, parsed
from tests.pem import certificate
from tests.tools import tool

NOW = datetime(2027, 3, 1, 3, 0, tzinfo=UTC)
SINCE = "2027-03-01T02:48:00Z"
READY = {"type": "Ready", "status": "True", "lastTransitionTime": SINCE}
#: With all that a list may need of it.
SIDECAR = {
    "name": "istio-proxy",
    "image": "docker.io/istio/proxyv2:1.31.3",
    "env": [{"name": "PROXY_CONFIG", "value": '{"proxyHeaders":{"preserveHttp1HeaderCase":true}}'}],
}
CLIENT_PODS = {"cart": "cart", "web": "web"}  # each with its service account
KINDS = {resource: kind for kind, resource in RESOURCES.items()}


@dataclass
class Memory:
    """Objects by kind, namespace and name, what Envoys say by pod and path, and the resources that are forbidden."""

    objects: dict[tuple[str, str, str], Any]
    envoys: dict[str, list[dict[str, str]]] = field(default_factory=dict)
    forbidden: set[str] = field(default_factory=set)
    kubernetes: str = "v1.36.3"
    asked: set[tuple[str, str]] = field(default_factory=set)
    _looks: dict[tuple[str, str], int] = field(default_factory=dict)

    def ask(self, arguments: Sequence[str]) -> str:
        """What kubectl prints."""
        verb, what, *options = arguments
        if what == "--raw=/version":
            return json.dumps({"gitVersion": self.kubernetes})
        given = dict(
            option.lstrip("-").partition("=")[::2]
            for option in (what, *options)
            if option.startswith("--") and option != "--"
        )
        namespace = given.get("namespace", "")
        if verb == "exec":
            self._check("get", "pods", namespace)
            self._check("create", "pods/exec", namespace)
            return self._envoy(options[0].removeprefix("pod/"), arguments[-1])
        if verb == "logs":
            self._check("get", "pods", namespace)
            self._check("get", "pods/log", namespace)
            return self.envoys.get(what.removeprefix("pod/"), [{}])[-1].get("log", "")
        resource, _, name = what.partition("/")
        self._check("get" if name else "list", resource, namespace)
        return json.dumps(self._one(resource, namespace, name) if name else self._list(resource, given))

    def _check(self, verb: str, resource: str, namespace: str) -> None:
        self.asked.add((verb, resource))
        if resource in self.forbidden:
            where = f"in the namespace {namespace}" if namespace else "in the whole cluster"
            raise ForbiddenError(f"the right to {verb} {resource} {where} is missing")

    def _one(self, resource: str, namespace: str, name: str) -> Any:
        if (found := self.objects.get((KINDS[resource], namespace, name))) is None:
            raise AbsentError(f'Error from server (NotFound): {resource} "{name}" not found')
        return found

    def _list(self, resource: str, given: Mapping[str, str]) -> Any:
        wanted = dict(part.split("=") for part in filter(None, given.get("selector", "").split(",")))
        items = [
            one
            for (kind, namespace, _), one in sorted(self.objects.items())
            if kind == KINDS[resource]
            and ("all-namespaces" in given or namespace == given["namespace"])
            and wanted.items() <= (one["metadata"].get("labels") or {}).items()
        ]
        return {"kind": "List", "items": items}

    def _envoy(self, pod: str, path: str) -> str:
        """Each look sees what comes next, and the last one again and again."""
        part = path.partition("?")[0]
        looks = self.envoys.get(pod, [{}])
        number = self._looks.get((pod, part), 0)
        self._looks[pod, part] = number + 1
        defaults = {"stats": "", "clusters": "{}", "config_dump": "{}", "server_info": "{}"}
        return looks[min(number, len(looks) - 1)].get(part, defaults[part])


def examine(text: str, changes: Mapping[str, Any], caller: Caller | None = None) -> Diagnosis:
    """What is found in a cluster that is well but for `changes`."""
    plan = planned(text)
    memory = changed(well(text), changes)
    documents = "no Helm is on PATH" if changes.get("withoutHelm") else printed(text)
    examination = Examination(plan, Cluster(memory.ask), documents, NOW, 0, caller)
    found = diagnosis(examination)
    if "prometheus" in changes and (problem := calls(examination, _prometheus(**changes["prometheus"]))[1]):
        return replace(found, problems=(*found.problems, problem))
    return found


def _prometheus(silent: str = "", status: int = 200, body: str = "") -> Query:
    """A Prometheus that says the same to each question, or nothing at all."""

    def query(_: str) -> Answer:
        if silent:
            raise SilentError(silent)
        return Answer(status, body.encode())

    return query


@cache
def planned(text: str) -> Plan:
    """The plan of a list."""
    compilation = compile_sources([("hosts.yaml", text.encode())])
    assert compilation.plan, compilation.findings
    return compilation.plan


@cache
def printed(text: str) -> Documents:
    """What the chart prints for a list."""
    return Helm(tool("helm4")).render(emit.dump(emit.values(planned(text))))


def well(text: str) -> Memory:
    """A cluster in which the fleet of a list works."""
    plan = planned(text)
    # a copy each time: cases change it
    objects = {_key(one): one for one in map(_copy, printed(text).values())}
    namespaces = {namespace for carrier in plan.carriers for namespace in carrier.namespaces()}
    named = {client.namespace for carrier in plan.carriers for client in carrier.host.clients if client.namespace}
    clients = {namespace for namespace in named if not is_prefix(namespace)}
    made = [
        *ISTIO,
        *(_namespace(name) for name in ("kube-system", *namespaces)),
        *(_namespace(name, {"istio-injection": "enabled"}) for name in clients),
        *(_client(namespace, *pod) for namespace in clients for pod in CLIENT_PODS.items()),
        *(_needed(need.kind, need.namespace, need.name, need.keys) for need in before(plan.carriers).objects),
        *(_gateway_pod(one) for one in list(objects.values()) if one["kind"] == "Deployment"),
    ]
    envoys = {f"{carrier.gateway}-1": [_envoy(carrier)] for carrier in plan.gateways}
    return Memory(objects | {_key(one): one for one in made}, envoys)


def changed(memory: Memory, changes: Mapping[str, Any]) -> Memory:
    """The cluster after `absent` (`Secret egress/partner`) are gone, `objects` lie over its own, and `envoys` say.

    `kubernetes` is its version.
    """
    for name in changes.get("absent", []):
        kind, _, path = name.partition(" ")
        namespace, _, own = path.rpartition("/")
        del memory.objects[kind, namespace, own]
    for one in changes.get("objects", []):
        key = _key(one)
        memory.objects[key] = _over(memory.objects.get(key, {}), one)
    for name, data in changes.get("certificates", {}).items():
        namespace, _, own = name.partition("/")
        held = memory.objects["Secret", namespace, own]["data"]
        held |= {key: base64.b64encode(value.encode()).decode() for key, value in _pem(data).items()}
    memory.envoys |= changes.get("envoys", {})
    memory.forbidden |= set(changes.get("forbidden", []))
    memory.kubernetes = changes.get("kubernetes", memory.kubernetes)
    return memory


def _pem(data: Mapping[str, Any]) -> dict[str, str]:
    """`tls: 2027-02-27` is a certificate until then with its key; any other key is text."""
    made: dict[str, str] = {}
    for key, value in data.items():
        if key in ("tls", "ca"):
            chain, private = certificate(str(value))
            made |= {"ca.crt": chain} if key == "ca" else {"tls.crt": chain, "tls.key": private}
        elif key == "another key":
            made["tls.key"] = certificate(str(value), "another")[1]
        else:
            made[key] = value
    return made


def _over(below: Any, value: Any) -> Any:
    if isinstance(below, dict) and isinstance(value, dict):
        return below | {key: _over(below.get(key), part) for key, part in value.items()}
    return value


def _copy(one: Any) -> Any:
    return json.loads(json.dumps(one))


def _key(one: Any) -> tuple[str, str, str]:
    return one["kind"], one["metadata"].get("namespace", ""), one["metadata"]["name"]


def _namespace(name: str, labels: Mapping[str, str] | None = None) -> Any:
    own = {"kubernetes.io/metadata.name": name, **(labels or {})}
    return {"kind": "Namespace", "metadata": {"name": name, "labels": own}}


def _client(namespace: str, name: str, account: str) -> Any:
    return {
        "kind": "Pod",
        "metadata": {"name": f"{name}-1", "namespace": namespace, "labels": {"app": name}},
        "spec": {"serviceAccountName": account, "containers": [{"name": "app"}, SIDECAR]},
        "status": {"phase": "Running", "conditions": [READY]},
    }


def _needed(kind: str, namespace: str, name: str, keys: Iterable[str]) -> Any:
    chain, private = certificate("2028-03-01")
    known = {"tls.crt": chain, "tls.key": private, "ca.crt": chain}
    data = {key: known.get(key, "value") for key in keys}
    if kind == "Secret":
        data = {key: base64.b64encode(value.encode()).decode() for key, value in data.items()}
    return {"kind": kind, "metadata": {"name": name, "namespace": namespace}, "data": data}


def _gateway_pod(deployment: Any) -> Any:
    template, metadata = deployment["spec"]["template"], deployment["metadata"]
    status = {"name": "istio-proxy", "image": "proxyv2:1.31.3", "restartCount": 0, "state": {"running": {}}}
    return {
        "kind": "Pod",
        "metadata": {
            "name": f"{metadata['name']}-1",
            "namespace": metadata["namespace"],
            "labels": template["metadata"]["labels"],
            "annotations": {"istio.io/rev": "default"},
        },
        "spec": template["spec"],
        "status": {
            "phase": "Running",
            "podIPs": [{"ip": "10.244.0.7"}],
            "conditions": [READY],
            "containerStatuses": [status],
        },
    }


def _envoy(carrier: Any) -> dict[str, str]:
    clusters = [f"outbound|{port.port}||{carrier.host.host}" for port in carrier.host.ports]
    return {"clusters": json.dumps({"cluster_statuses": [upstream(name) for name in clusters]})}


def upstream(name: str, *, failing: bool = False, silent: bool = False, connections: int = 1) -> Any:
    """A cluster of Envoy with one address, as its admin port has it."""
    health = {"eds_health_status": "HEALTHY", "failed_active_health_check": failing, "active_hc_timeout": silent}
    return {
        "name": name,
        "circuit_breakers": {"thresholds": [{"max_connections": 1024}, {"priority": "HIGH", "max_connections": 1}]},
        "host_statuses": [
            {
                "address": {"socket_address": {"address": "192.0.2.1", "port_value": 443}},
                "stats": [{"name": "cx_active", "value": str(connections), "type": "GAUGE"}],
                "health_status": {key: value for key, value in health.items() if value},
            }
        ],
    }


#: What Istio's own charts print, as far as it is read.
ISTIO = parsed(
    """
kind: Namespace
metadata: {name: istio-system, labels: {kubernetes.io/metadata.name: istio-system}}
---
kind: Deployment
metadata:
  {name: istiod, namespace: istio-system, labels: {app: istiod, istio.io/rev: default}}
spec:
  template:
    metadata: {labels: {app: istiod, istio.io/rev: default}}
    spec:
      containers:
      - name: discovery
        image: docker.io/istio/pilot:1.31.3
        env: [{name: PILOT_SCOPE_GATEWAY_TO_NAMESPACE, value: "true"}]
status:
  readyReplicas: 1
  conditions: [{type: Available, status: "True", lastTransitionTime: "2027-02-01T00:00:00Z"}]
---
kind: ConfigMap
metadata: {name: istio, namespace: istio-system}
data:
  mesh: |-
    outboundTrafficPolicy:
      mode: REGISTRY_ONLY
    rootNamespace: istio-system
    trustDomain: cluster.local
---
kind: MutatingWebhookConfiguration
metadata: {name: istio-sidecar-injector, labels: {istio.io/rev: default}}
webhooks:
- name: rev.namespace.sidecar-injector.istio.io
  namespaceSelector:
    matchExpressions:
    - {key: istio.io/rev, operator: In, values: [default]}
    - {key: istio-injection, operator: DoesNotExist}
  objectSelector: {matchExpressions: [{key: sidecar.istio.io/inject, operator: NotIn, values: ["false"]}]}
- name: rev.object.sidecar-injector.istio.io
  namespaceSelector:
    matchExpressions:
    - {key: istio.io/rev, operator: DoesNotExist}
    - {key: istio-injection, operator: DoesNotExist}
  objectSelector:
    matchExpressions:
    - {key: sidecar.istio.io/inject, operator: NotIn, values: ["false"]}
    - {key: istio.io/rev, operator: In, values: [default]}
- name: namespace.sidecar-injector.istio.io
  namespaceSelector: {matchExpressions: [{key: istio-injection, operator: In, values: [enabled]}]}
  objectSelector: {matchExpressions: [{key: sidecar.istio.io/inject, operator: NotIn, values: ["false"]}]}
- name: object.sidecar-injector.istio.io
  namespaceSelector:
    matchExpressions:
    - {key: istio-injection, operator: DoesNotExist}
    - {key: istio.io/rev, operator: DoesNotExist}
  objectSelector:
    matchExpressions:
    - {key: sidecar.istio.io/inject, operator: In, values: ["true"]}
    - {key: istio.io/rev, operator: DoesNotExist}
"""
)


def changes_of(text: str) -> Mapping[str, Any]:
    """The changes that a file `cluster.yaml` says."""
    found = yaml.safe_load(text) or {}
    known = {
        "objects",
        "absent",
        "certificates",
        "envoys",
        "forbidden",
        "kubernetes",
        "withoutHelm",
        "from",
        "prometheus",
    }
    assert set(found) <= known
    return found
