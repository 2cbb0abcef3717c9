"""Lists that would open a hole or promise what nobody keeps: each is found, at the key that says it."""

import re

import pytest

from tests.lists import codes, compile_text, hosts

ADOPTED = "gateways: [{name: run, namespace: egress, adopt: {istio: gateway}}]\n"
EXPOSED = "expose: {host: own.example.net, path: /%s, secret: own, gateway: %s}"
INGRESS = "{namespace: %s, selector: {a: b}, serviceAccount: c}"


def pointed(text: str) -> list[str]:
    """The findings as `code word`, with the first word of what each points at."""
    lines = text.splitlines()
    places = [(one.code, lines[one.span.line - 1][one.span.column - 1 :]) for one in compile_text(text).findings]
    return [f"{code} {re.split(r'[ :,}]', place)[0]}" for code, place in places]


@pytest.mark.parametrize("name", ["proxy-authorization", "x-api-key", "api-key", "apikey", "x-auth-token"])
def test_a_header_that_carries_a_secret(name: str) -> None:
    assert pointed(hosts(f"- {{host: a.example.com, headers: {{request: {{set: {{{name}: x}}}}}}}}")) == [
        f"EG242 {name}"
    ]


@pytest.mark.parametrize("name", ["transfer-encoding", "connection", "content-length", "upgrade", "host"])
def test_a_header_by_which_requests_could_be_smuggled(name: str) -> None:
    assert pointed(hosts(f"- {{host: a.example.com, headers: {{request: {{set: {{{name}: x}}}}}}}}")) == [
        f"EG240 {name}"
    ]


@pytest.mark.parametrize("path", ["/usr/local/bin", "/sys", "/etc/istio", "/var/run/secrets", "/proc/1", "/dev"])
def test_a_volume_that_hides_what_the_container_needs(path: str) -> None:
    entry = f"- {{host: a.example.com, tls: {{files: {{ca: {path}/c, volumes: [{{secret: s, mountPath: {path}}}]}}}}}}"
    assert codes(hosts(entry)) == ["EG214"]


@pytest.mark.parametrize(
    ("setting", "code"),
    [
        ("externalAuthorization: {provider: company}", "EG272"),
        ("rateLimit: {requests: 1, per: 1s}", "EG272"),
        ("deny: [{namespace: shop}]", "EG272"),
        ("enforcement: report", "EG271"),
        ("accessLog: true", "EG271"),
        ("readiness: {interval: 5s}", "EG271"),
        ("failover: [192.0.2.1]", "EG271"),
        ("namespace: egress-b", "EG271"),
        ("gateway: team", "EG271"),
        ("drain: 5s", "EG271"),
        ("headers: {request: {set: {x-a: b}}}", "EG271"),
        ("proxy: {host: proxy.example.net, port: 3128}", "EG271"),
        (EXPOSED % ("", INGRESS % "one"), "EG271"),
    ],
)
def test_what_a_host_without_a_gateway_promises_in_vain(setting: str, code: str) -> None:
    text = hosts(f"- {{host: a.example.com, at: sidecar, {setting}}}")
    assert pointed(text) == [f"{code} {setting.partition(':')[0]}"]


IN_CLEAR = "tls: {mode: none, unverified: a leased line (RISK-1)}"


@pytest.mark.parametrize(
    ("entry", "finding"),
    [
        (
            "host: a.example.com, proxy: {host: p.example.com, port: 1}, deniedRanges: [10.0.0.0/8]",
            "EG237 deniedRanges",
        ),
        ("host: a.example.com, readiness: {interval: 0s}", "EG218 interval"),
        ("host: a.example.com, readiness: {timeout: 0s}", "EG218 timeout"),
        (f'host: "*.example.com", {IN_CLEAR}, proxy: {{host: p.example.com, port: 1}}', "EG230 mode"),
        (f'host: "*.example.com", {IN_CLEAR}, ports: [{{port: 80, protocol: GRPC}}]', "EG230 protocol"),
        (f'host: "*.example.com", {IN_CLEAR}, ports: [{{port: 80, upstreamPort: 8080}}]', "EG230 upstreamPort"),
        ("host: a.example.com, ports: [{port: 80}, {port: 15001}]", "EG206 port"),
    ],
)
def test_what_nobody_could_keep(entry: str, finding: str) -> None:
    assert pointed(hosts(f"- {{{entry}}}")) == [finding]


def test_an_own_name_at_two_ingress_gateways() -> None:
    first = f"- {{host: a.example.com, {EXPOSED % ('a', INGRESS % 'one')}}}\n"
    for namespace, expected in (("one", []), ("two", ["EG312"])):
        assert codes(hosts(first + f"- {{host: b.example.com, {EXPOSED % ('b', INGRESS % namespace)}}}")) == expected


@pytest.mark.parametrize("companion", ["networkPolicies: true", "peerAuthentication: STRICT"])
def test_a_companion_that_would_cut_off_pods_that_are_not_ours(companion: str) -> None:
    text = f"version: 1\ncompanions: {{{companion}}}\n" + ADOPTED
    text += "defaults: {clients: [shop]}\nhosts:\n- {host: a.example.com, gateway: run}\n"
    assert pointed(text + "- b.example.com\n") == ["EG316 namespace"]
    assert pointed(text + "- {host: b.example.com, namespace: egress-b}\n") == []


@pytest.mark.parametrize("carried", ["gateway: run, standby: own", "standby: run", "gateway: run, standby: ours"])
def test_a_companion_that_would_cut_off_pods_that_a_host_leaves_or_goes_to(carried: str) -> None:
    text = "version: 1\ncompanions: {networkPolicies: true, peerAuthentication: STRICT}\n" + ADOPTED
    text = text.replace("gateways: [", "gateways: [{name: ours}, ") if "ours" in carried else text
    text += f"defaults: {{clients: [shop]}}\nhosts:\n- {{host: a.example.com, {carried}}}\n"
    assert codes(text) == ["EG316", "EG316"]


@pytest.mark.parametrize(
    ("clients", "denied", "expected"),
    [
        ("{namespace: shop, ports: [80]}", "{namespace: shop, ports: [80, 81]}", ["EG252"]),
        ("{namespace: shop, ports: [80]}", "{namespace: shop}", ["EG252"]),
        ("{namespace: shop}", "{namespace: shop, ports: [80]}", []),
        ("{namespace: shop}", "{namespace: shop, methods: [GET]}", []),
    ],
)
def test_a_client_of_whom_a_denial_leaves_nothing(clients: str, denied: str, expected: list[str]) -> None:
    entry = f"ports: [{{port: 80}}, {{port: 81}}], clients: [{clients}], deny: [{denied}]"
    assert codes(hosts(f"- {{host: a.example.com, {entry}}}")) == expected


@pytest.mark.parametrize("name", ["a.localdomain", "a.localhost", "a.b.svc", "a.b.svc.cluster.local"])
def test_a_name_that_the_cluster_or_the_machine_gives(name: str) -> None:
    assert codes(hosts(f"- {name}")) == ["EG402"]


def test_a_host_of_the_list_is_no_own_name() -> None:
    text = hosts(f"- {{host: a.example.com, {EXPOSED % ('', INGRESS % 'one')}}}\n- own.example.net")
    assert codes(text) == ["EG310"]
