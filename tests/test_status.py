"""`egressc status`: a line for each host, with its calls if a Prometheus is asked."""

import json
import os
import ssl
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread
from urllib.parse import parse_qs, urlsplit

import pytest
import trustme
from typing_extensions import override

from egressc.cli import main
from egressc.doctor import prometheus
from tests.cluster import well
from tests.metrics import selectors
from tests.test_doctor import LIST, recorded, saved
from tests.tools import tool

HUSH = "hush-4711.value"
OWN, BANK = "api-stripe-com", "partner-bank-example"


@dataclass
class Recorded:
    """A Prometheus on this machine: what it is asked, and what it says to a question."""

    says: Callable[[str], tuple[int, str]]
    asked: list[str] = field(default_factory=list)
    headers: list[str | None] = field(default_factory=list)
    address: str = ""


@contextmanager
def serving(says: Callable[[str], tuple[int, str]], authority: trustme.CA | None = None) -> Iterator[Recorded]:
    here = Recorded(says)

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            asked = urlsplit(self.path)
            here.asked.append(asked.path)
            here.headers.append(self.headers["Authorization"])
            status, body = here.says(parse_qs(asked.query)["query"][0])
            self.send_response(status)
            if 300 <= status < 400:
                self.send_header("Location", f"{here.address}/elsewhere")
            self.end_headers()
            self.wfile.write(body.encode())

        @override
        def log_message(self, *_: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        if authority:
            context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
            authority.issue_cert("localhost").configure_cert(context)
            server.socket = context.wrap_socket(server.socket, server_side=True)
        here.address = f"{'https' if authority else 'http'}://localhost:{server.server_port}"
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True)
        thread.start()
        yield here
        server.shutdown()
        thread.join()


def vector(*counts: tuple[str, str, str]) -> str:
    """An answer: a gateway, its host, a number."""
    result = [
        {
            "metric": {
                "namespace": "egress",
                "egressc_io_gateway": gateway,
                "cluster_name": f"outbound|80||{host}",
            },
            "value": [1803870000.1, number],
        }
        for gateway, host, number in counts
    ]
    return json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})


def counted(question: str) -> tuple[int, str]:
    """1,204 calls of the one host, 3 of them for nothing; the other has not been called yet."""
    (selector,) = selectors(question)
    labels = {label: value for label, _, value in selector.matchers}
    if labels["__name__"] == "envoy_cluster_upstream_rq":
        number = "3" if labels["response_code_class"] == "5xx" else "1203.9"
        return 200, vector((OWN, "api.stripe.com", number), ("another", "api.stripe.com", "7"))
    if labels["__name__"] == "envoy_cluster_membership_total":
        return 200, vector((OWN, "api.stripe.com", "1"), (BANK, "partner.bank.example", "1"))
    return 200, vector((OWN, "api.stripe.com", "40"))


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A list whose fleet works, with the kubectl that says so."""
    (tmp_path / "hosts.yaml").write_text(LIST)
    (tmp_path / "helm").symlink_to(tool("helm4"))
    saved(tmp_path, **recorded(well(LIST)))
    monkeypatch.setenv("PATH", f"{tmp_path}{os.pathsep}{os.environ['PATH']}")
    monkeypatch.setenv("http_proxy", "http://127.0.0.1:9")
    monkeypatch.delenv("EGRESSC_PROMETHEUS_TOKEN", raising=False)
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_status_says_of_each_host_whether_it_is_ready_or_why_not(
    folder: Path, capfd: pytest.CaptureFixture[str]
) -> None:
    memory = well(LIST)
    saved(folder, **recorded(memory))
    assert main(["status", "hosts.yaml"]) == 0
    assert capfd.readouterr().out.splitlines() == [
        "HOST                  STATE  PODS  GATEWAY                      REASON",
        "api.stripe.com        Ready  1/1   egress/api-stripe-com",
        "partner.bank.example  Ready  1/1   egress/partner-bank-example",
    ]
    memory = well(LIST)
    del memory.objects["Secret", "egress", "partner-bank"]
    memory.objects["Pod", "egress", "partner-bank-example-1"]["status"]["conditions"] = []
    saved(folder, **recorded(memory))
    assert main(["status", "hosts.yaml", "--json", "--wait=0"]) == 1
    _, partner = json.loads(capfd.readouterr().out)["hosts"]
    assert (partner["state"], partner["ready"], partner["pods"]) == ("NotReady", 0, 1)
    assert partner["reason"].startswith("EG449: Secret egress/partner-bank is missing")


@pytest.mark.usefixtures("folder")
def test_status_counts_calls_and_errors(capfd: pytest.CaptureFixture[str]) -> None:
    with serving(counted) as there:
        assert main(["status", "hosts.yaml", "--prometheus", f"{there.address}/prefix/"]) == 0
        assert capfd.readouterr().out.splitlines() == [
            "HOST                  STATE  PODS  CALLS/10M  ERRORS  GATEWAY                      REASON",
            "api.stripe.com        Ready  1/1   1,204      3       egress/api-stripe-com",
            "partner.bank.example  Ready  1/1   0          0       egress/partner-bank-example",
        ]
        assert {*there.asked} == {"/prefix/api/v1/query"}
        assert {*there.headers} == {None}
        assert main(["status", "hosts.yaml", "--prometheus", there.address, "--json"]) == 0
    said = json.loads(capfd.readouterr().out)
    assert (said["minutes"], said["problem"]) == (10, None)
    assert [(one["calls"], one["errors"]) for one in said["hosts"]] == [(1204, 3), (0, 0)]


@pytest.mark.usefixtures("folder")
def test_connections_count_where_there_are_no_requests(folder: Path, capfd: pytest.CaptureFixture[str]) -> None:
    text = """\
version: 1
defaults: {clients: [shop]}
gateways: [{name: team}]
hosts: [{host: raw.example.com, gateway: team, speaks: [http, https]}, {host: direct.example.com, at: sidecar}]
"""
    (folder / "hosts.yaml").write_text(text)
    numbers = {"rq": "5", "cx_total": "90", "cx_connect_fail": "2"}

    def says(question: str) -> tuple[int, str]:
        name = next(value for label, _, value in selectors(question)[0].matchers if label == "__name__")
        number = numbers.get(name.removeprefix("envoy_cluster_upstream_"), "1")
        one = {"namespace": "egress", "egressc_io_gateway": "team"}
        result = [
            {"metric": one | {"cluster_name": f"outbound|{port}|carried|raw.example.com"}, "value": [1, number]}
            for port in (80, 443)
        ]
        return 200, json.dumps({"status": "success", "data": {"resultType": "vector", "result": result}})

    with serving(says) as there:
        main(["status", "hosts.yaml", "--prometheus", there.address, "--json"])
    direct, raw = json.loads(capfd.readouterr().out)["hosts"]
    assert (raw["calls"], raw["errors"]) == (5 + 90, 5 + 2)
    assert (direct["calls"], direct["errors"]) == (None, None)


BAD: dict[str, tuple[int, str, str, str]] = {
    "a token is wanted": (401, "Unauthorized", "EG470", "answers 401"),
    "the token may not": (403, "", "EG470", "answers 403"),
    "a login": (302, "", "EG470", "answers 302"),
    "an error": (500, "oh", "EG471", "answers 500, and not as a Prometheus does"),
    "a question that it refuses": (
        422,
        '{"status": "error", "errorType": "execution", "error": "too many\\u001b[2J samples"}',
        "EG471",
        "refuses the question: too many",
    ),
    "a page": (200, "<html>", "EG471", "answers 200, and not as a Prometheus does"),
    "another form": (
        200,
        '{"status": "success", "data": {"resultType": "scalar", "result": [1, "2"]}}',
        "EG471",
        "200",
    ),
    "no number": (200, vector((OWN, "api.stripe.com", "many")), "EG471", "200"),
    "no object": (200, "[]", "EG471", "200"),
    "deep": (200, "[" * 100_000, "EG471", "200"),
    "not a list": (200, '{"status": "success", "data": {"resultType": "vector", "result": 7}}', "EG471", "200"),
    "nothing": (200, "", "EG471", "200"),
    "no gateway of the list": (200, vector(("another", "api.stripe.com", "7")), "EG472", "has no series"),
}


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize("name", BAD)
def test_a_prometheus_without_an_answer_is_a_finding(name: str, capfd: pytest.CaptureFixture[str]) -> None:
    status, body, code, words = BAD[name]
    with serving(lambda _: (status, body)) as there:
        assert main(["status", "hosts.yaml", "--prometheus", there.address]) == 3
        out = capfd.readouterr().out
        assert "\x1b" not in out
        lines = out.splitlines()
        assert lines[1].split() == ["api.stripe.com", "Ready", "1/1", "-", "-", "egress/api-stripe-com"]
        assert f"hosts.yaml:4:3: warning {code}: Prometheus " in lines[3]
        assert words in lines[3]
        assert main(["status", "hosts.yaml", "--prometheus", there.address, "--json"]) == 3
        assert json.loads(capfd.readouterr().out)["problem"]["code"] == code
        assert "/elsewhere" not in there.asked


def test_the_token_goes_to_prometheus_and_nowhere_else(
    folder: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    (folder / "token").write_text(f"{HUSH}\n")
    echo = json.dumps({"status": "error", "error": f"who is {HUSH}?"})
    with serving(lambda _: (400, echo)) as there:
        assert main(["status", "hosts.yaml", "--prometheus", there.address, "--prometheus-token", "token"]) == 3
        monkeypatch.setenv("EGRESSC_PROMETHEUS_TOKEN", HUSH)
        assert main(["status", "hosts.yaml", "--prometheus", there.address]) == 3
        assert there.headers == [f"Bearer {HUSH}"] * 2
        there.says = lambda _: (307, "")
        assert main(["status", "hosts.yaml", "--prometheus", there.address]) == 3
        assert there.asked == ["/api/v1/query"] * 3, "no redirection is followed"
    for address in ("http://prometheus.example.com", "http://192.0.2.1:9090"):
        with pytest.raises(SystemExit, match="2"):
            main(["status", "hosts.yaml", "--prometheus", address])
    monkeypatch.setenv("EGRESSC_PROMETHEUS_TOKEN", f"{HUSH}\nHost: evil")
    with pytest.raises(SystemExit, match="2"):
        main(["status", "hosts.yaml", "--prometheus", "https://prometheus.example.com"])
    out, errors = capfd.readouterr()
    assert HUSH not in out + errors
    assert "a token is not sent in clear" in errors
    assert "letters that no header takes" in errors


@pytest.mark.usefixtures("folder")
def test_tls_is_verified(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    authority = trustme.CA()
    with serving(counted, authority) as there:
        assert main(["status", "hosts.yaml", "--prometheus", there.address]) == 3
        assert "its certificate does not verify" in capfd.readouterr().out
        authority.cert_pem.write_to_path(str(tmp_path / "ca.pem"))
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "ca.pem"))
        assert main(["status", "hosts.yaml", "--prometheus", there.address]) == 0
        assert "1,204" in capfd.readouterr().out
        assert main(["status", "hosts.yaml", "--prometheus", there.address.replace("https", "http")]) == 3
        assert "EG469" in capfd.readouterr().out
    with serving(counted) as there:
        assert main(["status", "hosts.yaml", "--prometheus", there.address.replace("http", "https")]) == 3
        assert "it does not speak TLS on this port" in capfd.readouterr().out


@pytest.mark.usefixtures("folder")
def test_nobody_answers(monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    assert main(["status", "hosts.yaml", "--prometheus", "http://127.0.0.1:9"]) == 3
    assert "EG469: Prometheus does not answer: connection refused" in capfd.readouterr().out
    assert main(["status", "hosts.yaml", "--prometheus", "http://prometheus.invalid"]) == 3
    assert "its name is not resolved" in capfd.readouterr().out
    monkeypatch.setattr(prometheus, "MAX_ANSWER", 100)
    monkeypatch.setattr("egressc.doctor.calls.MAX_ANSWER", 100)
    with serving(lambda _: (200, " " * 10_000)) as there:
        assert main(["status", "hosts.yaml", "--prometheus", there.address]) == 3
        assert "answers more than 100 bytes" in capfd.readouterr().out


@pytest.mark.usefixtures("folder")
@pytest.mark.parametrize(
    "arguments",
    [
        ["--prometheus", "file:///etc/passwd"],
        ["--prometheus", "prometheus:9090"],
        ["--prometheus", "https://user:hush-4711@prometheus.example.com"],
        ["--prometheus", "https://prometheus.example.com/?token=hush-4711"],
        ["--prometheus", "http://localhost:99999"],
        ["--prometheus", "http://[::1"],
        ["--prometheus", "http://[1.2]/"],
        ["--prometheus", "http://local host"],
        ["--prometheus", ""],
        ["--prometheus-token", "token"],
        ["--prometheus", "https://prometheus.example.com", "--prometheus-token", "no-such-file"],
    ],
)
def test_misuse(arguments: list[str], capfd: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["status", "hosts.yaml", *arguments])
    assert "hush-4711" not in capfd.readouterr().err
