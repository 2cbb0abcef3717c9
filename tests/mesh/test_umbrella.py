"""examples/umbrella: a chart of one's own with ours in it is installed, switched off by its condition, and removed."""

import json
import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tests.mesh import dns
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.fleet import gateways, peer, senders
from tests.mesh.kubectl import environment, get
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import CHART as SECTION
from tests.mesh.proof import Proof, got
from tests.mesh.release import CHART, SMALL, compile_list
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until
from tests.tools import tool

UMBRELLA = Path(__file__).parents[2] / "examples" / "umbrella"
GATEWAYS, APPS, HOST = "umbrella-gateways", "umbrella-apps", "api.umbrella.example.com"
KEY = "egress-gateways"
HOSTS = f"""
version: 1
defaults:
  namespace: {GATEWAYS}
  clients: [{APPS}]
  tls: {{mode: none, unverified: An upstream of the test.}}
hosts: [{HOST}]
"""

Helm = Callable[..., None]


@pytest.fixture
def helm(tmp_path: Path, namespace: MakeNamespace) -> Iterator[Helm]:
    """Helm 4, with the example's chart as `helm dependency update` leaves it, and a list for this test."""
    chart = tmp_path / "chart"
    shutil.copytree(UMBRELLA, chart)
    shutil.copytree(CHART, chart / "charts" / KEY)
    (chart / "egress.yaml").write_text(compile_list(HOSTS, "--key", KEY))
    (tmp_path / "small.json").write_text(json.dumps({KEY: {**SMALL, "autoscaling": {"minReplicas": 1}}}))
    namespace(GATEWAYS, "plain", RESTRICTED)

    def run(*arguments: str) -> None:
        done = ask([str(tool("helm4")), *arguments, "--namespace", GATEWAYS, "--wait"], environment=environment())
        if done.returncode:
            raise MeshError(f"`helm {' '.join(arguments)}` failed: {done.stderr.strip()}")

    def upgrade(*options: str) -> None:
        values = [f"--values={chart}/egress.yaml", f"--values={tmp_path}/small.json"]
        run("upgrade", "--install", "shop", str(chart), *values, *options)

    yield upgrade
    run("uninstall", "shop")


@pytest.fixture
def shop(namespace: MakeNamespace) -> Iterator[Client]:
    (upstream,) = start_upstreams(namespace("umbrella-upstreams", "outside"), ["upstream"])
    upstream.serve(Face(80))
    upstream.be_known_as(HOST)
    yield start_clients(namespace(APPS, "injected"), ClientPod("shop"))[0]
    dns.set_names({HOST: []})


def test_a_chart_of_ones_own_installs_a_fleet_and_switches_it_off(helm: Helm, shop: Client, proof: Proof) -> None:
    helm()
    url = f"http://{HOST}/"
    wait_until(lambda: shop.curl(url).status == 200, "the gateway answers", seconds=60)
    answer = shop.curl(url)
    assert senders(GATEWAYS)[peer(answer.seen)] == "api-umbrella-example-com"
    helm("--set", f"{KEY}.enabled=false")
    wait_until(lambda: not gateways(GATEWAYS), "the gateway is gone", seconds=60)
    kinds = "deployments,services,serviceentries,virtualservices,destinationrules,gateways.networking.istio.io"
    left = get(f"{kinds},envoyfilters,authorizationpolicies", "--namespace", GATEWAYS)["items"]
    assert left == []
    # 502 if the sidecar knows another host on this port, else it closes the connection
    wait_until(lambda: shop.curl(url).status in (0, 502), "nobody knows the host", seconds=60)
    claim = "examples/umbrella: ours as a subchart, with its list under a key; its condition removes all of it"
    sent, told = f"`GET {url}`, with and without", f"{got(answer)}; 502 or no answer"
    proof.row(SECTION, claim, sent, "the first, from the gateway", told)
