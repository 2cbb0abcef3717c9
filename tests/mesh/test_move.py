"""A host moves from its own gateway to another and back, under load: nothing is lost, and nobody gets in."""

import time
from collections import Counter
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.attacker import Attacker, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import adopted, case, credentials, gateways, peer, requests, senders, wait_answers
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.proof import SHARED, Proof
from tests.mesh.release import Release
from tests.mesh.steady import asked
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until
from tests.ops.held import GRPC, WEBSOCKET, held

GATEWAYS, APPS, OUTSIDE = "move-gateways", "move-apps", "move-upstreams"
API, RAW, STAYS = (f"{name}.move.example.com" for name in ("api", "raw", "stays"))
OWN, PARTNERS, RUNNING = "api-move-example-com", "partners", "running"


def _steps(other: str) -> list[tuple[str, str]]:
    """What a host says on its way to another gateway and back, and the gateway that its calls then take."""
    there, swapped, moved = f"standby: {other}", f"gateway: {other}, standby: own", f"gateway: {other}"
    return [(there, OWN), (swapped, other), (moved, other), (swapped, other), (there, OWN), ("", OWN)]


#: As long as people look at each step before they take the next.
BETWEEN = 12
#: The loads of a client and of a stranger, each with its URL and more options of curl.
LOADS = {
    "get": (f"http://{API}/get",),
    "post": (f"http://{API}/post", "--data", "order=1"),
    "raw": (f"https://{RAW}/", "--insecure"),
}


@dataclass(frozen=True)
class Place:
    """The release, the upstream and two clients, of whom one may call."""

    release: Release
    upstream: Upstream
    shop: Client
    stranger: Client


@pytest.fixture(scope="module")
def place(namespace: MakeNamespace, authority: Authority) -> Iterator[Place]:
    (upstream,) = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream"])
    upstream.certify({host: authority.issue(host) for host in (API, RAW, STAYS)})
    upstream.be_known_as(API, RAW, STAYS)
    upstream.serve(Face(443, tls="simple"))
    apply(*credentials(namespace(GATEWAYS, "plain"), authority), adopted(GATEWAYS, "move-running"))
    shop, stranger = start_clients(
        namespace(APPS, "injected"), ClientPod("shop", account="shop"), ClientPod("stranger", account="stranger")
    )
    kubectl("rollout", "status", "deployment/move-running", "--namespace", GATEWAYS, "--timeout=120s", seconds=150)
    release = Release(GATEWAYS)
    release.apply(_list(""))
    wait_answers([(shop, f"http://{API}/"), (shop, f"http://{STAYS}/")])
    yield Place(release, upstream, shop, stranger)
    release.uninstall()
    dns.set_names({host: [] for host in (API, RAW, STAYS)})


def _list(carried: str) -> str:
    return case("move", carried=f", {carried}" if carried else "")


@pytest.mark.parametrize(("other", "kind"), [(PARTNERS, "a shared gateway"), (RUNNING, "an adopted one")])
def test_no_request_is_lost(place: Place, proof: Proof, other: str, kind: str) -> None:
    with ExitStack() as loads:
        of = {
            (client.name, name): loads.enter_context(asked(client, name, *load))
            for client in (place.shop, place.stranger)
            for name, load in LOADS.items()
        }
        for carried, gateway in _steps(other):
            place.release.apply(_list(carried))
            wait_until(lambda: _taken(place) == gateway, f"calls take {gateway}", seconds=30)  # noqa: B023
            time.sleep(BETWEEN)
    for name in LOADS:
        assert {*of["shop", name]} == {"200"}, (name, of["shop", name])
    for name, refused in (("get", "403"), ("post", "403"), ("raw", "000")):
        assert {*of["stranger", name]} == {refused}, (name, of["stranger", name])
    count = sum((of["shop", name] for name in LOADS), Counter[str]())["200"]
    assert count > 1000
    claim = f"a host moves to {kind} and back, by a standby: no request is lost, and strangers are refused"
    call = "GET, POST and TLS of a client and of a stranger, all the time"
    proof.row(SHARED, claim, call, "all requests of the client", "200 to the client, 403 or nothing to the stranger")


def test_open_connections_stay_where_they_are(place: Place, proof: Proof) -> None:
    place.release.apply(_list(f"standby: {PARTNERS}"))
    with held(place.shop, {WEBSOCKET: f"ws://{API}/", GRPC: f"{API}:81"}, seconds=20) as connections:
        place.release.apply(_list(f"gateway: {PARTNERS}, standby: own"))
        wait_until(lambda: _taken(place) == PARTNERS, "calls take the shared gateway", seconds=15)
    assert (connections.opened, connections.cut) == (100, 0), connections.errors
    claim = "a host's calls are led to its standby: connections that are open stay, on the gateway before"
    proof.row(SHARED, claim, "50 WebSockets and 50 gRPC streams", "all of them", "all of them have their answers")


def test_a_standby_refuses_strangers(place: Place, proof: Proof) -> None:
    place.release.apply(_list("standby: partners"))
    shop, stranger = take_over(place.shop), take_over(place.stranger)

    def asked_by(who: Attacker) -> int:
        return who.http(gateways(GATEWAYS)[PARTNERS].addresses[0], 8080, API, "GET /standby").status

    wait_until(lambda: asked_by(shop) == 200, "the standby carries the host", seconds=60)
    assert asked_by(stranger) == 403
    assert _taken(place) == OWN
    claim = "a gateway that stands by has the same rules, for those also who go to its pods by themselves"
    call = f"shop, stranger: the standby's address, port 8080, SNI `{API}`: `GET /standby`"
    proof.row(SHARED, claim, call, "the client's request", "200 to the client, 403 to the stranger")
    place.release.apply(_list(""))


def _taken(place: Place) -> str | None:
    """The gateway that the client's calls take now."""
    before = len(requests(place.upstream))
    place.shop.curl(f"http://{API}/taken")
    mine = [seen for seen in requests(place.upstream)[before:] if seen.get("path") == "/taken"]
    (running,) = get("pods", "--namespace", GATEWAYS, "--selector=istio=move-running")["items"]
    known = senders(GATEWAYS) | {one["ip"]: RUNNING for one in running["status"]["podIPs"]}
    return known.get(peer(mine[-1])) if mine else None
