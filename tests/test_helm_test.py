"""Whom `helm test` starts, what it asks and how it takes the answer; tests/mesh has what becomes of it."""

import os
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.chart import CHART, CI_VALUES, Helm
from tests.test_chart import CI
from tests.tools import kubeconform

LIST = {
    "http-80": {"protocol": "HTTP", "port": 80, "gatewayPort": 8080},
    "grpc-9000": {"protocol": "GRPC", "port": 9000, "gatewayPort": 9000},
    "tls-443": {"protocol": "TLS", "port": 443, "gatewayPort": 8443},
}


def asked(helm: Helm, *clients: dict[str, Any], ports: list[str] | None = None, **more: Any) -> dict[str, list[str]]:
    """What the pods ask for one host with these clients, by namespace/account."""
    shown = [{"name": name, "upstreamPort": 1, "rules": {}, **LIST[name]} for name in ports or ["http-80"]]
    gateway = {"host": "api.example.com", "exportTo": ["*"], "clients": list(clients), "ports": shown}
    strict = {"strictPaths": True} if any("paths" in client for client in clients) else {}
    pods = helm.tests({"gateways": {"api": gateway | strict}, **more})
    return {
        f"{pod['metadata']['namespace']}/{pod['spec']['serviceAccountName']}": pod["spec"]["containers"][0]["args"]
        for pod in pods
    }


def client(account: str = "*", **limits: Any) -> dict[str, Any]:
    return {"principal": f"cluster.local/ns/shop/sa/{account}", **limits}


@pytest.mark.parametrize("path", CI, ids=lambda path: path.name)
def test_both_helms_print_the_same_pods(path: Any, helm3: Helm, helm4: Helm) -> None:
    pods = helm4.tests(path)
    assert helm3.tests(path) == pods != []
    assert kubeconform(yaml.safe_dump_all(pods)) == []


def test_one_pod_a_client_asks_all_its_hosts(helm4: Helm) -> None:
    (pod,) = helm4.tests(CI_VALUES / "passthrough-and-tcp-values.yaml")
    assert pod["spec"]["containers"][0]["args"] == [
        "TCP telnet://db.example.com:5432/",
        "TCP telnet://plant.example.com:9000/",
        "TLS https://login.example.com:443/",
        "TLS https://sso.example.com:443/",
    ]


def test_who_asks(helm4: Helm) -> None:
    lines = ["HTTP http://api.example.com:80/"]
    assert asked(helm4, client()) == {"shop/default": lines}
    assert asked(helm4, client("checkout")) == {"shop/checkout": lines}
    assert asked(helm4, {"principal": "*"}) == {"egress/default": lines}
    assert asked(helm4, {"principal": "*"}, test={"namespace": "apps"}) == {"apps/default": lines}


def test_the_first_client_that_may_without_harm(helm4: Helm) -> None:
    assert asked(helm4, client("a", methods=["POST"]), client("b")) == {"shop/b": ["HTTP http://api.example.com:80/"]}
    ports = ["http-80", "tls-443", "grpc-9000"]
    assert asked(
        helm4, client("a", ports=[8443]), client("b", methods=["GET", "POST"], ports=[8080, 9000]), ports=ports
    ) == {
        "shop/a": ["TLS https://api.example.com:443/"],
        "shop/b": [
            "GRPC http://api.example.com:9000/grpc.health.v1.Health/Check",
            "HTTP http://api.example.com:80/",
        ],
    }


@pytest.mark.parametrize(("path", "url"), [("/v1/*", "/v1/"), ("*/status", "/status"), ("/a", "/a")])
def test_a_path_that_it_may_ask(helm4: Helm, path: str, url: str) -> None:
    assert asked(helm4, client(paths=[path])) == {"shop/default": [f"HTTP http://api.example.com:80{url}"]}


def test_a_pod_with_an_application_s_labels_is_never_behind_its_service(helm4: Helm) -> None:
    pods = helm4.tests(CI_VALUES / "clients-values.yaml")
    (orders,) = [pod for pod in pods if pod["metadata"]["namespace"] == "orders"]
    assert orders["metadata"]["labels"] == {"app": "orders", "sidecar.istio.io/inject": "true"}
    assert orders["spec"]["containers"][0]["readinessProbe"] == {"exec": {"command": ["false"]}}


def test_nobody_to_ask(helm4: Helm) -> None:
    assert helm4.tests({}) == []
    assert asked(helm4, client(methods=["POST"])) == {}


#: What curl prints, and why it is no answer; nothing where it is one.
UNRESOLVED = "curl: Could not resolve host: api.example.com"
ANSWERS = [
    ("HTTP http://api.example.com:80/", "HTTP/1.1 404 Not Found", ""),
    ("HTTP http://api.example.com:80/", "HTTP/1.1 200 OK\n\ncurl: end of response with 7 bytes missing", ""),
    ("HTTP http://api.example.com:80/", "", " "),
    ("HTTP http://api.example.com:80/", UNRESOLVED, UNRESOLVED),
    ("HTTP http://api.example.com:80/", "HTTP/1.1 503 Service Unavailable\n", "HTTP/1.1 503 Service Unavailable"),
    ("GRPC http://api.example.com:80/a", "HTTP/2 200\ngrpc-status: 14", "HTTP/2 200"),
    ("HTTP http://api.example.com:80/", "HTTP/1.1 403 Forbidden\n\nRBAC: access denied", "HTTP/1.1 403 Forbidden"),
    ("TLS https://api.example.com:443/", "0.010000 s", ""),
    ("TLS https://api.example.com:443/", "0.010000 s Empty reply from server", ""),
    ("TLS https://api.example.com:443/", "0.000000 s Could not resolve host", "0.000000 s Could not resolve host"),
]


@pytest.mark.parametrize(("asked_for", "printed", "why"), ANSWERS)
def test_what_counts_as_an_answer(tmp_path: Path, asked_for: str, printed: str, why: str) -> None:
    (tmp_path / "curl").write_text('#!/bin/sh\nprintf %s "$PRINTED"\n')
    (tmp_path / "sleep").write_text("#!/bin/sh\n")
    for program in ("curl", "sleep"):
        (tmp_path / program).chmod(0o755)
    environment = os.environ | {"PATH": f"{tmp_path}:{os.environ['PATH']}", "PRINTED": printed}
    command = ["sh", str(CHART / "files" / "ask.sh"), asked_for]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    url = asked_for.partition(" ")[2]
    told = f"does not answer: {url}: {why.strip()}\n" if why else f"answers: {url}\n"
    assert (done.returncode, done.stdout) == (1 if why else 0, told)
