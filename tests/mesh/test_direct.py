"""A client beside its gateway, in one namespace: it does not go to the upstream by itself either, route or not."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import requests, wait_ready
from tests.mesh.kubectl import kubectl
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

NAMESPACE, HOST = "direct-apps", "api.direct.example.com"

#: What a sidecar adds to an answer that is not its own.
ANSWERED = "x-envoy-upstream-service-time"

LIST = f"""
version: 1
hosts:
- host: {HOST}
  namespace: {NAMESPACE}
  clients: [{NAMESPACE}]
  readiness: {{mode: gateway}}
"""


@dataclass(frozen=True)
class Neighbours:
    """The host, installed beside its client; its upstream would take plain HTTP on the TLS port."""

    upstream: Upstream
    shop: Client


@pytest.fixture(scope="module")
def neighbours(namespace: MakeNamespace) -> Iterator[Neighbours]:
    (upstream,) = start_upstreams(namespace("direct-upstreams", "outside"), ["upstream"])
    upstream.serve(Face(443))
    upstream.be_known_as(HOST)
    (shop,) = start_clients(namespace(NAMESPACE, "injected"), ClientPod("shop"))
    release = Release(NAMESPACE)
    release.apply(LIST)
    wait_ready(NAMESPACE, [HOST])
    yield Neighbours(upstream, shop)
    release.uninstall()
    dns.set_names({HOST: []})


def test_a_client_beside_its_gateway_stays_behind_it(neighbours: Neighbours) -> None:
    by_the_gateway = neighbours.shop.curl(f"http://{HOST}/")
    assert (by_the_gateway.status, ANSWERED in by_the_gateway.headers) == (503, True)
    kubectl("delete", "virtualservice", "--namespace", NAMESPACE, gateway_name(HOST))
    wait_until(
        lambda: ANSWERED not in neighbours.shop.curl(f"http://{HOST}/").headers,
        "the sidecar without the route",
        seconds=60,
    )
    assert neighbours.shop.curl(f"http://{HOST}/").status == 503
    assert requests(neighbours.upstream) == []
