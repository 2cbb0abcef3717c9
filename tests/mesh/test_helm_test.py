"""`helm test` asks each upstream through its gateway, and fails when the upstream or the gateway does not answer."""

import re
from collections.abc import Iterator
from dataclasses import dataclass, replace

import pytest
import yaml

from egressc.names import gateway_name
from tests.mesh import settings
from tests.mesh.certificates import Authority
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, peer, requests, senders, wait_ready
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import CHART, Proof
from tests.mesh.release import HelmName, Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "e2e-gateways", "e2e-apps"
HOSTS = case("helm-test")
NAMES = [entry if isinstance(entry, str) else entry["host"] for entry in yaml.safe_load(HOSTS)["hosts"]]
READY = "ready.example.com"
ASKED = {
    *(f"http://{name}:80/" for name in NAMES if name.startswith(("api", "http2", "partner", "labelled", "ready"))),
    "http://limited.example.com:80/v1/",
    "http://calls.example.com:80/grpc.health.v1.Health/Check",
    "https://passed.example.com:443/",
    "telnet://cache.example.com:6379/",
}

REFUSE_ALL = {
    "apiVersion": "security.istio.io/v1",
    "kind": "AuthorizationPolicy",
    "metadata": {"name": "refuse-all", "namespace": GATEWAYS},
    "spec": {"action": "DENY", "rules": [{}]},
}


@dataclass(frozen=True)
class Fleet:
    """The list of cases/helm-test.yaml, installed, and the upstream behind all of it."""

    upstream: Upstream
    release: Release
    faces: tuple[Face, ...]

    def test(self, helm: HelmName, pod: str = "") -> tuple[bool, set[str], set[str]]:
        """Whether `helm test` passed, of one pod or of all; the URLs that answered, and those that did not."""
        done = replace(self.release, helm=helm).test(*(["--filter", f"name={pod}"] if pod else []))
        said = done.stdout + done.stderr
        failed = set(re.findall(r"does not answer: ([a-z]+://[^\s\"\\]+): ", said))
        return done.returncode == 0, set(re.findall(r"answers: ([a-z]+://[^\s\"\\]+)", said)), failed

    def pod(self, url: str) -> tuple[str, set[str]]:
        """The pod of `helm test` that asks a URL, and all the URLs that it asks."""
        for pod in yaml.safe_load_all(self.release.get("hooks")):
            urls = {line.partition(" ")[2] for line in pod["spec"]["containers"][0]["args"]}
            if url in urls:
                return pod["metadata"]["name"], urls
        raise AssertionError(f"no pod asks {url}")


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("e2e-upstreams", "outside"), ["upstream"])
    faces = (
        Face(443, tls="simple"),
        Face(8443, tls="mutual", client_ca=authority.certificate),
        Face(5433, "tcp", tls="simple"),
    )
    upstream.certify({name: authority.issue(name) for name in NAMES})
    upstream.serve(*faces)
    upstream.be_known_as(*NAMES)
    account = {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": "shop", "namespace": APPS}}
    namespace(APPS, "injected")
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority), account)
    release = Release(GATEWAYS, helm="helm3")  # Helm 4 tests what Helm 3 has installed
    release.apply(HOSTS, {"test": {"image": settings.image("peer")}})
    yield Fleet(upstream, release, faces)
    upstream.be_unknown()


BOTH = pytest.mark.parametrize("helm", ["helm3", "helm4"])


@BOTH
def test_passes_where_all_upstreams_answer(fleet: Fleet, proof: Proof, helm: HelmName) -> None:
    fleet.upstream.forget()
    assert fleet.test(helm) == (True, ASKED, set())
    names = senders(GATEWAYS)
    sent = {(seen["host"].partition(":")[0], names.get(peer(seen))) for seen in requests(fleet.upstream)}
    assert sent >= {(name, gateway_name(name)) for name in NAMES if not name.startswith(("cache", "passed"))}
    assert kubectl("get", "pods", "--namespace", APPS, "--output=name") == "", "a pod that passed is left"
    claim = f"{helm}: `helm test` asks each host as one of its clients, through its own gateway"
    proof.row(CHART, claim, "HTTP, HTTP/2, gRPC, a TLS handshake, a TCP connection", "all of it", "the test passes")


@BOTH
def test_fails_where_an_upstream_is_dead(fleet: Fleet, proof: Proof, helm: HelmName) -> None:
    pod, urls = fleet.pod("http://api.example.com:80/")
    fleet.upstream.serve()
    wait_ready(GATEWAYS, [name for name in NAMES if name != READY], ready=False)
    # Helm ends with the first pod that fails: this one asks by every protocol
    assert fleet.test(helm, pod) == (False, set(), urls)
    fleet.upstream.serve(*fleet.faces)
    wait_ready(GATEWAYS, NAMES)
    claim = f"{helm}: `helm test` fails where an upstream is dead, also behind a gateway that is Ready"
    proof.row(CHART, claim, "the same, one pod's", "nothing", "the test fails and names each URL")


@BOTH
def test_fails_where_the_gateway_refuses(fleet: Fleet, proof: Proof, helm: HelmName) -> None:
    pod, urls = fleet.pod("http://labelled.example.com:80/")
    apply(REFUSE_ALL)
    wait_until(lambda: fleet.test(helm, pod) == (False, set(), urls), "the test fails", seconds=60)
    kubectl("delete", "authorizationpolicy", "refuse-all", "--namespace", GATEWAYS)
    claim = f"{helm}: `helm test` fails where the gateway refuses its client"
    proof.row(CHART, claim, "`GET http://labelled.example.com/`", "nothing", "the test fails")
