"""What a list says, with every default settled."""

import re
from decimal import Decimal
from pathlib import Path

import pytest

from egressc import layers, settle
from egressc.entries import Document
from egressc.model import Duration, Host
from egressc.source import load
from tests.lists import hosts


def host(entry: str) -> Host:
    data, findings = load("hosts.yaml", hosts(entry).encode())
    assert not findings
    assert data is not None
    combined, more = layers.combine([Document(data, frozenset())], [])
    assert not more
    inventory, _ = settle.inventory(combined)
    (only,) = inventory.hosts
    return only


def test_a_bare_name_is_a_full_entry() -> None:
    only = host("- api.example.com")
    (port,) = only.ports
    (client,) = only.clients
    assert (port.port, port.protocol, port.upstream_port, port.tls.mode) == (80, "HTTP", 443, "simple")
    assert (port.tls.sni, port.tls.sans) == ("api.example.com", ("api.example.com",))
    assert (only.namespace, only.kind, only.readiness.mode, client.namespace) == ("egress", "DNS", "upstream", "shop")


@pytest.mark.parametrize(
    ("entry", "ports"),
    [
        ("tls: {mode: passthrough}", [(443, "TLS", 443, "passthrough")]),
        ("tls: {mode: none, unverified: it is a leased line}", [(80, "HTTP", 80, "none")]),
        ("ports: [{port: 443, protocol: TLS}]", [(443, "TLS", 443, "passthrough")]),
        ("speaks: http", [(80, "HTTP", 443, "simple")]),
        ("speaks: https", [(443, "TLS", 443, "passthrough")]),
        ("speaks: [https, http]", [(80, "HTTP", 443, "simple"), (443, "TLS", 443, "passthrough")]),
        (
            "speaks: [https, http], tls: {mode: mutual, secret: s}",
            [(80, "HTTP", 443, "mutual"), (443, "TLS", 443, "passthrough")],
        ),
        ("ports: [{port: 9000, protocol: TCP}]", [(9000, "TCP", 9000, "simple")]),
        ("ports: [{port: 8080}, {port: 80}]", [(80, "HTTP", 443, "simple"), (8080, "HTTP", 8080, "simple")]),
        ("ports: [{port: 80, upstreamPort: 8443}]", [(80, "HTTP", 8443, "simple")]),
        ("ports: [{port: 80, protocol: GRPC}]", [(80, "GRPC", 443, "simple")]),
        (
            "ports: [{port: 80, tls: {mode: none, unverified: it is a leased line}}, {port: 8080}]",
            [(80, "HTTP", 80, "none"), (8080, "HTTP", 8080, "simple")],
        ),
    ],
)
def test_ports(entry: str, ports: list[tuple[int, str, int, str]]) -> None:
    only = host(f"- {{host: api.example.com, {entry}}}")
    assert [(port.port, port.protocol, port.upstream_port, port.tls.mode) for port in only.ports] == ports


def test_the_tls_of_a_port_adds_to_the_host_s_or_starts_afresh() -> None:
    only = host("""
        - host: api.example.com
          tls: {mode: mutual, secret: partner, sni: front.example.net}
          ports:
          - {port: 80}
          - {port: 81, tls: {secret: other}}
          - {port: 443, protocol: TLS, tls: {mode: passthrough}}
    """)
    first, second, third = (port.tls for port in only.ports)
    assert (first.secret, first.sni, first.sans) == ("partner", "front.example.net", ("front.example.net",))
    assert (second.mode, second.secret, second.sni) == ("mutual", "other", "front.example.net")
    assert (third.secret, third.sni) == (None, "api.example.com")


@pytest.mark.parametrize(
    ("entry", "kind"),
    [
        ("endpoints: [192.0.2.10, '2001:db8::1']", "STATIC"),
        ("endpoints: [192.0.2.10], resolution: DNS_ROUND_ROBIN", "STATIC"),
        ("endpoints: [192.0.2.10, a.example.net]", "DNS"),
        ("resolution: DNS_ROUND_ROBIN", "DNS_ROUND_ROBIN"),
        ("endpoints: [192.0.2.10], failover: [192.0.2.11]", "DNS"),
    ],
)
def test_how_the_upstream_is_found(entry: str, kind: str) -> None:
    assert host(f"- {{host: api.example.com, {entry}}}").kind == kind


def test_the_places_of_an_upstream_come_in_the_order_of_preference() -> None:
    assert host("- {host: api.example.com}").places == ("api.example.com",)
    assert host("- {host: api.example.com, failover: [b.example.net]}").places == ("api.example.com", "b.example.net")
    both = host("- {host: api.example.com, endpoints: [192.0.2.1], failover: [b.example.net]}")
    assert both.places == ("192.0.2.1", "b.example.net")


def test_tls_of_the_application_beside_the_gateway_s_has_its_ca_alone() -> None:
    only = host("""
        - host: api.example.com
          tls: {mode: mutual, secret: partner, sni: front.example.net}
          ports: [{port: 80}, {port: 443, protocol: TLS}]
    """)
    tls = only.ports[1].tls
    assert (tls.mode, tls.secret, tls.sni, tls.sans) == (
        "passthrough",
        "partner",
        "api.example.com",
        ("api.example.com",),
    )
    only = host("""
        - host: api.example.com
          tls:
            mode: mutual
            files: {certificate: /etc/p/c, key: /etc/p/k, ca: /etc/p/ca, volumes: [{secret: p, mountPath: /etc/p}]}
          ports: [{port: 80}, {port: 443, protocol: TLS}]
    """)
    files = only.ports[1].tls.files
    assert files is not None
    assert (files.certificate, files.key, files.ca) == (None, None, "/etc/p/ca")


def test_readiness() -> None:
    readiness = host(
        "- {host: a.example.com, readiness: {path: /h, statuses: [200-299, 404], interval: 1m30s}}"
    ).readiness
    assert (readiness.statuses, readiness.interval, readiness.timeout) == (
        ((200, 299), (404, 404)),
        Duration.of("90s"),
        Duration.of("3s"),
    )
    assert (readiness.unhealthy_threshold, readiness.healthy_threshold) == (3, 1)


@pytest.mark.parametrize(
    ("text", "exact"),
    [("30s", 30_000), ("1500ms", 1500), ("1h30m", 5_400_000), ("1.5s", 1500), ("0s", 0), ("1.5ms", Decimal("1.5"))],
)
def test_durations(text: str, exact: Decimal) -> None:
    assert Duration.of(text).exact == exact
    assert Duration.of(text).milliseconds == int(exact)


def test_every_part_knows_its_place() -> None:
    only = host("""
        - host: api.example.com
          clients:
          - {namespace: shop, ports: [80]}
          - web
          ports:
          - port: 80
    """)
    assert only.at("clients").line == 5
    assert only.clients[0].at("ports", 0)[1:] == (6, 31)
    assert only.clients[1].at("namespace")[1:] == (7, 5)
    assert only.ports[0].at("port").line == 9
    assert only.ports[0].at("protocol").line == 9
    assert (only.own("clients"), only.origin("drain")) == (True, "nobody")


@pytest.mark.parametrize("package", ["rules", "plan", "emit", "explain"])
def test_nothing_reads_the_list_once_it_is_settled(package: str) -> None:
    modules = [*Path(settle.__file__).parents[1].joinpath(package).rglob("*.py")]
    assert modules
    for module in modules:
        text = module.read_text(encoding="utf-8").replace("hop.source", "")
        assert not re.search(r"\.source\b|\bMapping\(|egressc\.schema\b|Duration\.of\b", text), module


@pytest.mark.parametrize(
    "setting",
    [
        "timeouts: {request: 5s}",
        "timeouts: {connect: 10s}",
        "retries: {attempts: 3}",
        "drain: 31s",
        "replicas: 3",
        "resources: {requests: {cpu: 10m}}",
        "connectionPool: {maxConnections: 3}",
        "outlierDetection: {interval: 10s}",
        "podDisruptionBudget: {minAvailable: 1}",
        "accessLog: true",
    ],
)
def test_equal_lists_have_equal_models_and_different_ones_different(setting: str) -> None:
    one = f"- {{host: a.example.com, {setting}}}"
    assert host(one) == host(f"- host: a.example.com\n  {setting}")
    assert host(one) != host("- {host: a.example.com}")
