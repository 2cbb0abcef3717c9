import pytest

from tests.lists import codes, hosts

CA = "files: {ca: /etc/ca/ca.crt, volumes: [{configMap: ca, mountPath: /etc/ca}]}"
PAIR = "files: {certificate: /etc/p/c, key: /etc/p/k, volumes: [{secret: p, mountPath: /etc/p}]}"
REASON = "unverified: the network is a leased line"


@pytest.mark.parametrize(
    ("entry", "expected"),
    [
        ("tls: {secret: ca}", []),
        ("tls: {sni: a.example.net, sans: [a.example.net, 'spiffe://a/b']}", []),
        (f"tls: {{{CA}}}", []),
        (f"tls: {{mode: mutual, {PAIR}}}", []),
        ("tls: {mode: mutual, secret: p, sans: [a.example.net]}", []),
        (f"tls: {{mode: mutual, secret: p, {REASON}}}", []),
        (f"tls: {{mode: mutual, {PAIR}, {REASON}}}", []),
        ("tls: {mode: passthrough, secret: ca}", []),
        (f"tls: {{mode: passthrough, {CA}}}", []),
        (f"tls: {{mode: none, {REASON}}}", []),
        (f"ports: [{{port: 25, protocol: TCP}}], addresses: [240.0.0.1], tls: {{mode: none, {REASON}}}", []),
        ("ports: [{port: 80}, {port: 443, protocol: TLS}], tls: {sans: [a.example.net]}", []),
        ("ports: [{port: 443, protocol: TLS}, {port: 8080}], tls: {sans: [a.example.net]}", []),
        ("ports: [{port: 80}, {port: 443, protocol: TLS}], tls: {mode: simple}", []),
        ("ports: [{port: 80}, {port: 443, protocol: TLS}], tls: {mode: mutual, secret: p}", ["EG228"]),
        (f"ports: [{{port: 80}}, {{port: 443, protocol: TLS}}], tls: {{mode: mutual, {PAIR}}}", ["EG228"]),
        (f"ports: [{{port: 80}}, {{port: 443, protocol: TLS}}], tls: {{mode: none, {REASON}}}", []),
        ("ports: [{port: 80}, {port: 443, protocol: TLS, tls: {mode: simple}}]", ["EG207"]),
        ("ports: [{port: 80}, {port: 443, protocol: TLS}], tls: {mode: passthrough}", ["EG208"]),
        ("ports: [{port: 443, protocol: TLS}], tls: {mode: mutual, secret: p}", ["EG207"]),
        ("ports: [{port: 80}], tls: {mode: passthrough}", ["EG208"]),
        ("ports: [{port: 9000, protocol: TCP}], addresses: [240.0.0.1], tls: {mode: passthrough}", ["EG208"]),
        (f"ports: [{{port: 443, protocol: TLS}}], tls: {{mode: none, {REASON}}}", ["EG208"]),
        ("tls: {mode: mutual}", ["EG209"]),
        (f"tls: {{mode: mutual, {CA}}}", ["EG209"]),
        (f"tls: {{mode: mutual, secret: p, {PAIR}}}", ["EG210"]),
        (f"tls: {{secret: p, {CA}}}", ["EG210"]),
        (f"tls: {{{PAIR}}}", ["EG211", "EG211"]),
        (f"tls: {{mode: none, {REASON}, sni: a.example.net}}", ["EG211"]),
        ("tls: {mode: passthrough, sni: a.example.net}", ["EG211"]),
        ("ports: [{port: 443, protocol: TLS}], tls: {sans: [a.example.net]}", ["EG211"]),
        ("tls: {mode: none}", ["EG212"]),
        (f"tls: {{{REASON}, sans: [a.example.net]}}", ["EG222"]),
        (f"tls: {{{REASON}, secret: ca}}", ["EG222"]),
        (f"tls: {{{REASON}, {CA}}}", ["EG222"]),
    ],
)
def test_tls(entry: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, {entry}}}")) == expected


def files(ca: str, *volumes: tuple[str, str]) -> str:
    mounted = ", ".join(f"{{configMap: {name}, mountPath: {path}}}" for name, path in volumes)
    return f"{{files: {{ca: {ca}, volumes: [{mounted}]}}}}"


@pytest.mark.parametrize(
    ("ca", "path", "expected"),
    [
        ("/etc/ca/ca.crt", "/etc/ca", []),
        ("/etc/ca/a/b/ca.crt", "/etc/ca", []),
        ("/etc/ca", "/etc/ca", ["EG213"]),
        ("/etc/cats/ca.crt", "/etc/ca", ["EG213"]),
        ("/etc/ca/../ca.crt", "/etc/ca", ["EG213"]),
        ("/etc/istio-certs/ca.crt", "/etc/istio-certs", []),
        ("/etc/istio/ca/ca.crt", "/etc/istio/ca", ["EG214"]),
        ("/etc/ca.crt", "/etc", ["EG214"] * 3),
        ("/var/run/secrets/ca/ca.crt", "/var/run/secrets/ca", ["EG214"]),
        ("/proc/ca/ca.crt", "/proc/ca", ["EG214"]),
        ("/etc/ssl/certs/ca.crt", "/etc/ssl/certs", []),
    ],
)
def test_files(ca: str, path: str, expected: list[str]) -> None:
    assert codes(hosts(f"- {{host: api.example.com, tls: {files(ca, ('ca', path))}}}")) == expected


@pytest.mark.parametrize(
    ("second", "expected"),
    [(("ca", "/etc/ca"), []), (("other-ca", "/etc/other"), []), (("other-ca", "/etc/ca"), ["EG214"])],
)
def test_all_ports_mount_into_one_container(second: tuple[str, str], expected: list[str]) -> None:
    first, other = files("/etc/ca/ca.crt", ("ca", "/etc/ca")), files(f"{second[1]}/ca.crt", second)
    text = f"- {{host: api.example.com, ports: [{{port: 80, tls: {first}}}, {{port: 81, tls: {other}}}]}}"
    assert codes(hosts(text)) == expected
