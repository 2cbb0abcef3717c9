"""Nothing that a pod sends leaves the machine. The outside is a network namespace of the test, an interface away."""

import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.commands import run
from tests.mesh.conftest import MakeNamespace
from tests.mesh.kubectl import apply
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.waiting import wait_until

HERE, THERE = "198.51.100.1", "198.51.100.2"


@pytest.fixture(scope="module")
def outside(mesh: None) -> Iterator[str]:  # noqa: ARG001  for whoever is on the mesh
    """The URL of a web server beyond an interface of this machine, which is a router to it."""
    server = [sys.executable, "-m", "http.server", "8000", "--directory", "/proc/self/net"]
    process = subprocess.Popen(["unshare", "--net", *server], stderr=subprocess.DEVNULL)
    there = ("nsenter", f"--target={process.pid}", "--net")
    wait_until(lambda: own_network(process.pid), "a network of its own", seconds=60)
    wait_until(lambda: "LISTEN" in run(*there, "ss", "-ltnH"), "the server", seconds=60)
    run("ip", "link", "add", "egressc1", "type", "veth", "peer", "name", "eth0", "netns", str(process.pid))
    run("ip", "address", "add", f"{HERE}/24", "dev", "egressc1")
    run("ip", "link", "set", "egressc1", "up")
    run(*there, "ip", "address", "add", f"{THERE}/24", "dev", "eth0")
    run(*there, "ip", "link", "set", "eth0", "up")
    run(*there, "ip", "route", "add", "default", "via", HERE)
    yield f"http://{THERE}:8000/"
    process.kill()
    process.wait()
    run("ip", "link", "delete", "egressc1", check=False)  # it goes with the server's network, sooner or later


def own_network(pid: int) -> bool:
    """Whether a process has left this one's network."""
    return Path(f"/proc/{pid}/ns/net").readlink() != Path("/proc/self/ns/net").readlink()


@pytest.fixture(scope="module")
def client(namespace: MakeNamespace) -> Client:
    """A client whose requests no sidecar sees."""
    return start_clients(namespace("isolation", "outside"), ClientPod("client", sidecar=False))[0]


def dropped() -> int:
    """Packets that the isolation of the pods' network has dropped."""
    listed = run("iptables", "-w", "-t", "mangle", "-L", "FORWARD", "-n", "-v", "-x").splitlines()
    return sum(int(line.split()[0]) for line in listed if " DROP " in line)


def test_machine_reaches_the_outside(outside: str) -> None:
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    with direct.open(outside, timeout=5) as answer:
        assert answer.status == 200


def test_pod_does_not(outside: str, client: Client, proof: Proof) -> None:
    before = dropped()
    assert client.curl(outside, seconds=2).code == 28
    assert dropped() > before
    claim = "nothing that a pod sends leaves the machine, though the machine itself reaches the place"
    proof.row(FAULTS, claim, "`GET` to an address beyond another interface", "nothing", "no answer")


@pytest.mark.usefixtures("outside")
def test_pod_does_not_by_a_service(client: Client, proof: Proof) -> None:
    service = {"name": "outside", "namespace": client.namespace}
    port = {"name": "http", "port": 8000, "protocol": "TCP"}
    apply(
        {"apiVersion": "v1", "kind": "Service", "metadata": service, "spec": {"ports": [port]}},
        {
            "apiVersion": "discovery.k8s.io/v1",
            "kind": "EndpointSlice",
            "metadata": {**service, "labels": {"kubernetes.io/service-name": "outside"}},
            "addressType": "IPv4",
            "ports": [port],
            "endpoints": [{"addresses": [THERE]}],
        },
    )
    before = dropped()

    def arrived() -> bool:  # kube-proxy knows the Service only after a moment
        return client.curl("http://outside:8000/", seconds=1).status != 0 or dropped() > before

    wait_until(arrived, "a packet for the Service's endpoint", seconds=60)
    assert client.curl("http://outside:8000/", seconds=2).code == 28
    proof.row(FAULTS, "nor by a Service with such an endpoint", "`GET` to the Service", "nothing", "no answer")
