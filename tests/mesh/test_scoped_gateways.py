"""istiod with PILOT_SCOPE_GATEWAY_TO_NAMESPACE: another team's Gateway takes no gateway pod."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns, istio
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import GatewayPod, credentials, gateways
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.proof import REFUSED, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

pytestmark = pytest.mark.alone("it changes istiod's settings, which are those of all namespaces")

TEAM, GATEWAYS, APPS, OUTSIDE = (f"scoped-{name}" for name in ("team", "gateways", "apps", "outside"))
HOST = "host.scoped.example.com"
NAME = "host-scoped-example-com"
#: A door of the team's own on the gateway's pods.
DOOR = 9444
LIST = f"""
version: 1
defaults: {{namespace: {GATEWAYS}, clients: [{APPS}], tls: {{secret: own-ca}}}}
hosts:
- {HOST}
"""


@dataclass
class Fleet:
    """A client of the host, its gateway's pod, the upstream and the team's server."""

    upstream: Upstream
    thief: Upstream
    app: Client
    plain: Client
    gateway: GatewayPod


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    upstream, thief = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream", "thief"])
    for server in (upstream, thief):
        server.certify({HOST: authority.issue(HOST)})
        server.serve(Face(443, tls="simple"), Face(80))
    upstream.be_known_as(HOST)
    for one in (TEAM, GATEWAYS, APPS):
        namespace(one, "injected")
    apply(*credentials(GATEWAYS, authority))
    release = Release(GATEWAYS)
    release.apply(LIST)
    ((app,), (plain,)) = (
        start_clients(APPS, ClientPod("app")),
        start_clients(OUTSIDE, ClientPod("plain", sidecar=False)),
    )
    yield Fleet(upstream, thief, app, plain, gateways(GATEWAYS)[NAME])
    istio.configure({})
    release.uninstall()
    dns.set_names({HOST: []})


def test_no_other_namespace_s_gateway(fleet: Fleet, proof: Proof) -> None:
    """Without the setting the team's door opens; with it there is none, also at the gateway's own port."""
    apply(*taking(fleet))
    door = f"http://{fleet.gateway.addresses[0]}:{DOOR}/"
    wait_until(lambda: fleet.plain.curl(door, seconds=3).code != 7, "the team's door is open", seconds=60)
    istio.configure({"env": {"PILOT_SCOPE_GATEWAY_TO_NAMESPACE": "true"}})
    wait_until(lambda: fleet.plain.curl(door, seconds=3).code == 7, "nobody listens there", seconds=60)
    wait_until(lambda: fleet.app.curl(f"http://{HOST}/a", seconds=3).status == 200, "the fleet serves on", seconds=60)
    fleet.upstream.forget()
    fleet.thief.forget()
    answers = [fleet.app.curl(f"http://{HOST}/scoped", "--header", "Connection: close") for _ in range(6)]
    assert [answer.status for answer in answers] == [200] * 6
    assert not fleet.thief.seen()
    kubectl("delete", "gateway.networking.istio.io,virtualservice,serviceentry", "--namespace", TEAM, "--all")
    claim = "istiod with PILOT_SCOPE_GATEWAY_TO_NAMESPACE: another team's Gateway for the gateway's pods, on two ports"
    proof.row(REFUSED, claim, f"app: `GET http://{HOST}/scoped`", "all of it", "200; the team's server saw nothing")


def taking(fleet: Fleet) -> list[Manifest]:
    """What the team writes in its own namespace: a door in clear, the host's own port, and a server for both."""
    servers = [
        {"port": {"number": DOOR, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]},
        {
            "port": {"number": 8080, "name": "https", "protocol": "HTTPS"},
            "bind": fleet.gateway.addresses[0],
            "hosts": [HOST],
            "tls": {"mode": "ISTIO_MUTUAL"},
        },
    ]
    entry = {
        "hosts": ["thief.scoped.example.com"],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "ports": [{"number": 80, "name": "http", "protocol": "HTTP"}],
        "endpoints": [{"address": fleet.thief.address}],
    }
    route = {"route": [{"destination": {"host": "thief.scoped.example.com"}}]}
    return [
        _object("Gateway", {"selector": {"egressc.io/gateway": NAME}, "servers": servers}),
        _object("ServiceEntry", entry),
        _object("VirtualService", {"hosts": ["*"], "gateways": ["take"], "http": [route], "exportTo": ["*"]}),
    ]


def _object(kind: str, spec: object) -> Manifest:
    metadata = {"name": "take", "namespace": TEAM}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
