"""A name that DNS does not know yet: gateways ask again soon, whoever checks the upstream."""

from collections.abc import Iterator

import pytest

from tests.mesh import dns
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import gateways, wait_ready
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import READINESS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "unknown-gateways", "unknown-apps"
CHECKED, FIRST, UNCHECKED = HOSTS = [f"{name}.unknown.example.com" for name in ("checked", "first", "unchecked")]
#: Less than Istio's own minute.
SOON = 30

LIST = f"""
version: 1
defaults:
  namespace: {GATEWAYS}
  clients: [{APPS}]
  tls: {{mode: none, unverified: An upstream of the test.}}
  dnsRetry: 2s
hosts:
- {CHECKED}
- {{host: {FIRST}, resolution: DNS_ROUND_ROBIN}}
- {{host: {UNCHECKED}, readiness: {{mode: gateway}}}}
"""


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace) -> Iterator[tuple[Upstream, Client]]:
    (upstream,) = start_upstreams(namespace("unknown-upstreams", "outside"), ["upstream"])
    upstream.serve(Face(80))
    dns.set_names({host: [] for host in HOSTS})
    namespace(GATEWAYS, "plain", RESTRICTED)
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    release = Release(GATEWAYS)
    release.apply(LIST, wait=False)
    # this one is Ready when it has asked DNS, in vain
    wait_ready(GATEWAYS, [UNCHECKED], seconds=90)
    wait_until(lambda: len(gateways(GATEWAYS)) == len(HOSTS), "all pods", seconds=90)
    yield upstream, shop
    release.uninstall()
    dns.set_names({host: [] for host in HOSTS})


def test_a_name_comes_to_be(fleet: tuple[Upstream, Client], proof: Proof) -> None:
    upstream, shop = fleet
    wait_ready(GATEWAYS, [CHECKED, FIRST], ready=False)
    wait_until(lambda: _ask(shop, UNCHECKED) == 503, "nothing to lead to", seconds=60)
    upstream.be_known_as(*HOSTS)
    wait_ready(GATEWAYS, [CHECKED, FIRST], seconds=SOON)
    for host in HOSTS:
        wait_until(lambda: _ask(shop, host) == 200, f"{host} answers", seconds=SOON)  # noqa: B023
    claim = "DNS does not know a name at first: `dnsRetry`, and not Istio's minute, says when it is asked again"
    proof.row(READINESS, claim, f"shop: `GET http://{CHECKED}/`", "the request", "503, then 200")


def _ask(shop: Client, host: str) -> int:
    # the application's own question would fail before there is a name
    return shop.curl(f"http://{host}/", "--connect-to", "::192.0.2.1:").status
