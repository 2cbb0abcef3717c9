import re

import pytest
import yaml

from egressc.findings import Finding
from egressc.rules.protocols import AT_ONCE, BYTES, CUSTOMARY, REGISTERED
from tests.lists import codes as all_codes
from tests.lists import compile_text, hosts

PORTS = sorted({*REGISTERED, *CUSTOMARY})
RAW = [port for port in PORTS if port != 80]  # HTTP is what a gateway speaks
ADDRESS = "addresses: [240.0.0.1]"
MUTUAL = "tls: {mode: mutual, secret: own}"
NONE = "tls: {mode: none, unverified: A leased line.}"


def codes(text: str) -> list[str]:
    """What is found, but for a remark on ports that are mostly of UDP."""
    return [code for code in all_codes(text) if code != "EG293"]


def one(entry: str, code: str = "EG229") -> Finding | None:
    """The finding of this code; a second one is a failure."""
    findings = [one for one in compile_text(hosts(f"- {{host: a.example.com, {entry}}}")).findings if one.code == code]
    assert len(findings) < 2
    return findings[0] if findings else None


def written(finding: Finding) -> dict[str, object]:
    """The settings of the last way that the fix shows."""
    last = finding.fix.rpartition(" or ")[2].partition("; ")[0].rpartition("else ")[2]
    settings: dict[str, object] = {}
    for setting in re.findall(r"`(\w+: [^`]+)`", last):
        settings |= yaml.safe_load(setting)
    return settings


@pytest.mark.parametrize("port", RAW)
@pytest.mark.parametrize(
    ("protocol", "more"),
    [("TCP", ""), ("TLS", ""), ("HTTP", ""), ("GRPC", ""), ("HTTP", NONE), ("TCP", MUTUAL), ("TLS", MUTUAL)],
)
def test_what_no_server_there_would_answer_is_found_and_its_fix_is_one(port: int, protocol: str, more: str) -> None:
    rest = f"{ADDRESS}, {more}" if more else ADDRESS
    finding = one(f"ports: [{{port: {port}, protocol: {protocol}}}], {rest}")
    assert finding
    assert finding.level == ("warning" if port in CUSTOMARY else "error")
    assert f"a.example.com:{port} speaks" in finding.message
    mended = {"port": port, "protocol": protocol} | written(finding)
    ports = yaml.safe_dump([mended], default_flow_style=True, width=1000).strip()
    assert not codes(hosts(f"- {{host: a.example.com, ports: {ports}, {rest}}}"))


@pytest.mark.parametrize("port", [port for port in RAW if port != 1080])
def test_bytes_are_right(port: int) -> None:
    assert one(f"ports: [{{port: {port}, protocol: TCP}}], {ADDRESS}, {NONE}") is None


@pytest.mark.parametrize("port", PORTS)
def test_the_upstream_s_port_decides(port: int) -> None:
    assert one(f"ports: [{{port: {port}, protocol: TCP, upstreamPort: 9000}}], {ADDRESS}") is None
    assert one(f"ports: [{{port: 9000, protocol: TCP, upstreamPort: {port}}}], {ADDRESS}")


@pytest.mark.parametrize("port", [port for port in PORTS if (known := REGISTERED.get(port)) and known.tls_port])
@pytest.mark.parametrize(("protocol", "key"), [("TCP", "upstreamPort"), ("TLS", "port")])
def test_the_port_where_tls_begins_at_once_is_right(port: int, protocol: str, key: str) -> None:
    finding = one(f"ports: [{{port: {port}, protocol: {protocol}}}], {ADDRESS}, tls: {{secret: ca}}")
    if finding is None:  # TCP on port 80 has 443 behind it
        assert (port, protocol) == (80, "TCP")
        return
    offered = re.search(rf"`{key}: (\d+)`", finding.fix)
    assert offered
    mended = {"port": port, "protocol": protocol} | {key: int(offered[1])}
    assert one(f"ports: [{mended}], {ADDRESS}") is None


@pytest.mark.parametrize("port", RAW)
@pytest.mark.parametrize(("protocol", "mode"), [("TCP", "simple"), ("TLS", "passthrough"), ("HTTP", "simple")])
def test_a_list_that_knows_better_says_so_at_the_port(port: int, protocol: str, mode: str) -> None:
    knowing = one(f"ports: [{{port: {port}, protocol: {protocol}, tls: {{mode: {mode}}}}}], {ADDRESS}")
    assert knowing
    assert knowing.level == "warning"
    silent = one(f"ports: [{{port: {port}, protocol: {protocol}, tls: {{secret: ca}}}}], {ADDRESS}")
    assert silent
    assert silent.level == ("warning" if port in CUSTOMARY else "error")


@pytest.mark.parametrize("port", AT_ONCE)
def test_protocols_that_learnt_to_begin_with_tls(port: int) -> None:
    finding = one(f"ports: [{{port: {port}, protocol: TLS}}]")
    assert finding
    assert finding.fix.endswith(f"if all {AT_ONCE[port]}, `tls: {{mode: passthrough}}`")
    known = one(f"ports: [{{port: {port}, protocol: TLS, tls: {{mode: passthrough}}}}]")
    assert known
    assert known.fix.startswith(f"keep it if all {AT_ONCE[port]}, else write ")


def test_http_in_clear_has_no_tls() -> None:
    assert one("ports: [{port: 8080, upstreamPort: 80}]")
    assert one("ports: [{port: 80, protocol: TLS}]")
    assert one(f"ports: [{{port: 8080, upstreamPort: 80}}], {NONE}") is None
    assert one("ports: [{port: 80}]") is None


@pytest.mark.parametrize("port", RAW)
@pytest.mark.parametrize("protocol", ["TCP", "TLS", "HTTP"])
def test_the_servers_of_a_wildcard_are_to_be_listed_by_their_names(port: int, protocol: str) -> None:
    text = hosts(f"- {{host: '*.example.com', ports: [{{port: {port}, protocol: {protocol}}}]}}")
    (finding,) = (one for one in compile_text(text).findings if one.code != "EG293")
    assert "list each server by its name, with " in finding.fix


@pytest.mark.parametrize("port", BYTES)
@pytest.mark.parametrize("protocol", ["HTTP", "HTTP2", "GRPC"])
def test_bytes_inside_of_tls_are_no_requests(port: int, protocol: str) -> None:
    finding = one(f"ports: [{{port: 80, protocol: {protocol}, upstreamPort: {port}}}]")
    assert finding
    assert finding.level == "error"
    assert f"a.example.com:{port} speaks {BYTES[port]}, which is no {protocol}" == finding.message
    assert set(re.findall(r"`protocol: (\w+)`", finding.fix)) == {"TLS", "TCP"}
    for carried in ("TLS", "TCP"):
        assert one(f"ports: [{{port: {port}, protocol: {carried}}}], {ADDRESS}") is None
    known = one(f"ports: [{{port: {port}, protocol: {protocol}, tls: {{mode: simple}}}}]")
    assert known
    assert known.level == "warning"


def test_requests_in_clear_to_a_server_that_begins_with_tls() -> None:
    entry = "ports: [{port: 80, upstreamPort: 443}]"
    finding = one(f"{entry}, {NONE}")
    assert finding
    assert finding.level == "error"
    assert finding.fix == "write `tls: {mode: simple}` at this port"
    assert not codes(hosts(f"- {{host: a.example.com, {entry[:-2]}, tls: {{mode: simple}}}}], {NONE}}}"))
    assert one(entry) is None
    assert one(f"ports: [{{port: 80, upstreamPort: 8443}}], {NONE}") is None
    known = one(f"ports: [{{port: 80, upstreamPort: 443, {NONE}}}]")
    assert known
    assert known.level == "warning"


@pytest.mark.parametrize("port", RAW)
@pytest.mark.parametrize("mode", ["passthrough", "none"])
def test_no_fix_of_another_rule_leads_there(port: int, mode: str) -> None:
    """A port of bytes beside a passthrough, and one without TLS and reason."""
    ports = f"[{{port: 443, protocol: TLS}}, {{port: {port}, protocol: TCP, tls: {{mode: {mode}}}}}]"
    found = compile_text(hosts(f"- {{host: a.example.com, ports: {ports}, {ADDRESS}}}")).findings
    (finding,) = (one for one in found if one.code != "EG293")
    assert finding.code in ("EG208", "EG212")
    known = spoken_reason(port)
    assert f'unverified: "{known}"' in finding.fix
    assert "simple" not in finding.fix


def spoken_reason(port: int) -> str:
    return (REGISTERED | CUSTOMARY)[port].reason


def test_the_default_of_a_file_is_mended_at_the_port() -> None:
    head = "version: 1\ndefaults: {clients: [ci], tls: {mode: passthrough}}\nhosts:\n- host: github.com\n"
    bad = head + f"  {ADDRESS}\n  ports: [{{port: 443, protocol: TLS}}, {{port: 22, protocol: TCP}}]\n"
    (finding,) = compile_text(bad).findings
    assert (finding.code, finding.span.line, finding.span.column) == ("EG208", 6, 40)
    (tls,) = re.findall(r"`(tls: \{.*\})`", finding.fix)
    assert not codes(bad.replace("22, protocol: TCP", f"22, protocol: TCP, {tls}"))
    web = head + "  ports: [{port: 443, protocol: TLS}, {port: 80}]\n"
    (finding,) = compile_text(web).findings
    assert finding.fix.startswith("add `tls: {mode: simple}` to the host or to this port")
    assert not codes(web.replace("port: 80", "port: 80, tls: {mode: simple}"))
    assert not codes(web + "  tls: {mode: simple}\n")


@pytest.mark.parametrize("protocol", ["", "HTTP", "HTTP2", "GRPC"])
@pytest.mark.parametrize("others", ["", "{port: 80}, ", "{port: 8443, protocol: TLS}, "])
@pytest.mark.parametrize(
    "more", ["", "tls: {mode: simple}", "clients: [{namespace: shop, methods: [GET], ports: [443]}]"]
)
def test_requests_in_clear_on_443(protocol: str, others: str, more: str) -> None:
    port = f"{{port: 443, protocol: {protocol}}}" if protocol else "{port: 443}"
    rest = f", {more}" if more else ""
    finding = one(f"ports: [{others}{port}]{rest}", "EG258")
    assert finding
    assert finding.level == ("warning" if protocol else "error")
    if "`protocol: TLS`" in finding.fix:
        assert not codes(hosts(f"- {{host: a.example.com, ports: [{others}{{port: 443, protocol: TLS}}]{rest}}}"))
    else:
        assert more
    if "`port: 80`" in finding.fix:
        mended = port.replace("443", "80")
        text = hosts(f"- {{host: a.example.com, ports: [{others}{mended}]{rest.replace('443', '80')}}}")
        assert not codes(text)
    else:
        assert "80" in others


def test_the_application_s_tls_on_443_is_right() -> None:
    assert one("ports: [{port: 443, protocol: TLS}]", "EG258") is None
    assert one("ports: [{port: 80, upstreamPort: 443}]", "EG258") is None


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        *((name, True) for name in ("ocsp.example.com", "ocsp2.example.com", "crl3.example.com", "mscrl.example.com")),
        *((name, True) for name in ("oneocsp.example.com", "ocsp.int-x3.example.org", "cacerts.example.com")),
        *((name, True) for name in ("r11.o.lencr.org", "x1.c.lencr.org", "ca-ocsp.example.com", "crt.example.com")),
        *((name, False) for name in ("crt.sh", "ocsp.com", "crlf.example.com", "lencr.org", "api.example.com")),
    ],
)
def test_responders_are_asked_by_plain_http(host: str, asked: bool) -> None:
    assert codes(hosts(f"- {host}")) == ["EG259"] * asked
    plain = 'tls: {mode: none, unverified: "OCSP responses and CRLs are signed."}'
    assert not codes(hosts(f"- {{host: {host}, {plain}}}"))
    assert not codes(hosts(f"- {{host: {host}, ports: [{{port: 80, upstreamPort: 8443}}]}}"))
    for finding in compile_text(hosts(f"- {{host: {host}, speaks: https}}")).findings:
        assert finding.fix == f"write `{plain}` and `ports: [{{port: 80}}]`"


@pytest.mark.parametrize(
    ("entry", "found"),
    [
        ("host: web.example.com, ports: [{port: 3128}]", True),
        ("host: web.example.com, ports: [{port: 8080, upstreamPort: 3128}]", True),
        ("host: proxy.example.com, ports: [{port: 8080}]", True),
        ("host: web-proxy2.example.com, ports: [{port: 8888}]", True),
        ("host: web.example.com, ports: [{port: 8080}]", False),
        ("host: proxy.golang.org", False),
        ("host: proxy.example.com, ports: [{port: 8443}]", False),
        (f"host: web.example.com, ports: [{{port: 3128, protocol: TCP}}], {ADDRESS}", False),
    ],
)
def test_a_proxy_that_applications_ask_themselves(entry: str, found: bool) -> None:
    assert codes(hosts(f"- {{{entry}, {NONE}}}")) == ["EG268"] * found
