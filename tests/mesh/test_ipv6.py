"""Gateways of clusters with IPv6: pods that have no other address, and a kubelet that asks at it."""

import json
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from egressc.names import gateway_name
from tests.mesh import settings
from tests.mesh.attacker import take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, wait_ready
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import READINESS, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, HOST = "ipv6-gateways", "ipv6-apps", "api.ipv6.example.com"
GATEWAY = gateway_name(HOST)
#: Waits in the pod until somebody has taken its IPv4 address.
WAITING = ["sh", "-c", 'while [ "$(wc -l < /proc/net/route)" -gt 1 ]; do sleep 0.2; done']


@dataclass(frozen=True)
class Fleet:
    """The list of cases/ipv6.yaml, whose upstream is found by IPv6; two clients, and one outside of the mesh."""

    release: Release
    hosts: str
    allowed: Client
    other: Client
    outside: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("ipv6-upstreams", "outside"), ["upstream"])
    upstream.certify({HOST: authority.issue(HOST)})
    upstream.serve(Face(443, tls="simple"))
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    pods = ClientPod("allowed", account="allowed"), ClientPod("other"), ClientPod("outside", sidecar=False)
    clients = start_clients(namespace(APPS, "injected"), *pods)
    release, hosts = Release(GATEWAYS), case("ipv6", address_v6=upstream.address_v6)
    yield Fleet(release, hosts, *clients)
    release.uninstall()


def test_the_readiness_port_answers_at_both_addresses(fleet: Fleet, proof: Proof) -> None:
    fleet.release.apply(fleet.hosts, {"readinessAddress": "::"})
    wait_ready(GATEWAYS, [HOST])  # the kubelet asks by IPv4 here
    first, second = gateways(GATEWAYS)[GATEWAY].addresses
    assert [ready(fleet, address) for address in (first, f"[{second}]")] == [200, 200]
    claim = '`readinessAddress: "::"` of the chart, asked by IPv4 and by IPv6'
    proof.row(READINESS, claim, "`GET /ready` on port 15099", "checks", "200; 200")


def test_pods_with_no_other_address_are_ready_and_let_in_who_may_call(fleet: Fleet, proof: Proof) -> None:
    fleet.release.apply(fleet.hosts, {"listenAddress": "::"}, wait=False)
    take_ipv4_away()
    _, address = gateways(GATEWAYS)[GATEWAY].addresses
    wait_until(lambda: ready(fleet, f"[{address}]") == 200, "the pod is Ready at its IPv6 address", seconds=90)
    allowed, other = (take_over(who).http(address, 8080, HOST, "GET /a") for who in (fleet.allowed, fleet.other))
    assert (allowed.status, other.status) == (200, 403)
    claim = '`listenAddress: "::"` of the chart, in a pod that has no IPv4 address'
    proof.row(READINESS, claim, "`GET /ready` on port 15099", "checks", "200")
    proof.row(READINESS, f"{claim}: a client", f"`GET http://{HOST}/a`", "1 request", got(allowed))
    proof.row(READINESS, f"{claim}: who is none", f"`GET http://{HOST}/a`", "nothing", got(other))


def ready(fleet: Fleet, address: str) -> int:
    """What the kubelet would get there."""
    return fleet.outside.curl(f"http://{address}:15099/ready").status


def take_ipv4_away() -> None:
    """Start the gateway's pod anew, and take its IPv4 address before Istio's agent asks which it has.

    The agent reads all addresses of the pod by itself where INSTANCE_IP is no single one. It finds istiod by IPv6.
    """
    (istiod,) = get("pods", "--namespace", "istio-system", "--selector=app=istiod")["items"]
    hidden = {"allowPrivilegeEscalation": False, "capabilities": {"drop": ["ALL"]}, "runAsUser": 1337}
    waits = {"name": "wait", "image": settings.image("peer"), "imagePullPolicy": "Never", "command": WAITING}
    field = {"name": "INSTANCE_IP", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}}
    pod = {
        "hostAliases": [{"ip": istiod["status"]["podIPs"][1]["ip"], "hostnames": ["istiod.istio-system.svc"]}],
        "initContainers": [waits | {"securityContext": hidden}],
        "containers": [{"name": "istio-proxy", "env": [field]}],
    }
    change = {"spec": {"strategy": {"type": "Recreate", "rollingUpdate": None}, "template": {"spec": pod}}}
    kubectl("patch", "deployment", GATEWAY, "--namespace", GATEWAYS, f"--patch={json.dumps(change)}")

    def process() -> str | None:
        pods = get("pods", "--namespace", GATEWAYS, f"--selector=egressc.io/gateway={GATEWAY}")["items"]
        waiting = [one for one in pods if "initContainers" in one["spec"] and one["status"].get("podIPs")]
        return next((found for one in waiting if (found := _process(one["metadata"]["uid"]))), None)

    wait_until(lambda: process() is not None, "the pod waits", seconds=90)
    inside = ["nsenter", f"--target={process()}", "--net", "ip", "-4", "address", "flush", "dev", "eth0"]
    subprocess.run(inside, check=True)


def _process(uid: str) -> str | None:
    """Any process of the pod."""
    for group in Path("/proc").glob("[0-9]*/cgroup"):
        try:
            text = group.read_text()
        except OSError:  # it has ended
            continue
        if uid in text or uid.replace("-", "_") in text:
            return group.parent.name
    return None
