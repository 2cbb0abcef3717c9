"""While istiod is away, gateways go on with what they have, and `egressc doctor` says what is wrong."""

import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mesh import dns, istio
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import wait_answers
from tests.mesh.kubectl import environment, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until
from tests.tools import tool

GATEWAYS, APPS, HOST = "away-gateways", "away-apps", "api.away.example.com"
AWAY = "Deployment istio-system/istiod has no pod that is Ready"
LIST = f"""
version: 1
hosts:
- host: {HOST}
  namespace: {GATEWAYS}
  clients: [{APPS}]
  tls: {{mode: none, unverified: An upstream of the test.}}
"""

pytestmark = pytest.mark.alone("it stops istiod")


@dataclass(frozen=True)
class Fleet:
    """One host, its client, and the list as a file."""

    shop: Client
    list: Path

    def told(self) -> dict[str, str]:
        """What the doctor says of Istio, by code."""
        command = [sys.executable, "-m", "egressc", "doctor", "--json", "--wait=0", f"--kubectl={tool('kubectl')}"]
        done = ask([*command, "--namespace", GATEWAYS, str(self.list)], environment=environment())
        return {one["code"]: one["message"] for one in json.loads(done.stdout)["problems"]}


@pytest.fixture
def fleet(namespace: MakeNamespace, tmp_path: Path) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("away-upstreams", "outside"), ["upstream"])
    upstream.serve(Face(80))
    upstream.be_known_as(HOST)
    namespace(GATEWAYS, "plain", RESTRICTED)
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    hosts = tmp_path / "hosts.yaml"
    hosts.write_text(LIST)
    release = Release(GATEWAYS)
    release.apply(LIST)
    wait_answers([(shop, f"http://{HOST}/")])
    yield Fleet(shop, hosts)
    _scale(1)
    release.uninstall()
    dns.set_names({HOST: []})


def test_istiod_is_away(fleet: Fleet, proof: Proof) -> None:
    assert "EG440" not in fleet.told()
    _scale(0)
    assert AWAY in fleet.told()["EG440"]
    assert fleet.shop.curl(f"http://{HOST}/").status == 200
    _scale(1)
    assert "EG440" not in fleet.told()
    proof.row(FAULTS, "`egressc doctor` finds the cause: istiod is away", "`egressc doctor`", "", f"EG440: {AWAY}")


def _scale(pods: int) -> None:
    kubectl("scale", "deployment/istiod", "--namespace", istio.NAMESPACE, f"--replicas={pods}")

    def scaled() -> bool:
        found = get("deployment", "istiod", "--namespace", istio.NAMESPACE)["status"]
        return bool(found.get("readyReplicas", 0) == found.get("replicas", 0) == pods)

    wait_until(scaled, f"istiod has {pods} pods", seconds=90)
