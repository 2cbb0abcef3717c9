"""What goes with the gateways: a Sidecar for their clients, mutual TLS for their neighbours, network policies."""

from collections.abc import Iterator
from dataclasses import dataclass, field

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.fleet import case, credentials, wait_answers
from tests.mesh.kubectl import Manifest, apply, get, kubectl
from tests.mesh.proof import COMPANIONS, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, OTHERS, OUTSIDE = (f"companions-{name}" for name in ("gateways", "apps", "others", "outside"))
LISTED, OTHERS_OWN, UNLISTED, VISIBLE, FURTHER = (
    f"{name}.companions.example.com" for name in ("listed", "others", "unlisted", "visible", "further")
)
PORT = 8000


@dataclass
class Fleet:
    """The list of cases/companions.yaml, installed; what callers got before it was is in `before`."""

    upstream: Upstream
    app: Client
    plain: Client
    before: dict[str, int] = field(default_factory=dict)


def service(namespace: str) -> Manifest:
    """A Service in front of the pod `echo`."""
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "echo", "namespace": namespace},
        "spec": {"selector": {"app": "echo"}, "ports": [{"name": "http", "port": PORT}]},
    }


def start_service(namespace: str) -> None:
    """Start a Service of the mesh, its pod with a sidecar."""
    (echo,) = start_upstreams(namespace, ["echo"])
    kubectl("label", "pod", "--namespace", namespace, "echo", "app=echo")
    apply(service(namespace))
    echo.serve(Face(PORT))


def entry(host: str, address: str) -> Manifest:
    """Somebody's ServiceEntry that the whole mesh sees."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "ServiceEntry",
        "metadata": {"name": host, "namespace": OTHERS},
        "spec": {
            "hosts": [host],
            "location": "MESH_EXTERNAL",
            "resolution": "STATIC",
            "ports": [{"name": "http", "number": PORT, "protocol": "HTTP"}],
            "endpoints": [{"address": address}],
        },
    }


def sidecar(name: str) -> Manifest:
    """A client namespace's own Sidecar, which lets everything out."""
    return {
        "apiVersion": "networking.istio.io/v1",
        "kind": "Sidecar",
        "metadata": {"name": name, "namespace": APPS},
        "spec": {"egress": [{"hosts": ["*/*"]}], "outboundTrafficPolicy": {"mode": "ALLOW_ANY"}},
    }


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream"])
    upstream.certify({host: authority.issue(host) for host in (LISTED, OTHERS_OWN)})
    upstream.serve(Face(443, tls="simple"), Face(PORT))
    upstream.be_known_as(LISTED, OTHERS_OWN, UNLISTED, VISIBLE, FURTHER)
    for one in (GATEWAYS, APPS, OTHERS):
        namespace(one, "injected")
        start_service(one)
    apply(*credentials(GATEWAYS, authority), *(entry(host, upstream.address) for host in (VISIBLE, FURTHER)))
    app, plain = (
        *start_clients(APPS, ClientPod("app")),
        *start_clients(OUTSIDE, ClientPod("plain", sidecar=False)),
    )
    fleet = Fleet(upstream, app, plain)
    apply(sidecar("default"))
    wait_until(lambda: asked(fleet, UNLISTED) == 200, "what the namespace's own Sidecar lets out", seconds=60)
    fleet.before = {host: asked(fleet, host) for host in (UNLISTED, VISIBLE, FURTHER)} | {"plain": in_clear(fleet)}
    release = Release(GATEWAYS)
    with pytest.raises(MeshError, match="invalid ownership metadata"):
        release.apply(case("companions"), wait=False)
    kubectl("delete", "sidecar", "--namespace", APPS, "default")
    release.apply(case("companions"))
    wait_answers([(app, f"http://{LISTED}/")])  # its route comes last, so the Sidecar is there, too
    yield fleet
    release.uninstall()
    dns.set_names({name: [] for name in (LISTED, OTHERS_OWN, UNLISTED, VISIBLE, FURTHER)})


def asked(fleet: Fleet, host: str) -> int:
    """What the application in the client namespace gets from a host's port of its own."""
    return fleet.app.curl(f"http://{host}:{PORT}/a", seconds=5).status


def in_clear(fleet: Fleet) -> int:
    """What a pod outside of the mesh gets from the workload beside the gateways."""
    address = get("pod", "--namespace", GATEWAYS, "echo")["status"]["podIP"]
    return fleet.plain.curl(f"http://{address}:{PORT}/a", seconds=5).status


def test_another_s_sidecar_is_not_taken_over(fleet: Fleet, proof: Proof) -> None:
    assert fleet.before == {UNLISTED: 200, VISIBLE: 200, FURTHER: 200, "plain": 200}
    (found,) = get("sidecars.networking.istio.io", "--namespace", APPS)["items"]
    assert found["metadata"]["labels"]["app.kubernetes.io/managed-by"] == "Helm"
    claim = "a namespace's own Sidecar: Helm does not take it over"
    proof.row(COMPANIONS, claim, "`helm upgrade --install`", "nothing", "refused, until it is removed")


@pytest.mark.parametrize(
    ("host", "claim"),
    [
        (UNLISTED, "a Sidecar for the clients: a host that nobody lists, which the namespace reached before"),
        (VISIBLE, "a Sidecar for the clients: somebody's ServiceEntry that the whole mesh sees"),
        (OTHERS_OWN, "a Sidecar for the clients: a host that is listed for others"),
        (f"echo.{OTHERS}", "a Sidecar for the clients: a Service of another namespace"),
    ],
)
def test_shut(fleet: Fleet, proof: Proof, host: str, claim: str) -> None:
    url = f"http://{host}/a" if host == OTHERS_OWN else f"http://{host}:{PORT}/a"
    answer = fleet.app.curl(url, seconds=5)
    assert answer.status in (0, 502)
    proof.row(COMPANIONS, claim, f"app: `GET {url}`", "nothing", "no answer or 502")


@pytest.mark.parametrize(
    ("url", "claim"),
    [
        (f"http://{LISTED}/a", "the same: a listed host"),
        (f"http://{FURTHER}:{PORT}/a", "the same: a further host, by `also`"),
        (f"http://echo:{PORT}/a", "the same: a Service of its own namespace"),
        (f"http://echo.{GATEWAYS}:{PORT}/a", "mutual TLS for the gateways' neighbours: from inside of the mesh"),
    ],
)
def test_open(fleet: Fleet, proof: Proof, url: str, claim: str) -> None:
    answer = fleet.app.curl(url)
    assert answer.status == 200
    proof.row(COMPANIONS, claim, f"app: `GET {url}`", "the request", got(answer))


def test_neighbours(fleet: Fleet, proof: Proof) -> None:
    assert in_clear(fleet) == 0
    claim = "mutual TLS for the gateways' neighbours: in clear, which was answered before"
    proof.row(COMPANIONS, claim, "plain: `GET /a`, without a sidecar", "nothing", "no answer")


def test_network_policies(fleet: Fleet, proof: Proof) -> None:
    """Taken by the API server; nothing enforces them here."""
    found = get("networkpolicies", "--namespace", GATEWAYS)["items"]
    names = {policy["metadata"]["name"] for policy in found}
    assert names == {"all.denied", "all.gateways", "listed-companions-example-com", "others-companions-example-com"}
    assert fleet.app.curl(f"http://{LISTED}/a").status == 200
    claim = "network policies: taken by the API server; nothing enforces them in this mesh"
    proof.row(COMPANIONS, claim, "the printed objects", "nothing", "no error")
