"""A mesh whose gateways have the profile EDGE: ours read requests as the list says, and end none."""

import json
import re
from collections.abc import Iterator

import pytest

from tests.mesh import dns, gateway, istio
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import credentials, wait_answers
from tests.mesh.kubectl import apply
from tests.mesh.proof import ROUTES, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams

pytestmark = [
    pytest.mark.alone("it changes istiod's settings, which are those of all namespaces"),
    pytest.mark.since("a profile of the mesh's connections"),
]

GATEWAYS, APPS = "edge-gateways", "edge-apps"
HOST = "host.edge.example.com"
LIST = f"""
version: 1
defaults: {{namespace: {GATEWAYS}, clients: [{APPS}], tls: {{secret: own-ca}}}}
hosts: [{HOST}]
"""


@pytest.fixture(scope="module")
def app(namespace: MakeNamespace, authority: Authority) -> Iterator[Client]:
    istio.configure({"meshConfig": {"defaultConfig": {"connectionSettings": {"profile": "EDGE"}}}})
    (upstream,) = start_upstreams(namespace("edge-outside", "outside"), ["upstream"])
    upstream.certify({HOST: authority.issue(HOST)})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(HOST)
    apply(*credentials(namespace(GATEWAYS, "plain"), authority))
    (app,) = start_clients(namespace(APPS, "injected"), ClientPod("app"))
    release = Release(GATEWAYS)
    release.apply(LIST)
    wait_answers([(app, f"http://{HOST}/")])
    yield app
    istio.configure({})
    release.uninstall()
    dns.set_names({HOST: []})


def test_the_profile_of_the_mesh_changes_no_request(app: Client, proof: Proof) -> None:
    """The profile would answer 400 to the header, and 307 to the path."""
    answer = app.curl(f"http://{HOST}/a%2Fb//c", "--header", "x_key: 1")
    assert (answer.status, answer.seen["target"]) == (200, "/a%2Fb//c"), answer
    assert "x_key" in answer.seen["headers"]
    claim = "a mesh with the profile EDGE for gateways: paths and headers arrive as they are"
    proof.row(ROUTES, claim, f"`GET http://{HOST}/a%2Fb//c`, header `x_key`", saw(answer.seen), got(answer))


def test_the_profile_of_the_mesh_ends_no_request(app: Client) -> None:  # noqa: ARG001  the fleet is there
    """The profile would end requests, and streams without traffic, after 300 s."""
    (pod,) = gateway.pods(GATEWAYS)
    dump = json.dumps(gateway.config_dump(GATEWAYS, pod))
    managers = re.findall(r'"(request_timeout|stream_idle_timeout)": "(\w+)"', dump)
    assert {time for _, time in managers} <= {"0s"}, managers
