"""What the chart refuses: by its schema what that can see, the rest in words that show what to write instead."""

import copy
import re
from typing import Any

import jsonschema
import pytest

from docs import schemas
from egressc import emit
from tests.cases import CASES
from tests.chart import CHART, Helm, RefusedError

TLS = {
    "mode": "SIMPLE",
    "sni": "api.example.com",
    "caCertificates": "system",
    "subjectAltNames": ["api.example.com"],
}
PORT = {
    "name": "http-80",
    "port": 80,
    "gatewayPort": 8080,
    "upstreamPort": 443,
    "protocol": "HTTP",
    "tls": TLS,
    "rules": {},
}
GATEWAY = {
    "host": "api.example.com",
    "namespace": "egress",
    "selector": {"egressc.io/gateway": "api"},
    "pods": {"statistics": r"api\.example\.com"},
    "exportTo": [".", "shop"],
    "ports": [PORT],
}
VERSION = {"valuesVersion": emit.VALUES_VERSION}
OPA = {"opa": {"image": "opa", "policy": "partner-policy"}}


def _values(**changed: Any) -> dict[str, Any]:
    """One gateway, api, right but for what is changed; None takes a key away."""
    gateway = copy.deepcopy(GATEWAY) | changed
    return VERSION | {"gateways": {"api": {key: value for key, value in gateway.items() if value is not None}}}


def _asked() -> dict[str, Any]:
    """The gateway in a mesh without EnvoyFilters, where a container asks its upstream."""
    return _pods() | {"envoyFilters": False}


def _pods(**changed: Any) -> dict[str, Any]:
    return _values(pods={"statistics": ""} | changed)


def _tls(**changed: Any) -> dict[str, Any]:
    tls = TLS | changed
    return _values(ports=[PORT | {"tls": {key: value for key, value in tls.items() if value is not None}}])


# What the message says first, then values that it is said of.
PROBLEMS: list[tuple[str, dict[str, Any]]] = [
    ("podDisruptionBudget: Kubernetes takes minAvailable", {"podDisruptionBudget": {"minAvailable": 1}}),
    ("autoscaling: 6 pods at least and 5 at most", {"autoscaling": {"minReplicas": 6, "maxReplicas": 5}}),
    ("gateways.api: autoscaling has 6 pods at least and 5 at most", _values(autoscaling={"minReplicas": 6})),
    ("gateways.api: autoscaling has 2 pods at least and 1 at most", _values(autoscaling={"maxReplicas": 1})),
    ("readinessContainer: without EnvoyFilters a container", _asked() | {"readinessContainer": {"image": ""}}),
    ("readiness.interval: without EnvoyFilters the kubelet", _asked() | {"readiness": {"interval": "0.5s"}}),
]

LIST = {"version": 1, "hosts": ["api.example.com"]}
#: What the chart says first of what is none of its values.
NO_VALUES: list[tuple[str, dict[str, Any]]] = [
    ("This is a host list", LIST),
    ("This is a host list", LIST | {"mesh": {"trustDomain": "prod"}, "defaults": {"clients": ["shop"]}}),
    ("This is a host list", LIST | {"gateways": [{"name": "team"}]}),
    ("This is a host list", LIST | {"companions": {"sidecars": {}, "networkPolicies": True, "admission": {}}}),
    ("This is a host list", {"version": 1, "mesh": {"trustDomain": "prod"}}),
    ("This is a host list", {"hosts": [{"host": "api.example.com"}]}),
    ("This is a host list", LIST | _values()),
    ("The values have valuesVersion 2, and this chart reads 1.", _values() | {"valuesVersion": 2}),
    ("The values have valuesVersion 2, and this chart reads 1.", {"valuesVersion": 2, "gateways": {"api": {"new": 1}}}),
    ("The values have valuesVersion 2, and this chart reads 1.", {"valuesVersion": 2}),
    ("The values have no valuesVersion, and this chart reads 1.", {"gateways": {"api": GATEWAY}}),
    ("The values have no valuesVersion, and this chart reads 1.", {"gateways": {"api": {"old": 1}}}),
    ("The values have no valuesVersion, and this chart reads 1.", {"sidecars": {"api": {"host": "api.example.com"}}}),
]


@pytest.mark.parametrize(("message", "values"), NO_VALUES)
def test_what_is_no_values_of_this_chart_is_told_what_to_do(helm: Helm, message: str, values: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as refused:
        helm.text(values)
    said = next(line for line in str(refused.value).splitlines() if line.startswith(("This", "The values have")))
    assert said.startswith(message)
    assert "`egressc compile hosts.yaml -o values.yaml`" in said
    assert "- at '" not in str(refused.value), "the schema would say what no reader of a list understands"


def test_a_list_on_the_disk_is_known_too(helm: Helm) -> None:
    with pytest.raises(RefusedError, match="This is a host list"):
        helm.text(CASES / "valid" / "shared-gateway" / "hosts.yaml")


def test_values_of_the_cluster_alone_need_no_version(helm: Helm) -> None:
    assert helm.render({"imagePullPolicy": "Always"}) == {}
    with pytest.raises(RefusedError, match="/imagePullPolicy"):
        helm.text({"imagePullPolicy": "Sometimes"})


def test_a_parent_chart_may_switch_it(helm: Helm) -> None:
    for enabled in (True, False):
        assert helm.render(_values() | {"enabled": enabled, "global": {"any": "thing"}}) == helm.render(_values())
    with pytest.raises(RefusedError, match="/enabled"):
        helm.text({"enabled": "yes"})


OPA_AT = "/gateways/api/externalAuthorization/opa"


def _opa(**changed: Any) -> dict[str, Any]:
    return _values(externalAuthorization={"opa": OPA["opa"] | changed})


# Where the schema finds the fault, and values that have it.
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("/", {"colour": "red"}),
    ("/gateways", VERSION | {"gateways": {"1password-com": GATEWAY}}),
    ("/gateways", VERSION | {"gateways": {"a" * 64: GATEWAY}}),
    ("/gateways", VERSION | {"gateways": {"api.example.com": GATEWAY}}),
    ("/gateways", VERSION | {"gateways": {"Api": GATEWAY}}),
    ("/gateways/api", _values(colour="red")),
    ("/gateways/api", _values(host=None)),
    ("/gateways/api/host", _values(host="https://api.example.com")),
    ("/gateways/api/host", _values(host="api.*.example.com")),
    ("/gateways/api/host", _values(host="Api.example.com")),
    ("/gateways/api", _values(exportTo=None)),
    ("/gateways/api/exportTo/0", _values(exportTo=["~"])),
    ("/gateways/api/exportTo", _values(exportTo=[".", "."])),
    ("/gateways/api", _values(namespace=None)),
    ("/gateways/api", _values(selector=None)),
    ("/gateways/api/pods/statistics", _pods(statistics="a' b")),
    ("/calls", {"calls": {"a b": {"serviceAccount": "default", "ask": ["HTTP http://api.example.com:80/"]}}}),
    ("/calls/0123abcd/ask/0", {"calls": {"0123abcd": {"serviceAccount": "default", "ask": ["HTTP a b"]}}}),
    ("/gateways/api/ports", _values(ports=[])),
    ("/gateways/api/ports/0/protocol", _values(ports=[PORT | {"protocol": "HTTPS"}])),
    ("/gateways/api/ports/0/port", _values(ports=[PORT | {"port": 15001}])),
    ("/gateways/api/ports/0/port", _values(ports=[PORT | {"port": 0}])),
    ("/gateways/api/ports/0/gatewayPort", _values(ports=[PORT | {"gatewayPort": 15099}])),
    ("/gateways/api/ports/0/gatewayPort", _values(ports=[PORT | {"gatewayPort": 80}])),
    ("/gateways/api/ports/0/tls/mode", _tls(mode="ISTIO_MUTUAL")),
    ("/gateways/api/ports/0/check", _values(ports=[PORT | {"check": {"path": "/"}}])),
    ("/gateways/api/readiness", _values(readiness={"exec": {"command": ["true"]}})),
    (
        "/gateways/api/readiness/probe",
        _values(readiness={"mode": "probe", "probe": {"exec": {"command": ["true"]}}}),
    ),
    ("/gateways/api/labels/egressc.io~1gateway", _values(labels={"egressc.io/gateway": "other"})),
    ("/gateways/api/podLabels/sidecar.istio.io~1inject", _values(podLabels={"sidecar.istio.io/inject": "false"})),
    ("/gateways/api/podAnnotations", _values(podAnnotations={"not a key": "value"})),
    ("/gateways/api/replicas", _values(replicas=0)),
    ("/gateways/api/requestTimeout", _values(requestTimeout="15")),
    ("/gateways/api/pods/volumes/0", _pods(volumes=[{"name": "certificates-0", "mountPath": "/etc/partner"}])),
    ("/gateways/api/pods/volumes/0/secret", _pods(volumes=[{"name": "a", "mountPath": "/etc/a", "secret": "A"}])),
    ("/gateways/api/resources/requests", _values(resources={"requests": {"gpu": 1}})),
    ("/imagePullPolicy", {"imagePullPolicy": "Sometimes"}),
    ("/readiness", {"readiness": {"mode": "gateway"}}),
    ("/retries/retryOn", {"retries": {"retryOn": "connect-failure, reset"}}),
    ("/drainSeconds", {"drainSeconds": "30s"}),
    ("/podDisruptionBudget/minAvailable", {"podDisruptionBudget": {"minAvailable": "half"}}),
    ("/tolerations/0/operator", {"tolerations": [{"operator": "Is"}]}),
    ("/readinessAddress", {"readinessAddress": "localhost"}),
    ("/listenAddress", {"listenAddress": "127.0.0.1"}),
    *((f"{OPA_AT}/decision", _opa(decision=text)) for text in ("a --set=b", "a\n- --set=b", "a,b=c", "/a", "a: b", "")),
    *((f"{OPA_AT}/image", _opa(image=text)) for text in ("", "opa x", "opa\nx")),
    *((f"{OPA_AT}/timeout", _opa(timeout=text)) for text in ("1m", "500ms", "1m30s")),
    ("/gateways/api/externalAuthorization/provider", _values(externalAuthorization={"provider": "a: b"})),
    ("/gateways/api/streamTimeout", _values(streamTimeout="1h")),
    ("/readiness/interval", {"readiness": {"interval": "1m"}}),
    ("/connectionPool/connectTimeout", {"connectionPool": {"connectTimeout": "500ms"}}),
    ("/connectionPool/keepalive/timeSeconds", {"connectionPool": {"keepalive": {"timeSeconds": 1.5}}}),
    ("/gateways/api/selector", _values(selector={"a: b\nc": "d"})),
    ("/gateways/api/selector/a", _values(selector={"a": "b c"})),
    ("/networkPolicy/dns/podLabels", {"networkPolicy": {"dns": {"podLabels": {"a b": "c"}}}}),
    ("/monitoring/podMonitor/labels", {"monitoring": {"podMonitor": {"labels": {"a: b\nc": "d"}}}}),
    ("/monitoring/prometheusRule/runbooks", {"monitoring": {"prometheusRule": {"runbooks": "https://a b: c"}}}),
]


def test_the_gateway_of_these_tests_is_right(helm: Helm) -> None:
    assert helm.render(_values())


@pytest.mark.parametrize(("message", "values"), PROBLEMS)
def test_a_problem_is_refused(helm: Helm, message: str, values: dict[str, Any]) -> None:
    assert not list(_errors(values)), "the schema sees it already"
    with pytest.raises(RefusedError) as refused:
        helm.text(values)
    assert f"\n{message}" in str(refused.value)


def test_all_problems_are_shown_at_once(helm: Helm) -> None:
    with pytest.raises(RefusedError) as refused:
        helm.text(
            _values(autoscaling={"maxReplicas": 1}),
            {"podDisruptionBudget": {"minAvailable": 1}},
        )
    assert re.findall(r"^\S.*?:", str(refused.value).partition("\n")[2], re.MULTILINE) == [
        "podDisruptionBudget:",
        "gateways.api:",
    ]


def test_every_problem_has_a_test(helm4: Helm) -> None:
    said = []
    for _, values in PROBLEMS:
        with pytest.raises(RefusedError) as refused:
            helm4.text(values)
        said += str(refused.value).splitlines()
    text = (CHART / "templates" / "validate.yaml").read_text(encoding="utf-8")
    messages = re.findall(r"\n\n(\w.*)", text)
    assert len(messages) == 5
    for message in messages:
        pattern = ".*".join(map(re.escape, re.split(r"\{\{.*?\}\}", message)))
        assert any(re.fullmatch(pattern, line) for line in said), message


@pytest.mark.parametrize("path", ["/a:", '/a"b', "/a\\b", "/#a", "/a\u2028b", "/{{a}}"])
def test_a_file_may_have_any_name(helm: Helm, path: str) -> None:
    tls = {"sni": "api.example.com", "subjectAltNames": ["api.example.com"], "caCertificates": path}
    port = {"name": "tls-443", "port": 443, "gatewayPort": 8443, "upstreamPort": 443, "protocol": "TLS", "rules": {}}
    documents = helm.render(_values(ports=[port | {"check": {"tls": tls}}]))
    assert f"file-root:{path}" in _strings(list(documents.values()))


def _strings(part: Any) -> set[str]:
    if isinstance(part, dict | list):
        return {text for one in (part.values() if isinstance(part, dict) else part) for text in _strings(one)}
    return {part} if isinstance(part, str) else set()


@pytest.mark.parametrize(("pointer", "values"), SHAPES)
def test_a_wrong_shape_is_refused(helm: Helm, pointer: str, values: dict[str, Any]) -> None:
    with pytest.raises(RefusedError) as refused:
        helm.text(values)
    assert f"- at '{'' if pointer == '/' else pointer}': " in str(refused.value)
    assert list(_errors(values)), "Python sees it too"


def _errors(values: dict[str, Any]) -> Any:
    return jsonschema.Draft202012Validator(schemas.values()).iter_errors(values)
