"""What the chart refuses: by its schema what that can see, the rest in words that show what to write instead."""

import copy
import re
from typing import Any

import jsonschema
import pytest

from egressc.schema import schema
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
}
PLAIN = {"name": "http-80", "port": 80, "gatewayPort": 8080, "upstreamPort": 80, "protocol": "HTTP"}
TCP = {"name": "tcp-5432", "port": 5432, "gatewayPort": 5432, "upstreamPort": 5432, "protocol": "TCP"}
ANYBODY = {"principal": "cluster.local/ns/shop/sa/*"}
GATEWAY = {"host": "api.example.com", "exportTo": [".", "shop"], "clients": [ANYBODY], "ports": [PORT]}
CREDENTIAL = {"header": "X-Api-Key"}
TOKEN = {"gateway": "api", "secret": "partner-token", "key": "token"}
LIMIT = {"requests": 100, "per": "60s"}
KEPT = {"request": {"keep": ["traceparent"]}}
OPA = {"opa": {"image": "opa", "policy": "partner-policy"}}
PROVIDER = {"provider": "company-authorizer"}
PROBE = {"httpGet": {"path": "/healthz/ready", "port": 15021}}


def _values(**changed: Any) -> dict[str, Any]:
    """One gateway, api, right but for what is changed; None takes a key away."""
    gateway = copy.deepcopy(GATEWAY) | changed
    return {"gateways": {"api": {key: value for key, value in gateway.items() if value is not None}}}


def _tls(**changed: Any) -> dict[str, Any]:
    tls = TLS | changed
    return _values(ports=[PORT | {"tls": {key: value for key, value in tls.items() if value is not None}}])


def _client(**more: Any) -> list[dict[str, Any]]:
    return [ANYBODY | more]


def _exposed(**route: str) -> dict[str, Any]:
    own = {
        "host": "own.example.net",
        "namespace": "istio-ingress",
        "selector": {"istio": "ingressgateway"},
        "credentialName": "own",
        "exportTo": ["."],
        "routes": [{"path": "/", "gateway": "api", "port": "http-80"} | route],
    }
    return _values() | {"exposures": {"own": own}}


WAY = {"name": "http-80", "port": 80, "upstreamPort": 443, "protocol": "HTTP"}
MUTUAL = {key: value for key, value in TLS.items() if key != "caCertificates"} | {"mode": "MUTUAL"}


def _sidecar(port: dict[str, Any], **clients: Any) -> dict[str, Any]:
    return {"sidecars": {"api": {"host": "api.example.com", "namespaces": {"shop": {"ports": [WAY | port]} | clients}}}}


# What the message says first, then values that it is said of.
PROBLEMS: list[tuple[str, dict[str, Any]]] = [
    ("exposures.own: no gateway other has a host and a port http-80", _exposed(gateway="other")),
    ("exposures.own: no gateway api has a host and a port http-81", _exposed(port="http-81")),
    (
        "gateways.api: companions.networkPolicies denies whatever nobody allows in egress",
        _values() | {"companions": {"networkPolicies": ["egress"]}},
    ),
    ("gateways.other: api.example.com has the gateway api already", {"gateways": {"api": GATEWAY, "other": GATEWAY}}),
    ("gateways.api: nobody may call api.example.com", _values(clients=None)),
    ("gateways.api: nobody may call api.example.com", _values(clients=[])),
    ("gateways.api: exportTo names the gateway's own namespace, egress", _values(exportTo=[".", "egress"])),
    ("gateways.api: exportTo names the gateway's own namespace, own", _values(namespace="own", exportTo=["own"])),
    ('gateways.api: Istio refuses "*" in exportTo beside others', _values(exportTo=["*", "shop"])),
    ("gateways.api: exportTo leaves out the gateway itself", _values(exportTo=["shop"])),
    (
        "gateways.api: cluster.local/ns/shop/sa/* may ask for some paths only",
        _values(clients=_client(paths=["/v1/*"])),
    ),
    (
        "gateways.api: cluster.local/ns/shop/sa/* has methods or paths on port tcp-5432",
        _values(clients=_client(methods=["GET"]), ports=[PORT, TCP]),
    ),
    (
        "gateways.api: cluster.local/ns/shop/sa/* has methods or paths on port tcp-5432",
        _values(clients=_client(paths=["/"], ports=[5432]), ports=[PORT, TCP], strictPaths=True),
    ),
    (
        "gateways.api: cluster.local/ns/shop/sa/* may use gateway port 80, which the gateway does not have",
        _values(clients=_client(ports=[80])),
    ),
    ("gateways.api: some paths are denied", _values(denies=[{"namespace": "shop", "paths": ["/admin*"]}])),
    ("gateways.api: some paths are denied", _values(fleetDenies=[{"paths": ["/admin*"], "ports": [8080]}])),
    (
        "gateways.api: methods or paths are denied on port tcp-5432",
        _values(denies=[{"methods": ["DELETE"]}], ports=[PORT, TCP]),
    ),
    ("gateways.api: gateway port 80 is denied", _values(fleetDenies=[{"namespace": "shop", "ports": [80]}])),
    ("gateways.api: two ports have port 80", _values(ports=[PORT, PLAIN | {"name": "http-81", "gatewayPort": 8081}])),
    ("gateways.api: two ports have name http-80", _values(ports=[PORT, PLAIN | {"port": 81, "gatewayPort": 8081}])),
    ("gateways.api: two ports have gatewayPort 8080", _values(ports=[PORT, PLAIN | {"name": "http-81", "port": 81}])),
    ("gateways.api: Istio reads the protocol TCP of port 80", _values(ports=[PLAIN | {"protocol": "TCP"}])),
    ("gateways.api: Istio reads the protocol HTTP of port 80", _values(ports=[PLAIN | {"name": "http2-80"}])),
    (
        "gateways.api: port tls-443 carries the application's own TLS",
        _values(ports=[PORT | {"name": "tls-443", "port": 443, "protocol": "TLS"}]),
    ),
    ("gateways.api: tls of port http-80 does not say whom the upstream", _tls(sni=None)),
    ("gateways.api: tls of port http-80 does not say whom the upstream", _tls(subjectAltNames=None)),
    ("gateways.api: tls of port http-80 turns verification off and configures it", _tls(insecureSkipVerify=True)),
    (
        "gateways.api: tls of port http-80 turns verification off and configures it",
        _tls(insecureSkipVerify=True, subjectAltNames=None),
    ),
    ("gateways.api: tls of port http-80 has two credentials", _tls(credentialName="partner")),
    (
        "gateways.api: tls of port http-80 has two credentials",
        _tls(mode="MUTUAL", credentialName="partner", clientCertificate="/etc/partner/tls.crt", caCertificates=None),
    ),
    ("gateways.api: tls of port http-80 is MUTUAL and has no client certificate", _tls(mode="MUTUAL")),
    (
        "gateways.api: tls of port http-80 is MUTUAL and has no client certificate",
        _tls(mode="MUTUAL", privateKey="/etc/partner/tls.key"),
    ),
    (
        "gateways.api: tls of port http-80 has a client certificate, which SIMPLE never shows",
        _tls(clientCertificate="/etc/partner/tls.crt", privateKey="/etc/partner/tls.key"),
    ),
    (
        "gateways.api: Istio sends the Secret partner to no gateway that may not list Secrets",
        _tls(mode="MUTUAL", credentialName="partner", caCertificates=None),
    ),
    ("gateways.api: resolution STATIC needs addresses", _values(resolution="STATIC")),
    (
        "gateways.api: Istio's DNS_ROUND_ROBIN takes one endpoint",
        _values(resolution="DNS_ROUND_ROBIN", endpoints=["a.example.net", "b.example.net"]),
    ),
    (
        "gateways.api: failover is settled by a patch",
        _values(
            resolution="STATIC", endpoints=["192.0.2.1"], failover=["192.0.2.2"], outlierDetection={"interval": "1s"}
        ),
    ),
    (
        "gateways.api: failover waits for the checks",
        _values(
            readiness={"mode": "gateway"},
            endpoints=["192.0.2.1"],
            failover=["192.0.2.2"],
            outlierDetection={"interval": "1s"},
        ),
    ),
    ("gateways.api: readiness has mode probe without a probe", _values(readiness={"mode": "probe"})),
    ("gateways.api: readiness has mode probe without a probe", _values(readiness={"probe": PROBE})),
    (
        "gateways.api: Kubernetes takes minAvailable or maxUnavailable",
        _values(podDisruptionBudget={"minAvailable": 1, "maxUnavailable": 1}),
    ),
    ("podDisruptionBudget: Kubernetes takes minAvailable", {"podDisruptionBudget": {"minAvailable": 1}}),
    ("gateways.api: replicas is a fixed number", _values(replicas=2, autoscaling={"maxReplicas": 3})),
    ("gateways.api: autoscaling has 6 pods at least and 5 at most", _values(autoscaling={"minReplicas": 6})),
    ("autoscaling: 6 pods at least and 5 at most", {"autoscaling": {"minReplicas": 6}}),
    ("gateways.api: headers, credential and rateLimit are about requests", _values(ports=[TCP], rateLimit=LIMIT)),
    ("gateways.api: headers, credential and rateLimit are about requests", _values(ports=[TCP], headers=KEPT)),
    ("gateways.api: the pods do not mount the credential of X-Api-Key", _values(credential=CREDENTIAL)),
    (
        "gateways.api: the pods do not mount the credential of X-Api-Key",
        _values(credential=CREDENTIAL, credentials=[TOKEN | {"gateway": "other"}]),
    ),
    ("gateways.api: credentials are mounted into pods", _values(selector={"a": "b"}, credentials=[TOKEN])),
    (
        "gateways.api: externalAuthorization is by an OPA or by a provider",
        _values(externalAuthorization=OPA | PROVIDER),
    ),
    (
        "gateways.api: externalAuthorization is by an OPA or by a provider",
        _values(externalAuthorization={"failOpen": True}),
    ),
    (
        "gateways.api: an OPA runs in pods of the host's own",
        _values(selector={"a": "b"}, externalAuthorization=OPA),
    ),
    (
        "gateways.api: Istio reads failOpen of a provider",
        _values(externalAuthorization=PROVIDER | {"failOpen": True}),
    ),
    ("sidecars.api: api.example.com is gateways.api already", _values() | _sidecar({"tls": TLS})),
    (
        'sidecars.api: "*" stands for every namespace',
        {
            "sidecars": {
                "api": {"host": "a.example.com", "namespaces": {"*": {"ports": [WAY]}, "shop": {"ports": [WAY]}}}
            }
        },
    ),
    ("sidecars.api: Istio reads the protocol GRPC", _sidecar({"protocol": "GRPC"})),
    (
        "sidecars.api: tls of port http-80 does not say whom",
        _sidecar({"tls": {"mode": "SIMPLE", "sni": "api.example.com"}}),
    ),
    (
        "sidecars.api: tls of port http-80 needs a Secret",
        _sidecar({"tls": MUTUAL}, pods=[{"app": "a"}], accounts=["a"]),
    ),
    (
        "sidecars.api: Istio sends the Secret partner to pods that are selected",
        _sidecar({"tls": MUTUAL | {"credentialName": "partner"}}, accounts=["a"]),
    ),
    (
        "sidecars.api: Istio sends the key of port http-80 to no account",
        _sidecar({"tls": MUTUAL | {"credentialName": "partner"}}, pods=[{"app": "a"}]),
    ),
]

OPA_AT = "/gateways/api/externalAuthorization/opa"


def _opa(**changed: Any) -> dict[str, Any]:
    return _values(externalAuthorization={"opa": OPA["opa"] | changed})


# Where the schema finds the fault, and values that have it.
SHAPES: list[tuple[str, dict[str, Any]]] = [
    ("/", {"colour": "red"}),
    ("/gateways", {"gateways": {"1password-com": GATEWAY}}),
    ("/gateways", {"gateways": {"a" * 64: GATEWAY}}),
    ("/gateways", {"gateways": {"api.example.com": GATEWAY}}),
    ("/gateways", {"gateways": {"Api": GATEWAY}}),
    ("/gateways/api", _values(colour="red")),
    ("/gateways/api", _values(host=None)),
    ("/gateways/api/host", _values(host="https://api.example.com")),
    ("/gateways/api/host", _values(host="api.*.example.com")),
    ("/gateways/api/host", _values(host="Api.example.com")),
    ("/gateways/api", _values(exportTo=None)),
    ("/gateways/api/exportTo/0", _values(exportTo=["~"])),
    ("/gateways/api/exportTo", _values(exportTo=[".", "."])),
    ("/gateways/api/clients/0", _values(clients=[{"namespace": "shop"}])),
    ("/gateways/api/clients/0/principal", _values(clients=[{"principal": "shop/checkout"}])),
    ("/gateways/api/clients/0/paths/0", _values(clients=_client(paths=["/v1/*/x"]))),
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
    ("/gateways/api/volumes/0", _values(volumes=[{"name": "certificates-0", "mountPath": "/etc/partner"}])),
    ("/gateways/api/volumes/0/secret", _values(volumes=[{"name": "a", "mountPath": "/etc/a", "secret": "A"}])),
    ("/gateways/api/resources/requests", _values(resources={"requests": {"gpu": 1}})),
    ("/imagePullPolicy", {"imagePullPolicy": "Sometimes"}),
    ("/readiness", {"readiness": {"mode": "gateway"}}),
    ("/retries/retryOn", {"retries": {"retryOn": "connect-failure, reset"}}),
    ("/drainSeconds", {"drainSeconds": "30s"}),
    ("/podDisruptionBudget/minAvailable", {"podDisruptionBudget": {"minAvailable": "half"}}),
    ("/tolerations/0/operator", {"tolerations": [{"operator": "Is"}]}),
    ("/readinessAddress", {"readinessAddress": "localhost"}),
    *((f"{OPA_AT}/decision", _opa(decision=text)) for text in ("a --set=b", "a\n- --set=b", "a,b=c", "/a", "a: b", "")),
    *((f"{OPA_AT}/image", _opa(image=text)) for text in ("", "opa x", "opa\nx")),
    *((f"{OPA_AT}/timeout", _opa(timeout=text)) for text in ("1m", "500ms", "1m30s")),
    ("/gateways/api/externalAuthorization/provider", _values(externalAuthorization={"provider": "a: b"})),
    ("/gateways/api/streamTimeout", _values(streamTimeout="1h")),
    ("/readiness/interval", {"readiness": {"interval": "1m"}}),
    ("/connectionPool/connectTimeout", {"connectionPool": {"connectTimeout": "500ms"}}),
    ("/connectionPool/keepalive/time", {"connectionPool": {"keepalive": {"time": "1.5s"}}}),
    ("/gateways/api/selector", _values(selector={"a: b\nc": "d"})),
    ("/gateways/api/selector/a", _values(selector={"a": "b c"})),
    ("/networkPolicy/dns/podLabels", {"networkPolicy": {"dns": {"podLabels": {"a b": "c"}}}}),
    ("/monitoring/podMonitor/labels", {"monitoring": {"podMonitor": {"labels": {"a: b\nc": "d"}}}}),
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
            _values(clients=[], replicas=2, autoscaling={"maxReplicas": 3}),
            {"podDisruptionBudget": {"minAvailable": 1}},
        )
    assert re.findall(r"^\S.*?:", str(refused.value).partition("\n")[2], re.MULTILINE) == [
        "gateways.api:",
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
    assert len(messages) > 20
    for message in messages:
        pattern = ".*".join(map(re.escape, re.split(r"\{\{.*?\}\}", message)))
        assert any(re.fullmatch(pattern, line) for line in said), message


@pytest.mark.parametrize("path", ["/a:", '/a"b', "/a\\b", "/#a", "/a\u2028b", "/{{a}}"])
def test_a_file_may_have_any_name(helm: Helm, path: str) -> None:
    tls = {"sni": "api.example.com", "subjectAltNames": ["api.example.com"], "caCertificates": path}
    port = {"name": "tls-443", "port": 443, "gatewayPort": 8443, "upstreamPort": 443, "protocol": "TLS"}
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
    return jsonschema.Draft202012Validator(schema("values")).iter_errors(values)
