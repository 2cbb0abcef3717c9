"""The readiness port at an IPv6 address too, as the kubelet asks where the first address of pods is one."""

from collections.abc import Iterator

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import credentials, gateways, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import READINESS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams

GATEWAYS, HOST = "address-gateways", "api.address.example.com"
LIST = f"""\
version: 1
defaults: {{namespace: {GATEWAYS}, clients: [address-apps], tls: {{secret: own-ca}}}}
hosts: [{HOST}]
"""


@pytest.fixture(scope="module")
def app(namespace: MakeNamespace, authority: Authority) -> Iterator[Client]:
    (upstream,) = start_upstreams(namespace("address-upstreams", "outside"), ["upstream"])
    upstream.certify({HOST: authority.issue(HOST)})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(HOST)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (app,) = start_clients(namespace("address-apps", "plain"), ClientPod("app", sidecar=False))
    release = Release(GATEWAYS)
    release.apply(LIST, {"readinessAddress": "::"})
    yield app
    release.uninstall()
    dns.set_names({HOST: []})


def test_the_readiness_port_answers_at_both_addresses(app: Client, proof: Proof) -> None:
    wait_ready(GATEWAYS, [HOST])  # the kubelet asks by IPv4 here
    (found,) = gateways(GATEWAYS).values()
    first, second = found.addresses[:2]
    assert [app.curl(f"http://{one}:15099/ready").status for one in (first, f"[{second}]")] == [200, 200]
    claim = '`readinessAddress: "::"` of the chart, asked by IPv4 and by IPv6'
    proof.row(READINESS, claim, "`GET /ready` on port 15099", "checks", "200; 200")
