"""Whom `helm test` starts, what it asks and how it takes the answer; tests/mesh has what becomes of it."""

import json
import os
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc import emit
from tests.chart import CHART, CI_VALUES, Helm
from tests.lists import compile_text
from tests.test_chart import CI
from tests.tools import kubeconform

HTTP, GRPC, TLS = {"port": 80}, {"port": 9000, "protocol": "GRPC"}, {"port": 443, "protocol": "TLS"}


def asked(helm: Helm, *clients: dict[str, Any], ports: Sequence[Any] = (HTTP,), **more: Any) -> dict[str, list[str]]:
    """What the pods ask for one host with these clients, by namespace/account."""
    entry = {"host": "api.example.com", "clients": list(clients), "ports": list(ports)}
    plan = compile_text(json.dumps({"version": 1, "hosts": [entry]})).plan
    assert plan
    pods = helm.tests(emit.values(plan) | more)
    return {
        f"{pod['metadata']['namespace']}/{pod['spec']['serviceAccountName']}": pod["spec"]["containers"][0]["args"]
        for pod in pods
    }


def client(account: str = "", **limits: Any) -> dict[str, Any]:
    return {"namespace": "shop", **({"serviceAccount": account} if account else {}), **limits}


@pytest.mark.parametrize("path", CI, ids=lambda path: path.name)
def test_both_helms_print_the_same_pods(path: Any, helm3: Helm, helm4: Helm) -> None:
    pods = helm4.tests(path)
    assert helm3.tests(path) == pods != []
    assert kubeconform(yaml.safe_dump_all(pods)) == []


def test_one_pod_a_client_asks_all_its_hosts(helm4: Helm) -> None:
    (pod,) = helm4.tests(CI_VALUES / "passthrough-and-tcp-values.yaml")
    assert pod["spec"]["containers"][0]["args"] == [
        "TCP telnet://db.example.com:6380/",
        "TCP telnet://plant.example.com:9000/",
        "TLS https://login.example.com:443/",
        "TLS https://sso.example.com:443/",
    ]


def test_who_asks(helm4: Helm) -> None:
    lines = ["HTTP http://api.example.com:80/"]
    assert asked(helm4, client()) == {"shop/default": lines}
    assert asked(helm4, client("checkout")) == {"shop/checkout": lines}
    assert asked(helm4, {"wholeMesh": True}) == {"egress/default": lines}
    assert asked(helm4, {"wholeMesh": True}, test={"namespace": "apps"}) == {"apps/default": lines}


def test_the_first_client_that_may_without_harm(helm4: Helm) -> None:
    assert asked(helm4, client("a", methods=["POST"]), client("b")) == {"shop/b": ["HTTP http://api.example.com:80/"]}
    clients = client("a", ports=[443]), client("b", methods=["GET", "POST"], ports=[80, 9000])
    assert asked(helm4, *clients, ports=[HTTP, TLS, GRPC]) == {
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


def test_nobody_knows_a_name_of_a_wildcard() -> None:
    plan = compile_text("version: 1\nhosts: [{host: '*.example.com', clients: [shop]}]").plan
    assert plan
    assert "calls" not in emit.values(plan)


def test_a_pod_says_itself_how_it_is_injected(helm4: Helm) -> None:
    labels = {"app": "orders", "sidecar.istio.io/inject": "false", "istio.io/rev": "old"}
    entry = {"host": "api.example.com", "clients": [{"namespace": "shop", "podLabels": labels}]}
    plan = compile_text(json.dumps({"version": 1, "hosts": [entry]})).plan
    assert plan
    (pod,) = helm4.tests(emit.values(plan) | {"revision": "stable"})
    assert pod["metadata"]["labels"] == {
        "istio.io/rev": "stable",
        "sidecar.istio.io/inject": "true",
        "app": "orders",
    }


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
