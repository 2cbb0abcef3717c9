import pytest

from tests.lists import codes, hosts

SLEEP = "{namespace: default, serviceAccount: sleep, podLabels: {app: sleep}}"
MUTUAL = "tls: {mode: mutual, secret: client}"
TWO = "ports: [{port: 80}, {port: 443, protocol: TLS}]"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("name: api", []),
        (TWO, []),
        ("clients: [{namespace: shop, podLabels: {app: a}}]", []),
        ("clients: [{wholeMesh: true}]", []),
        ("tls: {mode: none, unverified: the network is a leased line}", []),
        (f"{MUTUAL}, clients: [{SLEEP}]", []),
        (f"{MUTUAL}, {TWO}, clients: [{SLEEP}, {{namespace: web, ports: [443]}}]", []),
        ("tls: {secret: ca}, clients: [{namespace: shop, podLabels: {app: a}}]", []),
        (
            "endpoints: [192.0.2.1], outlierDetection: {interval: 5s}, timeouts: {request: 5s}, retries: {attempts: 0}",
            [],
        ),
        ("namespace: egress", ["EG271"]),
        ("readiness: {mode: gateway}", ["EG271"]),
        ("readiness: {mode: gateway, path: /}", ["EG271"]),
        ("failover: [b.example.net]", ["EG271"]),
        ("timeouts: {stream: 5m}", ["EG271"]),
        ("drain: 30s", ["EG271"]),
        ("autoscaling: {maxReplicas: 9}", ["EG271"]),
        ("clients: [{namespace: shop, methods: [GET]}]", ["EG272"]),
        ("clients: [{namespace: shop, serviceAccount: a}]", ["EG272"]),
        (f"{MUTUAL}", ["EG273"] * 2),
        (f"{MUTUAL}, clients: [{{namespace: shop, podLabels: {{app: a}}}}]", ["EG273"]),
        (f"{MUTUAL}, clients: [{{namespace: shop, serviceAccount: a}}]", ["EG273"]),
        (f"{MUTUAL}, clients: [{{wholeMesh: true}}]", ["EG273"]),
        ("tls: {secret: ca}", ["EG273"]),
        ("tls: {files: {ca: /etc/ca/ca.crt, volumes: [{configMap: ca, mountPath: /etc/ca}]}}", ["EG274"]),
    ],
)
def test_without_a_gateway(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, at: sidecar, {entry}}}")) == expected


@pytest.mark.parametrize(
    ("host", "clients", "expected"),
    [
        ("my-nginx.mesh-external.svc.cluster.local", "[default]", []),
        ("my-nginx.mesh-external.svc.cluster.local", "[{wholeMesh: true}]", ["EG402"]),
        ("my-nginx.mesh-external.svc", "[default]", ["EG402"]),
        ("pod.cluster.local", "[default]", ["EG402"]),
    ],
)
def test_services_of_the_cluster(host: str, clients: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: {host}, at: sidecar, clients: {clients}}}")) == expected


def test_what_defaults_say_for_gateways_is_passed_over() -> None:
    text = """
        version: 1
        defaults: {clients: [shop], namespace: egress-shop, readiness: {mode: gateway}, failover: [b.example]}
        hosts: [{host: api.example.com, at: sidecar}]
    """
    assert codes(text) == []


def test_its_key_is_no_other_owner_s() -> None:
    text = f"""
        - {{host: a.example.com, owner: a, at: sidecar, {MUTUAL}, clients: [{SLEEP}]}}
        - {{host: b.example.com, owner: b, {MUTUAL}}}
    """
    assert codes(hosts(text)) == []


@pytest.mark.parametrize(
    ("deny", "expected"),
    [
        ("[{namespace: guests}]", []),
        ("[{namespace: shop}]", ["EG272", "EG252"]),
        ("[{namespace: shop, hosts: [other.example.com]}]", []),
    ],
)
def test_a_denial_of_all_hosts_would_be_kept_by_nobody_here(deny: str, expected: list[str]) -> None:
    text = f"""
        version: 1
        deny: {deny}
        hosts:
        - {{host: api.example.com, at: sidecar, clients: [shop]}}
        - {{host: other.example.com, clients: [web]}}
    """
    assert codes(text) == expected
