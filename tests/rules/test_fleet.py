import pytest

from egressc.names import gateway_name
from tests.lists import codes, compile_text, hosts

TCP = "ports: [{port: 9042, protocol: TCP}]"


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("", "", ["EG302"]),
        ("clients: [a, b]", "clients: [b, c]", ["EG302"]),
        ("clients: [a]", "clients: [b]", []),
        ("clients: [a]", "clients: [{wholeMesh: true}]", ["EG302"]),
        ("clients: [{wholeMesh: true}]", "clients: [{namespace: a, serviceAccount: b}]", ["EG302"]),
        ("addresses: [240.0.0.1]", "addresses: [240.0.0.2]", []),
        ("addresses: [240.0.0.1]", "", []),
        ("addresses: [240.0.0.1, 240.0.0.2]", "addresses: [240.0.0.3, 240.0.0.2]", ["EG302"]),
        ("addresses: ['2001:db8::a']", "addresses: ['2001:DB8:0::A']", ["EG302"]),
    ],
)
def test_tcp_hosts_on_one_port(first: str, second: str, expected: list[str]) -> None:
    text = hosts(f"- {{host: a.example.com, {TCP}, {first}}}\n- {{host: b.example.com, {TCP}, {second}}}")
    assert without_whole_ports(text) == expected


def without_whole_ports(text: str) -> list[str]:
    """The codes but for that of TCP without addresses."""
    return [code for code in codes(text) if code != "EG264"]


def test_http_and_tls_are_told_apart() -> None:
    text = """
        - a.example.com
        - b.example.com
        - {host: c.example.com, ports: [{port: 80, protocol: GRPC}]}
        - {host: d.example.com, ports: [{port: 80, protocol: TLS, upstreamPort: 443}]}
        - {host: e.example.com, ports: [{port: 80, protocol: TLS, upstreamPort: 443}]}
    """
    assert not codes(hosts(text))


@pytest.mark.parametrize(
    ("entry", "doubtful"),
    [
        ("ports: [{port: 80, protocol: TCP}]", True),
        ("ports: [{port: 8080, protocol: TCP}]", True),  # the gateway of a.example.com takes its HTTP there
        ("ports: [{port: 8081, protocol: TCP}]", False),
        ("ports: [{port: 8080, protocol: TCP}], addresses: [240.0.0.1]", False),
        ("ports: [{port: 8080, protocol: TCP}], clients: [other]", False),
        ("ports: [{port: 8080, protocol: TLS}]", False),
    ],
)
def test_tcp_beside_http_is_a_warning(entry: str, doubtful: bool) -> None:
    findings = compile_text(hosts(f"- a.example.com\n- {{host: b.example.com, {entry}}}")).findings
    levels = [finding.level for finding in findings if finding.code == "EG302"]
    assert levels == ["warning"] * doubtful


@pytest.mark.parametrize("port", [1, 81, 4999, 5000, 14999, 15100, 25432, 65535])
def test_the_port_that_is_offered_is_free(port: int) -> None:
    entry = f"ports: [{{port: {port}, protocol: TCP}}]"
    findings = compile_text(hosts(f"- {{host: a.example.com, {entry}}}\n- {{host: b.example.com, {entry}}}")).findings
    (finding,) = (finding for finding in findings if finding.code == "EG302")
    offered = int(finding.fix.partition("`port: ")[2].partition("`")[0])
    mended = f"ports: [{{port: {offered}, protocol: TCP, upstreamPort: {port}}}]"
    assert not without_whole_ports(hosts(f"- {{host: a.example.com, {entry}}}\n- {{host: b.example.com, {mended}}}"))


@pytest.mark.parametrize(
    ("first", "second", "expected"),
    [
        ("owner: a, tls: {mode: mutual, secret: a}", "owner: a, tls: {mode: mutual, secret: b}", []),
        ("owner: a, tls: {mode: mutual, secret: a}", "owner: b, tls: {mode: mutual, secret: b}", ["EG303"]),
        ("owner: a, tls: {mode: mutual, secret: a}", "tls: {mode: mutual, secret: b}", ["EG303"]),
        ("owner: a, tls: {mode: mutual, secret: a}", "owner: b, namespace: n, tls: {mode: mutual, secret: b}", []),
        ("owner: a, tls: {mode: mutual, secret: a}", "owner: b, tls: {secret: b}", []),
        ("tls: {mode: mutual, secret: a}", "tls: {mode: mutual, secret: b}", []),
    ],
)
def test_keys_of_owners(first: str, second: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: a.example.com, {first}}}\n- {{host: b.example.com, {second}}}")) == expected


@pytest.mark.parametrize("owner", ["Team Payments!", "ü", "x" * 100])
def test_the_namespace_that_is_offered_is_legal(owner: str) -> None:
    entries = [
        f"- {{host: {n}.example.com, owner: {o!r}, tls: {{mode: mutual, secret: s}}"
        for n, o in (("a", "me"), ("b", owner))
    ]
    (finding,) = compile_text(hosts("}\n".join(entries) + "}")).findings
    setting = finding.fix.split("`")[1]
    assert not codes(hosts("}\n".join(entries) + f", {setting}}}"))


@pytest.mark.parametrize(
    ("entries", "expected"),
    [
        ("- {host: a.example.com, name: x}\n- {host: b.example.com, name: y}", []),
        ("- {host: a.example.com, name: x}\n- {host: b.example.com, name: x}", ["EG401"]),
        ("- {host: a.example.com, name: x}\n- {host: b.example.com, name: x, namespace: n}", ["EG401"]),
        ("- a-b.example.com\n- a.b.example.com\n- a--b.example.com\n- a-b-example.com", []),
        ("- {host: a.example.com, name: b-example-com}\n- b.example.com", ["EG401"]),
        (f"- 1a.example\n- {gateway_name('1a.example').replace('-', '.')}", ["EG401"]),
        ("- {host: a.example.com, name: default}", ["EG402"]),
        ("- {host: a.example.com, namespace: default}", []),
        ("- {host: a.example.com, namespace: kube-system}", ["EG402"]),
    ],
)
def test_names(entries: str, expected: list[str]) -> None:
    assert codes(hosts(entries)) == expected


@pytest.mark.parametrize(
    ("names", "expected"),
    [
        (("team", "partners", "c"), []),
        (("team", "team", "c"), ["EG401"]),
        (("team", "partners", "team"), ["EG401"]),
        (("team", "partners", "partners"), ["EG401"]),
    ],
)
def test_names_of_shared_gateways(names: tuple[str, str, str], expected: list[str]) -> None:
    one, other, own = names
    text = f"""
        version: 1
        defaults: {{clients: [shop]}}
        gateways: [{{name: {one}}}, {{name: {other}}}]
        hosts:
        - {{host: a.example.com, gateway: {one}}}
        - {{host: b.example.com, gateway: {other}}}
        - {{host: c.example.com, name: {own}}}
    """
    assert [code for code in codes(text) if code != "EG285"] == expected


def test_the_whole_name_of_a_service_is_a_dns_name() -> None:
    mesh = f"mesh: {{clusterDomain: {'.'.join(['a' * 60] * 3)}}}\n"
    assert not codes(mesh + hosts("- a.example.com"))
    assert codes(mesh + hosts(f"- {{host: a.example.com, namespace: {'n' * 63}}}")) == ["EG402"]
