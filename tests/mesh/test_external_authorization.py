"""Others decide about each request: an OPA beside the gateway, or an authorizer of the mesh; nobody's answer is no."""

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc.names import gateway_name
from tests.mesh import dns, settings
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, config_map, gateways, requests, secret, started, wait_answers, wait_ready
from tests.mesh.kubectl import Manifest, apply, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import EXTERNAL, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

#: The last is where the mesh's own provider is: istio.AUTHORIZER.
GATEWAYS, APPS, AUTHORIZER = "external-gateways", "external-apps", "external-authorizer"
JUDGED, OPEN, MISSING, KNOWN, NEIGHBOUR = (
    f"{name}.external.example.com" for name in ("judged", "open", "missing", "known", "neighbour")
)

#: The account shop may do everything but ask for /private, and nobody may once OPA sees the gateway's own credential.
POLICY = """
package envoy.authz

default allow := false

allow if {
    input.attributes.source.principal == "spiffe://cluster.local/ns/external-apps/sa/shop"
    not startswith(input.attributes.request.http.path, "/private")
    not input.attributes.request.http.headers.authorization == "Bearer secret"
}

# without requests, a connection
allow if {
    input.attributes.source.principal == "spiffe://cluster.local/ns/external-apps/sa/shop"
    not input.attributes.request.http
}
"""
#: A decision under a path of its own, with more than yes or no.
VERDICT = """
package egress

verdict := {"allowed": true} if startswith(input.attributes.request.http.path, "/a")

# a status that Envoy does not know
verdict := {"allowed": false, "http_status": 451} if startswith(input.attributes.request.http.path, "/odd")

verdict := {"allowed": false, "http_status": 404, "headers": {"x-reason": "private"}} if {
    startswith(input.attributes.request.http.path, "/private")
}
"""


@dataclass(frozen=True)
class Fleet:
    """The list of cases/external-authorization.yaml, installed, with two clients and one without a sidecar."""

    upstream: Upstream
    shop: Client
    other: Client
    outside: Client

    def status(self, client: Client, url: str, *options: str) -> int:
        """The status of a request."""
        return client.curl(f"http://{url}", *options).status

    def asked(self, host: str) -> int:
        """How many requests the upstream has seen for a host."""
        return len(requests(self.upstream, lambda seen: seen.get("host") == host))


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("external-upstreams", "outside"), ["upstream"])
    hosts = case("external-authorization", image=settings.image("opa"))
    names = [entry["host"] for entry in yaml.safe_load(hosts)["hosts"]]
    upstream.certify({name: authority.issue(name) for name in names})
    upstream.serve(Face(443, tls="simple"), Face(5432, "tcp"))
    upstream.be_known_as(*names)
    apply(
        secret(namespace(GATEWAYS, "plain", RESTRICTED), "own-ca", {"ca.crt": authority.certificate}),
        secret(GATEWAYS, "partner", {"token": "secret"}),
        policy(POLICY),
        *authorizer(namespace(AUTHORIZER, "plain")),
    )
    clients = start_clients(
        namespace(APPS, "injected"),
        ClientPod("shop", account="shop"),
        ClientPod("other", account="other"),
        ClientPod("outside", sidecar=False),
    )
    kubectl("wait", "--namespace", AUTHORIZER, "--for=condition=Ready", "--timeout=60s", "pod/opa")
    release = Release(GATEWAYS, helm="helm3")
    release.apply(hosts, wait=False)
    wait_ready(GATEWAYS, [JUDGED, OPEN], seconds=90)
    wait_answers([(clients[0], f"http://{NEIGHBOUR}/")])
    yield Fleet(upstream, *clients)
    release.uninstall()
    dns.set_names({name: [] for name in names})


def policy(envoy: str, name: str = "policy", namespace: str = GATEWAYS) -> Manifest:
    """The ConfigMap with the policy."""
    return config_map(namespace, name, {"envoy.rego": envoy, "egress.rego": VERDICT})


def authorizer(namespace: str) -> list[Manifest]:
    """An OPA with a Service, as a company would run it for its whole mesh."""
    arguments = ["run", "--server", "--ignore=.*", "--addr=:8181", "--set=plugins.envoy_ext_authz_grpc.addr=:9191"]
    container: dict[str, Any] = {
        "name": "opa",
        "image": settings.image("opa"),
        "imagePullPolicy": "Never",
        "args": [*arguments, "--set=plugins.envoy_ext_authz_grpc.path=envoy/authz/allow", "/policy"],
        "readinessProbe": {"httpGet": {"path": "/health?plugins", "port": 8181}, "periodSeconds": 1},
        "volumeMounts": [{"name": "policy", "mountPath": "/policy"}],
    }
    return [
        policy(POLICY, namespace=namespace),
        {
            "apiVersion": "v1",
            "kind": "Pod",
            "metadata": {"name": "opa", "namespace": namespace, "labels": {"app": "opa"}},
            "spec": {
                "terminationGracePeriodSeconds": 0,
                "containers": [container],
                "volumes": [{"name": "policy", "configMap": {"name": "policy"}}],
            },
        },
        {
            "apiVersion": "v1",
            "kind": "Service",
            "metadata": {"name": "opa", "namespace": namespace},
            "spec": {"selector": {"app": "opa"}, "ports": [{"name": "grpc", "port": 9191}]},
        },
    ]


def process(host: str) -> int:
    """The process of the OPA beside a host's gateway, as this machine numbers it."""
    (pod,) = get("pods", "--namespace", GATEWAYS, f"--selector=egressc.io/gateway={gateway_name(host)}")["items"]
    uid = pod["metadata"]["uid"]
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            groups, command = (folder / "cgroup").read_text(), (folder / "cmdline").read_bytes()
        except OSError:  # it has ended meanwhile
            continue
        if command.startswith(b"/opa\0") and (uid in groups or uid.replace("-", "_") in groups):
            return int(folder.name)
    raise AssertionError(f"no OPA runs beside the gateway of {host}")


@contextmanager
def stopped(host: str) -> Iterator[None]:
    """While this lasts, the host's OPA hangs."""
    number = process(host)
    os.kill(number, signal.SIGSTOP)
    try:
        yield
    finally:
        os.kill(number, signal.SIGCONT)


def test_judged(fleet: Fleet, proof: Proof) -> None:
    assert fleet.status(fleet.shop, f"{JUDGED}/a") == 200
    before = fleet.asked(JUDGED)
    assert fleet.status(fleet.shop, f"{JUDGED}/private") == 403
    assert fleet.status(fleet.other, f"{JUDGED}/a") == 403
    pretended = "X-Forwarded-Client-Cert: URI=spiffe://cluster.local/ns/external-apps/sa/shop"
    assert fleet.status(fleet.other, f"{JUDGED}/a", "--header", pretended) == 403
    assert fleet.asked(JUDGED) == before
    proof.row(EXTERNAL, "OPA lets a request through", f"`GET http://{JUDGED}/a`", "1 request", "200")
    sent = f"`GET http://{JUDGED}/private`; `GET http://{JUDGED}/a` as another account"
    proof.row(EXTERNAL, "OPA refuses by path and by identity", sent, "nothing", "403; 403")


def test_the_credential_is_not_shown(fleet: Fleet, proof: Proof) -> None:
    assert fleet.shop.curl(f"http://{JUDGED}/a").seen["headers"]["authorization"] == ["Bearer secret"]
    assert fleet.status(fleet.shop, f"{JUDGED}/a", "--header", "Authorization: Bearer secret") == 403
    claim = "OPA sees what the application sent, and never the gateway's own credential"
    proof.row(
        EXTERNAL,
        claim,
        f"`GET http://{JUDGED}/a`, the same with the credential",
        "1 request with it; nothing",
        "200; 403",
    )


def test_connections(fleet: Fleet, proof: Proof) -> None:
    assert fleet.shop.tcp(f"{JUDGED}:5432").ok
    assert not fleet.other.tcp(f"{JUDGED}:5432").ok
    sent = f"a line to `{JUDGED}:5432`, as either account"
    proof.row(EXTERNAL, "OPA decides about TCP connections too", sent, "1 line", "an answer; no answer")


def test_verdict(fleet: Fleet, proof: Proof) -> None:
    assert fleet.status(fleet.other, f"{OPEN}/a") == 200
    refused = fleet.other.curl(f"http://{OPEN}/private")
    assert (refused.status, refused.headers["x-reason"]) == (404, ["private"])
    claim = "a decision of another name, with a status and headers of its own"
    proof.row(EXTERNAL, claim, f"`GET http://{OPEN}/a`, `GET http://{OPEN}/private`", "1 request; nothing", "200; 404")


def test_readiness_does_not_pass_opa(fleet: Fleet, proof: Proof) -> None:
    pod = gateways(GATEWAYS)[gateway_name(JUDGED)]
    assert pod.ready
    assert fleet.outside.curl(f"http://{pod.addresses[0]}:15099/ready").status == 200
    claim = "the readiness port does not pass OPA, which allows nobody but one account"
    proof.row(EXTERNAL, claim, "`GET /ready` to port 15099, without a sidecar", "nothing", "200")


def test_hanging(fleet: Fleet, proof: Proof) -> None:
    before = fleet.asked(JUDGED)
    with stopped(JUDGED):
        assert fleet.status(fleet.shop, f"{JUDGED}/a") == 503
        assert not fleet.shop.tcp(f"{JUDGED}:5432").ok
        wait_ready(GATEWAYS, [JUDGED], ready=False)
        assert fleet.asked(JUDGED) == before
    wait_ready(GATEWAYS, [JUDGED])
    wait_until(lambda: fleet.status(fleet.shop, f"{JUDGED}/a") == 200, "OPA decides again", seconds=60)
    claim = "OPA hangs: nothing goes through, and the pod is NotReady until it answers again"
    proof.row(EXTERNAL, claim, f"`GET http://{JUDGED}/a`, a line to `{JUDGED}:5432`", "nothing", "503; no answer")


def test_killed(fleet: Fleet, proof: Proof) -> None:
    os.kill(process(JUDGED), signal.SIGKILL)
    statuses: list[int] = []

    def decides() -> bool:
        statuses.append(fleet.status(fleet.shop, f"{JUDGED}/private"))
        return statuses[-1] == 403

    wait_until(decides, "OPA decides again", seconds=60)
    assert set(statuses) <= {403, 503}
    wait_ready(GATEWAYS, [JUDGED])
    claim = "OPA dies: what it would refuse is refused meanwhile, and it starts again"
    proof.row(EXTERNAL, claim, f"`GET http://{JUDGED}/private`", "nothing", "503, then 403")


def test_fail_open(fleet: Fleet, proof: Proof) -> None:
    with stopped(OPEN):
        assert fleet.status(fleet.other, f"{OPEN}/private") == 200
        assert gateways(GATEWAYS)[gateway_name(OPEN)].ready
    wait_until(lambda: fleet.status(fleet.other, f"{OPEN}/private") == 404, "OPA decides again", seconds=60)
    assert fleet.status(fleet.other, f"{OPEN}/odd") == 200
    claim = "an answer that Envoy cannot read counts as none: where the list says failOpen, it goes through"
    proof.row(EXTERNAL, claim, f"`GET http://{OPEN}/odd`, which OPA refuses with 451", "1 request", "200")
    claim = "OPA hangs where the list says failOpen: all goes through, and the pod stays Ready"
    proof.row(EXTERNAL, claim, f"`GET http://{OPEN}/private`", "1 request", "200")


def test_changed(fleet: Fleet, proof: Proof) -> None:
    before = started(GATEWAYS)
    apply(policy(POLICY.replace("/private", "/secret")))
    wait_until(lambda: fleet.status(fleet.shop, f"{JUDGED}/private") == 200, "the new policy", seconds=60)
    apply(policy("package envoy.authz\n\nallow if nonsense"))
    workload = f"deployment/{gateway_name(JUDGED)}"
    wait_until(
        lambda: "nonsense" in kubectl("logs", "--namespace", GATEWAYS, workload, "--container=opa"),
        "OPA's complaint",
        seconds=60,
    )
    assert fleet.status(fleet.shop, f"{JUDGED}/private") == 200
    assert fleet.status(fleet.shop, f"{JUDGED}/secret") == 403
    assert started(GATEWAYS) == before
    claim = "a changed policy is taken without a restart; one that OPA cannot read leaves it in force"
    proof.row(EXTERNAL, claim, f"`GET http://{JUDGED}/private` until it changes", "1 request", "403, then 200")


def test_missing(fleet: Fleet, proof: Proof) -> None:
    assert fleet.status(fleet.shop, f"{MISSING}/a") == 503
    assert fleet.asked(MISSING) == 0
    claim = "without its policy a gateway does not start: nothing goes through"
    proof.row(EXTERNAL, claim, f"`GET http://{MISSING}/a`", "nothing", "503")


def test_provider(fleet: Fleet, proof: Proof) -> None:
    wait_until(lambda: fleet.status(fleet.shop, f"{KNOWN}/a") == 200, "the provider is known", seconds=60)
    assert fleet.status(fleet.shop, f"{KNOWN}/private") == 403
    assert fleet.status(fleet.other, f"{KNOWN}/a") == 403
    assert fleet.status(fleet.other, f"{NEIGHBOUR}/private") == 200
    kubectl("delete", "pod", "--namespace", AUTHORIZER, "opa", "--wait")
    before = fleet.asked(KNOWN)
    assert fleet.status(fleet.shop, f"{KNOWN}/a") == 403
    assert fleet.asked(KNOWN) == before
    assert fleet.status(fleet.shop, f"{NEIGHBOUR}/a") == 200
    sent = f"`GET http://{KNOWN}/a`; `GET http://{KNOWN}/private`; the first as another account"
    proof.row(
        EXTERNAL,
        "a provider of the mesh decides, for its host alone on a shared gateway",
        sent,
        "1 request",
        "200; 403; 403",
    )
    proof.row(EXTERNAL, "the provider is gone: nothing goes through", f"`GET http://{KNOWN}/a`", "nothing", "403")
