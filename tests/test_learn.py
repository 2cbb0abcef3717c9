"""`egressc learn`: what was called becomes a list, which opens nothing that was not seen."""

import gzip
import io
import json
import re
import shlex
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from typing_extensions import override

from egressc import cli, report
from egressc.commands import lists
from egressc.compile import compile_sources
from egressc.findings import CODES
from egressc.learning import Learned, access, learn, reading
from egressc.learning.origin import Origin, of_client, of_file
from egressc.learning.tally import Tally
from egressc.model import Inventory
from tests.conftest import Golden
from tests.harmless import ATTACKS, harmless
from tests.test_cli import command

CASES = sorted((Path(__file__).parent / "cases" / "learn").iterdir())
#: What a list lacks that is left to decide, and the findings that say so.
OPEN = {"EG201": "EG407", "EG212": "EG212"}
CART = Origin("shop", "cart")
PASSTHROUGH = "PassthroughCluster"


def http(
    authority: str,
    upstream: str = "54.187.174.169:80",
    cluster: str = PASSTHROUGH,
    *,
    path: str = "/",
    agent: str = "curl/8.10.1",
    protocol: str = "HTTP/1.1",
    mine: str = "10.244.1.7:41234",
) -> str:
    """A line as Istio writes it for a request."""
    return (
        f'[2026-11-27T09:00:00.120Z] "GET {path} {protocol}" 200 - via_upstream - "-" 0 512 38 37 "-" "{agent}" '
        f'"7c1e3c0e" "{authority}" "{upstream}" {cluster} {mine} {upstream} 10.244.1.7:52710 - allow_any'
    )


def tls(name: str, upstream: str = "140.82.121.6:443", cluster: str = PASSTHROUGH) -> str:
    """The same for a connection; without a name for `-`."""
    return (
        f'[2026-11-27T09:00:00.120Z] "- - -" 0 - - - "-" 812 6185 120 - "-" "-" "-" "-" "{upstream}" {cluster} '
        f"10.244.1.7:41240 {upstream} 10.244.1.7:52712 {name} -"
    )


def as_json(line: str) -> str:
    """A line of text as Istio writes it in JSON."""
    record = access.of_text(line)
    assert record is not None

    def said(text: str) -> str | None:
        return text or None

    place = f"{record.upstream.ip}:{record.upstream.port}" if record.upstream else None
    return json.dumps(
        {
            "method": said(record.method),
            "protocol": "HTTP/2" if record.second else "HTTP/1.1" if record.method else None,
            "authority": said(record.authority),
            "upstream_host": place,
            "upstream_cluster": said(record.cluster),
            "upstream_local_address": "10.244.1.7:1" if record.connected else None,
            "downstream_local_address": f"{record.local.ip}:{record.local.port}" if record.local else None,
            "requested_server_name": said(record.server_name),
            "route_name": said(record.route),
        }
    )


def learned(folder: Path, *lines: str, client: Origin | None = CART, **given: Any) -> Learned:
    """What is learned of these lines."""
    file = folder / "cart.log"
    file.write_text("\n".join(lines) + "\n", encoding="utf-8", errors="surrogateescape")
    return learn([str(file)], client, **given)


def entries(result: Learned) -> dict[str, dict[str, Any]]:
    """The hosts of the list, each with what its entry says; `defaults` are those of the entry."""
    assert result.text is not None, result.findings
    data = yaml.safe_load(result.text)
    named = [{"host": one} if isinstance(one, str) else one for one in data["hosts"]]
    return {one.pop("host"): data.get("defaults", {}) | one for one in named}


def codes(result: Learned) -> set[str]:
    return {one.code for one in result.findings}


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_logs_become_a_list(
    case: Path, golden: Golden, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.chdir(case)
    _, *arguments = shlex.split((case / "command.txt").read_text())
    assert cli.main(arguments) == lists.OK
    text, findings = capfd.readouterr()
    golden(case / "learned.yaml", text)
    golden(case / "findings.txt", findings)
    others = [("hosts.yaml", (case / "hosts.yaml").read_bytes())] if "--beside" in arguments else []
    compilation = compile_sources([("learned.yaml", text.encode()), *others])
    errors = {one.code for one in compilation.findings if one.level == "error"}
    assert errors <= {*OPEN}
    assert all(OPEN[code] in findings or "Add `unverified`" in text for code in errors)


# ---- what a line says


def test_https_is_known_by_its_sni_and_http_by_its_host(tmp_path: Path) -> None:
    found = entries(learned(tmp_path, tls("api.github.com"), http("api.stripe.com:80")))
    assert found["api.github.com"] == {"speaks": "https", "clients": [{"namespace": "shop", "serviceAccount": "cart"}]}
    (port,) = found["api.stripe.com"]["ports"]
    assert (port["port"], port["tls"]["mode"]) == (80, "none")


@pytest.mark.parametrize(
    "line",
    [
        http("api.example.com"),
        http("api.example.com", protocol="HTTP/2"),
        tls("api.example.com"),
        tls("api.example.com", "93.184.216.34:8443"),
        http("api.example.com", cluster="outbound|80||api.example.com"),
        http("api.example.com", "93.184.216.34:443", "outbound|80|v1|api.example.com"),
        tls("-", "93.184.216.34:5432", "outbound|5432||api.example.com"),
        tls("www.example.com", "93.184.216.34:443", "outbound|443||*.example.com"),
    ],
)
def test_json_says_what_text_says(tmp_path: Path, line: str) -> None:
    text, data = learned(tmp_path, line), learned(tmp_path, as_json(line))
    assert text.text == data.text
    assert len(entries(text)) == 1


@pytest.mark.parametrize(
    "line",
    [
        http("cart.shop.svc.cluster.local", "10.0.0.1:80", "outbound|80||cart.shop.svc.cluster.local"),
        http("cart.shop.svc.cluster.local"),
        http("cart.shop.svc.corp.example", "10.0.0.1:80", "outbound|80||cart.shop.svc.corp.example"),
        http("www.shop.example", "10.0.0.1:8080", "inbound|8080||"),
        http("www.shop.example", "10.0.0.1:8080", "InboundPassthroughCluster"),
        http("stripe.com", "10.0.0.9:15443", "outbound|443||egress.istio-system.svc.cluster.local"),
    ],
)
def test_what_stays_inside_is_no_host(tmp_path: Path, line: str) -> None:
    for form in (line, as_json(line)):
        result = learned(tmp_path, form)
        assert entries(result) == {}
        assert codes(result) == {"EG416"}


# ---- callers write into the log


FORGED = [
    http("evil.example", cluster="outbound|80||good.example"),
    tls("evil.example", cluster="outbound|443||good.example"),
    tls("evil.example", cluster="outbound|443||*.good.example"),
    tls("evil-good.example", cluster="outbound|443||*.good.example"),
    http("evil.example", mine="-"),
    http("-", agent='x" "id" "evil.example'),
    http("-", agent=f"{http('evil.example')}"),
    http("-", path=f'/ HTTP/1.1" {http("evil.example")}'),
    http("*.evil.example"),
    http("*"),
    http("evil_.example"),
    http("evil"),
    http("2130706433"),
    tls("evil.example:443"),
    tls("evil.example\\n- good.example"),
    http("169.254.169.254"),
]


@pytest.mark.parametrize("line", FORGED)
def test_no_name_is_learned_that_was_not_seen_upstream(tmp_path: Path, line: str) -> None:
    for form in (line, as_json(line)):
        assert entries(learned(tmp_path, form)) == {}


@pytest.mark.parametrize("name", ["evil.example, good.example", "{host: evil.example}", "evil.example\n- a.b", "\x00"])
def test_a_name_has_no_blank(tmp_path: Path, name: str) -> None:
    data = json.loads(as_json(http("a.example")))
    assert entries(learned(tmp_path, http(name), json.dumps(data | {"authority": name}), tls("b.example"))) == {
        "b.example": {"speaks": "https", "clients": [{"namespace": "shop", "serviceAccount": "cart"}]}
    }


def test_other_containers_of_the_pod_are_not_heard(tmp_path: Path) -> None:
    """An application prints lines that look like its sidecar's."""
    of_app = {"kubernetes": {"namespace_name": "shop", "container_name": "app"}, "log": tls("evil.example")}
    result = learned(tmp_path, f"[pod/cart-1/app] {tls('evil.example')}", json.dumps(of_app), tls("good.example"))
    assert {*entries(result)} == {"good.example"}
    name = tmp_path / f"cart-1_shop_app-{'0' * 64}.log"
    name.write_text(tls("evil.example") + "\n")
    assert "EG415" in codes(learn([str(name)], CART))


def test_what_an_application_prints_says_nothing_of_its_pod(tmp_path: Path) -> None:
    """What stands outside wins, as deep as lines are wrapped."""
    forged = json.dumps(
        {"kubernetes": {"namespace_name": "web", "container_name": "istio-proxy"}, "log": tls("a.example")}
    )
    of_app = json.dumps({"kubernetes": {"namespace_name": "shop", "container_name": "app"}, "log": forged})
    lines = [of_app, f"[pod/cart-1/app] [pod/cart-1/istio-proxy] {tls('a.example')}", f"[pod/cart-1/app] {forged}"]
    assert entries(learned(tmp_path, *lines, tls("b.example"), client=None)).keys() == {"b.example"}
    of_shop = json.dumps({"kubernetes": {"namespace_name": "shop"}, "log": forged})
    assert entries(learned(tmp_path, of_shop, client=None))["a.example"]["clients"] == ["shop"]
    assert entries(learned(tmp_path, "[pod/a/istio-proxy] " * 3000 + tls("a.example"), tls("b.example"))).keys() == {
        "b.example"
    }


def test_a_part_of_a_long_line_is_not_read(tmp_path: Path) -> None:
    """Container runtimes cut long lines, and a caller's path may stand where the part ends."""
    part, stamp = tls("evil.example"), "2026-11-27T09:00:00.000000000Z"
    parts = [
        f"{stamp} stdout P {part}",
        json.dumps({"log": part, "stream": "stdout", "time": stamp}),
        json.dumps({"log": part, "logtag": "P", "stream": "stdout"}),
        json.dumps({"log": part, "partial_message": "true"}),
    ]
    whole = json.dumps({"log": f"{tls('good.example')}\n", "stream": "stdout", "time": stamp})
    assert entries(learned(tmp_path, *parts, whole)).keys() == {"good.example"}


def test_nothing_of_a_line_steers_a_list_or_a_terminal(tmp_path: Path) -> None:
    lines = [form(attack) for attack in ATTACKS for form in (http, tls)]
    lines += [json.dumps({**json.loads(as_json(http("a.example"))), "authority": attack}) for attack in ATTACKS]
    lines += [*ATTACKS, *(http("a.example", agent=attack, path=attack) for attack in ATTACKS)]
    result = learned(tmp_path, tls("good.example"), *lines)
    assert "good.example" in entries(result)
    assert result.text is not None
    assert harmless(result.text)
    for form in report.FORMATS.values():
        assert not result.findings or harmless(f"x{form(result.findings)}".replace("\n::", "\nx"))


# ---- callers


@pytest.mark.parametrize(
    ("wrapped", "client", "who"),
    [
        ({"kubernetes": {"namespace_name": "web"}}, None, "web"),
        ({"kubernetes": {"pod_namespace": "web", "container_name": "istio-proxy"}}, None, "web"),
        ({"kubernetes": {"namespace": "web", "container": {"name": "istio-proxy"}}}, None, "web"),
        ({"resource": {"labels": {"namespace_name": "web"}}}, None, "web"),
        ({"resources": {"k8s.namespace.name": "web"}}, None, "web"),
        ({"kubernetes": {"namespace_name": "web", "service_account": "front"}}, None, "web/front"),
        ({"kubernetes": {"namespace_name": "web"}}, "web/front", "web/front"),
        ({"kubernetes": {"namespace_name": "web"}}, "shop/cart", "web"),
        ({"kubernetes": {"namespace_name": "*"}}, None, None),
        ({"kubernetes": {"namespace_name": "we*"}}, None, None),
        ({}, "shop", "shop"),
        ({}, None, None),
    ],
)
def test_callers_are_those_that_the_log_says(
    tmp_path: Path, wrapped: dict[str, Any], client: str | None, who: str | None
) -> None:
    line = json.dumps(wrapped | {"log": tls("api.github.com")})
    result = learned(tmp_path, line, client=of_client(client) if client else None)
    clients = entries(result)["api.github.com"].get("clients")
    namespace, _, account = (who or "").partition("/")
    assert clients == ([{"namespace": namespace, "serviceAccount": account}] if account else [who] if who else None)
    assert ("EG407" in codes(result)) is (who is None)
    assert ("EG426" in codes(result)) is (who is not None and not account)


def test_a_port_is_open_to_those_who_called_it(tmp_path: Path) -> None:
    def of(namespace: str, line: str) -> str:
        return json.dumps({"kubernetes": {"namespace_name": namespace, "service_account": "a"}, "log": line})

    lines = [of("shop", tls("api.github.com")), of("web", tls("api.github.com", "140.82.121.6:8443"))]
    assert entries(learned(tmp_path, *lines))["api.github.com"]["clients"] == [
        {"namespace": "shop", "serviceAccount": "a", "ports": [443]},
        {"namespace": "web", "serviceAccount": "a", "ports": [8443]},
    ]


def test_names_of_files_say_whose_they_are() -> None:
    ident = "0123456789abcdef" * 4
    for name in (
        f"cart-7d9_shop_istio-proxy-{ident}.log",
        f"/var/log/containers/cart-7d9_shop_istio-proxy-{ident}.log.gz",
        "/var/log/pods/shop_cart-7d9_0c1d/istio-proxy/0.log",
    ):
        assert of_file(name) == Origin("shop", "", "istio-proxy")
    assert of_file("cart_shop.log") == Origin()


@pytest.mark.parametrize("text", ["", "/", "shop/", "/cart", "*", "shop/*", "Shop", "a b", "shop/cart/x"])
def test_a_client_is_a_namespace_and_perhaps_an_account(
    text: str, tmp_path: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    file = tmp_path / "a.log"
    file.write_text(tls("api.github.com") + "\n")
    with pytest.raises(SystemExit) as left:
        cli.main(["learn", f"--client={text}", str(file)])
    assert left.value.code == lists.MISUSE
    assert "write a namespace" in capfd.readouterr().err


# ---- a list that is there already


def test_who_called_a_name_below_a_listed_wildcard_gets_no_others(tmp_path: Path) -> None:
    known = tmp_path / "hosts.yaml"
    known.write_text('version: 1\nhosts:\n- {host: "*.example.com", speaks: https, clients: [web]}\n')
    result = learned(tmp_path, tls("a.example.com"), beside=[str(known)])
    assert entries(result) == {}
    assert "EG424" in codes(result)


def test_a_denial_of_the_list_stays(tmp_path: Path) -> None:
    known = tmp_path / "hosts.yaml"
    entry = "{host: a.example.com, speaks: https, clients: [web], deny: [{namespace: shop}]}"
    known.write_text(f"version: 1\nhosts:\n- {entry}\n")
    assert entries(learned(tmp_path, tls("a.example.com"), beside=[str(known)])) == {}
    known.write_text(known.read_text().replace("namespace: shop", "namespace: other"))
    assert entries(learned(tmp_path, tls("a.example.com"), beside=[str(known)])) == {
        "a.example.com": {"clients": [{"namespace": "shop", "serviceAccount": "cart"}]}
    }


def test_a_list_with_errors_is_said_and_nothing_is_learned(tmp_path: Path) -> None:
    known = tmp_path / "hosts.yaml"
    known.write_text("version: 1\nhosts: [https://a.example.com]\n")
    result = learned(tmp_path, tls("a.example.com"), beside=[str(known)])
    assert (result.text, codes(result)) == (None, {"EG105"})


# ---- files


def test_gzip_and_stdin(tmp_path: Path) -> None:
    packed = tmp_path / "a.gz"
    packed.write_bytes(gzip.compress((tls("api.github.com") + "\n").encode()))
    assert {*entries(learn([str(packed)], CART))} == {"api.github.com"}
    found = subprocess.run(command("learn", "-"), input=packed.read_bytes(), capture_output=True, check=True)
    assert "- host: api.github.com" in found.stdout.decode()
    packed.write_bytes(packed.read_bytes()[:-9])
    assert codes(learn([str(packed)], CART)) == {"EG001"}


def test_what_cannot_be_read_is_said_and_nothing_is_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    good = tmp_path / "good.log"
    good.write_text(tls("api.github.com") + "\n")
    result = tmp_path / "learned.yaml"
    assert cli.main(["learn", str(good), str(tmp_path / "none.log"), str(tmp_path), "-o", str(result)]) == lists.ERRORS
    _, errors = capfd.readouterr()
    assert errors.count("EG001") == 2
    assert "Traceback" not in errors
    assert not result.exists()


def test_lines_that_cannot_be_read_are_counted(tmp_path: Path) -> None:
    result = learned(tmp_path, *["what is this"] * 2000, tls("api.github.com"), "x" * 200_000)
    unread = [one for one in result.findings if one.code == "EG414"]
    assert [one.span.line for one in unread] == [1, 1, 2, 3]
    assert any("1,998 more" in one.message for one in unread)
    assert {*entries(result)} == {"api.github.com"}


def test_what_a_sidecar_writes_beside_its_access_log_is_no_finding(tmp_path: Path) -> None:
    others = [
        "2026/11/27 15:18:56 INFO GOMEMLIMIT is already set, skipping",
        "2026-11-27T15:18:56.580670Z\tinfo\tEffective config: binaryPath: /usr/local/bin/envoy",
        "proxyMetadata:",
        "  OUTPUT_CERTS: /etc/istio/proxy",
        json.dumps({"level": "info", "time": "2026-11-27T15:18:56Z", "msg": "Envoy proxy is ready"}),
    ]
    assert codes(learned(tmp_path, *others, tls("api.github.com"))) == set()
    assert codes(learned(tmp_path, *others, tls("api.github.com"), "proxyMetadata:")) == {"EG414"}
    assert codes(learned(tmp_path, *others[:3], '[2026-11-27T09:00:00Z] "- - -" 0', tls("a.example"))) == {"EG414"}


def test_a_line_without_an_end_takes_no_memory() -> None:
    class Endless(io.RawIOBase):
        """So many bytes without a line break, of which nobody may ask for many at once."""

        left = 10_000_000

        @override
        def readable(self) -> bool:
            return True

        @override
        def readinto(self, buffer: Any) -> int:
            assert len(buffer) <= 1 << 20
            size = min(len(buffer), self.left)
            buffer[:size] = b"x" * size
            Endless.left -= size
            return size

    assert list(reading.lines(io.BufferedReader(Endless()))) == [reading.TOO_LONG]


def test_a_line_that_was_cut_is_not_read(tmp_path: Path) -> None:
    """What a caller wrote may stand where the log ends."""
    file = tmp_path / "cart.log"
    forged = tls("evil.example", cluster="outbound|443||evil.example")
    line = http("good.example", agent=f'x" "id" "{forged}')
    for last in (line[: line.index(forged) + len(forged)], tls("evil.example"), http("evil.example")[:-60]):
        file.write_text(f"{tls('good.example')}\n{last}")
        result = learn([str(file)], CART)
        assert {*entries(result)} == {"good.example"}
        (found,) = result.findings
        assert (found.code, found.span.line) == ("EG414", 2)
        assert "may be a part of one" in found.message
    file.write_text(f"{tls('good.example')}\n{as_json(tls('b.example'))}")  # JSON says where it ends
    assert {*entries(learn([str(file)], CART))} == {"good.example", "b.example"}
    file.write_text(f"{tls('good.example')}\n{as_json(tls('b.example'))[:-1]}")
    assert {*entries(learn([str(file)], CART))} == {"good.example"}


def test_a_line_that_cannot_be_read_is_shown_without_passwords(tmp_path: Path) -> None:
    line = f"cannot connect to postgres://{'u' * 22}:sEcreT0word@db.example.net/x"
    (found,) = learned(tmp_path, line, tls("a.example")).findings
    assert (found.code, "sEcreT" in found.message) == ("EG414", False)


#: Learns from stdin with few different calls kept, and says how much memory it has taken, in KiB.
MEASURED = """\
import resource
from egressc.learning import learn
from egressc.learning.tally import Tally
learned = learn(["-"], tally=Tally(most=20))
assert len(learned.entries) == 20, learned.findings
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss)
"""


def test_memory_does_not_grow_with_the_log() -> None:
    """No two lines are alike: names, addresses, pods, lines that cannot be read."""

    def peak(count: int) -> int:
        with subprocess.Popen([sys.executable, "-c", MEASURED], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            assert run.stdin
            assert run.stdout
            for number in range(count):
                name, place = f"n{number}.example.com", f"93.{number >> 16}.{number >> 8 & 255}.{number & 255}:443"
                line = tls(name, place) if number % 8 else f"{number} is no line of an access log"
                wrapped = {"kubernetes": {"namespace_name": f"n{number % 40_000}"}, "log": line}
                run.stdin.write((json.dumps(wrapped) if number % 2 else line).encode() + b"\n")
            run.stdin.close()
            return int(run.stdout.read())

    few, many = peak(20_000), peak(200_000)
    assert many < few * 1.05


def test_names_that_callers_make_up_take_no_memory(tmp_path: Path) -> None:
    tally = Tally(most=10)
    result = learned(tmp_path, *(tls(f"n{number}.example.com") for number in range(1000)), tally=tally)
    assert len(tally.calls) == 10
    assert len(entries(result)) == 10
    (found,) = (one for one in result.findings if one.code == "EG425")
    assert found.message.startswith("990 calls are not counted")
    many = learned(tmp_path, *(tls("-", f"10.0.{number // 256}.{number % 256}:1") for number in range(1000)))
    assert len(many.findings) < 20


def test_findings_are_valid_json_and_progress_is_for_people(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file = tmp_path / "a.log"
    file.write_text((tls("api.github.com") + "\n") * 40_000)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: True)
    monkeypatch.setattr(time, "monotonic", iter(range(0, 1_000_000, 2)).__next__)
    assert cli.main(["learn", "--findings=json", str(file)]) == lists.OK
    assert json.loads(capfd.readouterr().err)
    assert cli.main(["learn", str(file)]) == lists.OK
    assert re.match(r"\r16,384 lines\r32,768 lines\r\x1b\[K", capfd.readouterr().err)
    monkeypatch.setattr(sys.stderr, "isatty", lambda: False)
    assert cli.main(["learn", str(file)]) == lists.OK
    assert "lines so far" not in capfd.readouterr().err
    monkeypatch.setattr(time, "monotonic", iter(range(0, 1_000_000, 20)).__next__)
    assert cli.main(["learn", str(file)]) == lists.OK
    assert capfd.readouterr().err.startswith("16,384 lines so far\n32,768 lines so far\n")


def test_an_interrupted_reading_writes_nothing(
    tmp_path: Path, capfd: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    file, result = tmp_path / "a.log", tmp_path / "learned.yaml"
    file.write_text(tls("api.github.com") + "\n")

    def interrupted(_: Any) -> Iterator[str]:
        yield tls("api.github.com")
        raise KeyboardInterrupt

    monkeypatch.setattr(reading, "lines", interrupted)
    assert cli.main(["learn", str(file), "-o", str(result)]) == cli.INTERRUPTED
    assert capfd.readouterr() == ("", "")
    assert not result.exists()


# ---- whatever is logged: what is proposed was seen, and compiles


class Called(NamedTuple):
    """A call that was made, and whether its line shows that it reached the host of its name."""

    line: str
    host: str
    port: int
    https: bool
    who: tuple[str, str]
    reached: bool


NAMES = (
    *("api.example.com", "b.example.com", "www.example.org", "xn--bcher-kva.example", "10.0.0.1", "a_b.example", "x"),
    *("*.example.com", "localhost", "cart.shop.svc.cluster.local", "metadata.google.internal", "EXAMPLE.com.", "a.b"),
)
PORTS = (80, 443, 8080, 8443, 5432, 15001, 15090, 53, 1, 65535)


@st.composite
def calls(draw: Any) -> Called:
    host, port, https = draw(st.sampled_from(NAMES)), draw(st.sampled_from(PORTS)), draw(st.booleans())
    who = draw(st.sampled_from([("shop", "cart"), ("shop", ""), ("web", "front"), ("", "")]))
    cluster = draw(st.sampled_from([PASSTHROUGH, f"outbound|{port}||{host}", f"outbound|{port}||other.example.net"]))
    upstream = f"93.184.216.34:{port}"
    line = tls(host, upstream, cluster) if https else http(host, upstream, cluster)
    reached = not cluster.endswith("other.example.net")
    if draw(st.booleans()):
        line = as_json(line)
    if who[0]:
        said = {"namespace_name": who[0]} | ({"service_account": who[1]} if who[1] else {})
        line = json.dumps({"kubernetes": said, "log": line})
    return Called(line, host.lower().rstrip("."), port, https, who, reached)


@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(calls(), min_size=1, max_size=8))
def test_what_is_proposed_was_seen_and_compiles(tmp_path: Path, made: list[Called]) -> None:
    result = learned(tmp_path, *(one.line for one in made), client=None)
    assert result.text is not None
    compilation = compile_sources([("learned.yaml", result.text.encode())])
    errors = {one.code for one in compilation.findings if one.level == "error"}
    assert errors <= {*OPEN}, compilation.findings
    assert not errors or "Add `" in result.text
    seen = {(one.host, one.port, one.https, *one.who) for one in made if one.reached}
    for host, entry in entries(result).items():
        ports = _ports(entry)
        assert all((host, port, https) in {one[:3] for one in seen} for port, https in ports.items())
        for client in entry.get("clients", []):
            said: dict[str, Any] = {"namespace": client} if isinstance(client, str) else client
            who = said["namespace"], said.get("serviceAccount", "")
            for port in said.get("ports", ports):
                assert (host, port, ports[port], *who) in seen


def _ports(entry: dict[str, Any]) -> dict[int, bool]:
    """The client ports, each with whether the application speaks TLS there."""
    if "ports" in entry:
        return {port["port"]: port.get("protocol") == "TLS" for port in entry["ports"]}
    speaks = entry.get("speaks", "http")
    return {80 if one == "http" else 443: one == "https" for one in ([speaks] if isinstance(speaks, str) else speaks)}


@settings(max_examples=30, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.lists(calls(), min_size=1, max_size=6))
def test_what_was_learned_is_not_proposed_again(tmp_path: Path, made: list[Called]) -> None:
    lines = [one.line for one in made if one.who[0]] or [tls("a.example.com")]
    first = learned(tmp_path, *lines)
    assert first.text is not None
    known = tmp_path / "hosts.yaml"
    known.write_text(first.text)
    compilation = compile_sources([("hosts.yaml", first.text.encode())])
    if isinstance(compilation.inventory, Inventory):
        assert entries(learned(tmp_path, *lines, beside=[str(known)])) == {}


@settings(max_examples=300, suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow])
@given(st.data())
def test_lines_of_any_form_give_findings_and_no_traceback(tmp_path: Path, data: st.DataObject) -> None:
    good = data.draw(calls()).line
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(good)))
        last = data.draw(st.integers(first, min(len(good), first + 20)))
        piece = st.text(max_size=4) | st.sampled_from(
            [*ATTACKS, '"', " ", "{", "[", "\\", "\0", "[" * 5000, '{"log":' * 2000]
        )
        good = good[:first] + data.draw(piece) + good[last:]
    result = learned(tmp_path, good.encode("utf-8", "surrogatepass").decode("utf-8", "replace"))
    for finding in result.findings:
        assert finding.code in CODES
        assert finding.fix
    assert harmless(report.text(result.findings))
    if result.text is not None:
        assert harmless(result.text)
        yaml.safe_load(result.text)


@settings(max_examples=200, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    st.binary(max_size=300)
    | st.recursive(
        st.none() | st.text(max_size=8),
        lambda inner: (
            st.lists(inner)
            | st.dictionaries(
                st.sampled_from(
                    [
                        "log",
                        "kubernetes",
                        "status",
                        "data",
                        "result",
                        "resultType",
                        "metric",
                        "value",
                        "upstream_cluster",
                        "authority",
                    ]
                ),
                inner,
            )
        ),
    ).map(lambda tree: json.dumps(tree).encode())
)
def test_any_bytes(tmp_path: Path, raw: bytes) -> None:
    file = tmp_path / "a.log"
    for content in (raw, b'{"status":"success","data":' + raw, gzip.compress(raw)):
        file.write_bytes(content)
        learn([str(file)])
