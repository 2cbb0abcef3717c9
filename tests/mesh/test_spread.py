"""The pods of a gateway are on different nodes, also where nodes say nothing of zones."""

from collections.abc import Iterator

import pytest

from tests.mesh import second_node
from tests.mesh.conftest import MakeNamespace
from tests.mesh.kubectl import get, kubectl
from tests.mesh.proof import ROUTES, Proof
from tests.mesh.release import Release

GATEWAYS = "spread-gateways"
HOST, NAME = "host.spread.example.com", "host-spread-example-com"
LIST = f"""
version: 1
defaults: {{namespace: {GATEWAYS}, clients: [spread-apps]}}
hosts:
- {{host: {HOST}, readiness: {{mode: gateway}}}}
"""


@pytest.fixture(scope="module", autouse=True)
def two_nodes(namespace: MakeNamespace) -> Iterator[None]:
    with second_node.second_node():
        release = Release(namespace(GATEWAYS, "plain"))
        release.apply(LIST, {"replicas": 2, "tolerations": [second_node.TOLERATION]})
        yield
        release.uninstall()


def test_a_drained_node_leaves_a_pod(proof: Proof) -> None:
    assert "topology.kubernetes.io/zone" not in get("node", second_node.NAME)["metadata"]["labels"]
    (before,) = second_node.pods_there()
    kubectl("drain", second_node.NAME, "--delete-emptydir-data", "--timeout=120s", seconds=150)
    kubectl("rollout", "status", f"deployment/{NAME}", "--namespace", GATEWAYS, "--timeout=120s", seconds=150)
    assert before not in second_node.pods_there()
    found = get("pods", "--namespace", GATEWAYS, f"--selector=egressc.io/gateway={NAME}")["items"]
    assert {pod["spec"]["nodeName"] for pod in found} - {second_node.NAME}
    claim = "the pods of a gateway are on different nodes, also where nodes have no label of a zone"
    proof.row(ROUTES, claim, "a node is drained", "-", "one of two pods leaves it")
