"""The pages that follow the code are current, and every example of the schema compiles where a list would have it."""

import copy
import json
from collections.abc import Iterator
from typing import Any, NamedTuple

import pytest
import yaml

from docs import reference
from egressc.compile import compile_sources
from egressc.findings import CODES
from egressc.model import OWN_GATEWAY
from egressc.schema import resolve, schema

Data = dict[str, Any]
Steps = tuple[str | int, ...]

KEY_FILES = {
    "mode": "mutual",
    "files": {
        "certificate": "/etc/partner/tls.crt",
        "key": "/etc/partner/tls.key",
        "volumes": [{"secret": "partner-client-certs", "mountPath": "/etc/partner"}],
    },
}
CA_VOLUME = {"mountPath": "/etc/partner-client-certs"}
CA_FILES = {"files": {"ca": "/etc/partner-client-certs/ca.crt", "volumes": [CA_VOLUME]}}
EXPOSED = {
    "host": "own.example.net",
    "secret": "own-example-net",
    "gateway": {
        "namespace": "istio-ingress",
        "selector": {"istio": "ingressgateway"},
        "serviceAccount": "istio-ingressgateway",
    },
}
OPA = {"opa": {"image": "openpolicyagent/opa:1.4.2-envoy-static", "policy": "partner-policy"}}
BASE: Data = {"clients": ["shop"]}
HTTP2: Data = {"ports": [{"port": 80, "protocol": "HTTP2"}]}
GROUPS: Data = {"backend": ["shop"], "visitors": ["guests"]}
# What an entry must say beside an example for it to make sense: by the example's place in the schema or, for all below
# it too, in the entry. What stands beside a host's tls stands beside a port's as well.
BESIDE: dict[str, Data] = {
    "headers.request.notSecret": {"headers": {"request": {"set": {"x-session-kind": "web"}}}},
    "proxy": {"proxy": {"host": "proxy.corp.example", "port": 3128}},
    "$defs/port/properties/tls": {"ports": [{"port": 443, "protocol": "TLS"}]},
    "clients": {"clients": [{"namespace": "shop"}]},
    "clients.0.wholeMesh": {"clients": [{}]},
    "clients.0.group": {"clients": [{}]},
    "deny.0.group": {"deny": [{}]},
    "addClients": {"addClients": [{"namespace": "shop"}]},
    "addClients.0.wholeMesh": {"addClients": [{}]},
    "addClients.0.group": {"addClients": [{}]},
    "hosts": BASE,
    "connectionPool.http2Keepalive": HTTP2,
    "connectionPool.http2Keepalive.interval": HTTP2 | {"connectionPool": {"http2Keepalive": {"timeout": "5s"}}},
    "connectionPool.http2Keepalive.timeout": HTTP2 | {"connectionPool": {"http2Keepalive": {"interval": "30s"}}},
    "ports": {"ports": [{"port": 80}]},
    "expose": {"expose": EXPOSED},
    "$defs/ingressGateway": {"expose": EXPOSED},
    "tls": {"tls": {}},
    "tls.mode": {"tls": {"secret": "partner-bank"}},
    "tls.secret": {"tls": {"mode": "mutual"}},
    "tls.files.certificate": {"tls": KEY_FILES},
    "tls.files.key": {"tls": KEY_FILES},
    "tls.files.ca": {"tls": {"files": {"volumes": [{"configMap": "partner-ca", "mountPath": "/etc/partner-ca"}]}}},
    "tls.files.crl": {
        "tls": {
            "files": {"ca": "/etc/partner-ca/ca.crt"}
            | {"volumes": [{"configMap": "ca", "mountPath": "/etc/partner-ca"}]}
        }
    },
    "tls.crl": {"tls": {"secret": "partner-ca"}},
    "tls.files.volumes": {"tls": KEY_FILES},
    "tls.files.volumes.0": {"tls": CA_FILES},
    "tls.files.volumes.0.mountPath": {"tls": {"files": CA_FILES["files"] | {"volumes": [{"secret": "partner-ca"}]}}},
    "tls.unverified": {"tls": {"mode": "none"}},
    "readiness.statuses": {"readiness": {"path": "/healthz"}},
    "readiness.probe": {"readiness": {"mode": "probe"}},
    "readiness.probe.httpGet.path": {"readiness": {"mode": "probe", "probe": {"httpGet": {"port": 15021}}}},
    "readiness.probe.httpGet.port": {"readiness": {"mode": "probe", "probe": {"httpGet": {"path": "/healthz/ready"}}}},
    "headers.credential": {"headers": {"credential": {"secret": "partner-token"}}},
    "rateLimit.requests": {"rateLimit": {"per": "1m"}},
    "rateLimit.per": {"rateLimit": {"requests": 100}},
    "rateLimit.perClient.requests": {"rateLimit": {"perClient": {"per": "1m"}}},
    "rateLimit.perClient.per": {"rateLimit": {"perClient": {"requests": 10}}},
    "externalAuthorization.opa": {"externalAuthorization": OPA},
    "externalAuthorization.failOpen": {"externalAuthorization": OPA},
    **{
        f"readiness.probe.{key}": {"readiness": {"mode": "probe", "probe": {"httpGet": {"path": "/h", "port": 15021}}}}
        for key in ("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold")
    },
    "deny": {"deny": [{"namespace": "guests"}]},
}
# The kinds of single values, and a field of each.
VALUES: dict[str, Steps] = {
    "duration": ("timeouts", "idle"),
    "hostname": ("host",),
    "gatewayName": ("name",),
    "endpoint": ("endpoints", 0),
    "podsOrPercent": ("podDisruptionBudget", "minAvailable"),
    "quantity": ("resources", "requests", "cpu"),
    "labelValue": ("clients", 0, "podLabels", "app"),
    "headerName": ("headers", "request", "remove", 0),
    "headerValue": ("headers", "request", "set", "x-api-version"),
    "label": ("namespace",),
    "callersNamespace": ("clients", 0, "namespace"),
    "objectName": ("tls", "secret"),
    "ip": ("addresses", 0),
    "portNumber": ("ports", 0, "upstreamPort"),
    "filePath": ("tls", "files", "certificate"),
}


class Example(NamedTuple):
    """An example of the schema: where the schema has it, and where a host's entry would."""

    pointer: str
    steps: Steps
    value: Any


def test_pages_are_current() -> None:
    for name, page in reference.PAGES.items():
        assert (reference.DOCS / name).read_text(encoding="utf-8") == page(), "run `python -m docs.reference`"


def test_every_field_and_every_code_has_its_place() -> None:
    hosts, findings = reference.hosts_page(), reference.findings_page()
    for name, part in schema()["$defs"].items():
        assert name == "defaults" or f"## {name}\n" in hosts or f"| {name} |" in hosts, name
        for key in part.get("properties", ()):
            assert f"| `{key}` |" in hosts, f"{name}.{key}"
    for name, code in CODES.items():
        assert f"### {name}: {code.title}\n\n{code.level.capitalize()}. {code.text}\n" in findings


def examples(part: Data, pointer: str, steps: Steps) -> Iterator[Example]:
    """All examples at and below a field, those of the mapping that it refers to included."""
    for value in part.get("examples", ()):
        yield Example(pointer, steps, value)
    place = part.get("$ref", "").removeprefix("#/")
    if place and place.removeprefix("$defs/") not in VALUES:
        yield from examples(resolve({"$ref": f"#/{place}"}), place, steps)
    for key, field in part.get("properties", {}).items():
        yield from examples(field, f"{pointer}/properties/{key}".lstrip("/"), (*steps, key))
    if "propertyNames" in part:
        listed = resolve(part["additionalProperties"])["type"] == "array"
        for key in resolve(part["propertyNames"])["examples"]:
            value = ["checkout"] if listed else "checkout"
            yield Example(part["propertyNames"]["$ref"].removeprefix("#/"), steps, {key: value})
    for key, step in (("items", 0), ("additionalProperties", "app")):
        if isinstance(part.get(key), dict):
            yield from examples(part[key], f"{pointer}/{key}", (*steps, step))


def pointers(node: Any, pointer: str) -> Iterator[str]:
    """Where the schema has examples."""
    if isinstance(node, dict):
        if isinstance(node.get("examples"), list):
            yield pointer
        for key, inner in node.items():
            yield from pointers(inner, f"{pointer}/{key}".lstrip("/"))


def beside(example: Example) -> Data:
    """The nearest of BESIDE."""
    if example.pointer in BESIDE:
        return BASE | copy.deepcopy(BESIDE[example.pointer])
    if example.steps[:3] == ("ports", 0, "tls"):
        tls = beside(example._replace(steps=example.steps[2:]))["tls"]
        return BASE | {"ports": [{"port": 80, "tls": tls}]}
    for length in range(len(example.steps), 0, -1):
        found = BESIDE.get(".".join(map(str, example.steps[:length])))
        if found is not None:
            return BASE | copy.deepcopy(found)
    return dict(BASE)


def placed(entry: Any, steps: Steps, value: Any) -> Any:
    """`entry` with `value` at `steps`, whatever stands there."""
    if not steps:
        return value
    step, *rest = steps
    if isinstance(step, int):
        first = entry[0] if isinstance(entry, list) and entry else {}
        return [placed(first, tuple(rest), value)]
    data = entry if isinstance(entry, dict) else {}
    return data | {step: placed(data.get(step), tuple(rest), value)}


ROOT = list(examples({"properties": schema()["properties"]}, "", ()))
HOST = list(examples(schema()["$defs"]["host"], "$defs/host", ()))
DEFAULTS = list(examples(schema()["$defs"]["defaults"], "$defs/defaults", ()))
SINGLE = [
    Example(f"$defs/{name}", steps, value)
    for name, steps in VALUES.items()
    for value in schema()["$defs"][name]["examples"]
]


def name_of(example: Example) -> str:
    return f"{'.'.join(map(str, example.steps))}={example.value}"


def test_no_example_is_forgotten() -> None:
    reached = {example.pointer for example in (*ROOT, *HOST, *DEFAULTS, *SINGLE)} | {""}
    assert set(pointers(schema(), "")) - reached == set()


@pytest.mark.parametrize("example", HOST + SINGLE, ids=name_of)
def test_examples_of_a_host_compile(example: Example) -> None:
    if not example.steps:
        compiles({"version": 1, "defaults": BASE, "hosts": [example.value]})
        return
    host = "*.example.com" if example.steps[0] == "deniedRanges" else "api.example.com"
    entry = {"host": host} | placed(beside(example), example.steps, example.value)
    whole: Data = {"version": 1, "groups": GROUPS}
    whole |= on_shared(entry)
    if example.steps[0] in ("remove", "addClients"):  # of an overlay
        others = {"defaults": BASE, "hosts": ["api.example.com", "www.example.com"]}
        compiles(whole | others, {"version": 1, "hosts": [entry]})
        return
    if example.steps[0] == "hosts":
        del entry["host"]
    compiles(whole | {"hosts": [entry]})


@pytest.mark.parametrize(
    "example", DEFAULTS, ids=lambda example: f"{'.'.join(map(str, example.steps))}={example.value}"
)
def test_examples_of_defaults_compile(example: Example) -> None:
    defaults = placed(beside(example), example.steps, example.value)
    shared = on_shared(defaults)
    compiles({"version": 1, "groups": GROUPS, "defaults": defaults, "hosts": ["api.example.com"]} | shared)


def on_shared(entry: Data) -> Data:
    """The gateways that an entry names; where its own stands by, it is on another."""
    if entry.get("standby") == OWN_GATEWAY:
        entry["gateway"] = "partners"
    names = {str(entry[key]) for key in ("gateway", "standby") if key in entry} - {OWN_GATEWAY}
    return {"gateways": [{"name": name} for name in sorted(names)]} if names else {}


def test_examples_of_a_file_compile() -> None:
    for whole in schema()["examples"]:
        compiles(whole)
    for example in ROOT:
        if example.steps == ("gateways",):
            carried = [{"host": f"h{at}.example.com", "gateway": one["name"]} for at, one in enumerate(example.value)]
            compiles({"version": 1, "gateways": example.value, "defaults": BASE, "hosts": carried})
        elif len(example.steps) == 1 or example.steps[0] == "mesh":
            base = {"version": 1, "defaults": BASE, "hosts": ["api.example.com"]}
            compiles(placed(base, example.steps, example.value))


def compiles(document: Data, overlay: Data | None = None) -> None:
    """The list compiles without a finding, and the plan has what it says."""
    text = yaml.safe_dump(document, allow_unicode=True).encode()
    overlays = [("overlay.yaml", yaml.safe_dump(overlay).encode())] if overlay else []
    compilation = compile_sources([("hosts.yaml", text)], overlays)
    # a host that reports always says so, and one range leaves out metadata services
    expected = ("EG256", "EG269")
    assert not [finding for finding in compilation.findings if finding.code not in expected], json.dumps(document)
    assert compilation.plan is not None
    assert compilation.plan.gateways or compilation.plan.sidecars
