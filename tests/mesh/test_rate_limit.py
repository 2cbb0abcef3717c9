"""Limits: what is too much gets a 429 that says so, and costs nobody else anything."""

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, requests, secret, wait_answers, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import LIMITS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "limits-gateways", "limits-apps"
ALL, NEIGHBOUR, EACH, PODS, CALLS, AGAIN = (
    f"{name}.limits.example.com" for name in ("all", "neighbour", "each", "pods", "calls", "again")
)


@dataclass(frozen=True)
class Fleet:
    """The list of cases/rate-limit.yaml, installed, with two clients that may call and one that may not."""

    upstream: Upstream
    shop: Client
    other: Client
    stranger: Client

    def statuses(self, client: Client, host: str, times: int, *options: str) -> Counter[int]:
        """The statuses of so many requests."""
        return Counter(client.curl(f"http://{host}/a", *options).status for _ in range(times))


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("limits-upstreams", "outside"), ["upstream"])
    hosts = case("rate-limit")
    names = [entry["host"] for entry in yaml.safe_load(hosts)["hosts"]]
    upstream.certify({name: authority.issue(name) for name in names})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*names)
    apply(secret(namespace(GATEWAYS, "plain", RESTRICTED), "own-ca", {"ca.crt": authority.certificate}))
    clients = start_clients(
        namespace(APPS, "injected"), *(ClientPod(name, account=name) for name in ("shop", "other", "stranger"))
    )
    release = Release(GATEWAYS, helm="helm4")
    release.apply(hosts)
    wait_ready(GATEWAYS, [EACH, PODS, CALLS, AGAIN])  # without a request, which would count
    wait_answers([(clients[0], f"http://{NEIGHBOUR}/")])
    upstream.forget()
    yield Fleet(upstream, *clients)
    release.uninstall()
    dns.set_names({name: [] for name in names})


def test_all_clients(fleet: Fleet, proof: Proof) -> None:
    assert fleet.statuses(fleet.stranger, ALL, 6) == {403: 6}  # who may not call uses nothing up
    assert fleet.statuses(fleet.shop, ALL, 3) == {200: 3}
    assert fleet.statuses(fleet.other, ALL, 3) == {200: 2, 429: 1}
    refused = fleet.shop.curl(f"http://{ALL}/a")
    assert refused.status == 429
    assert refused.headers["retry-after"] == ["720"]
    assert refused.headers["ratelimit-policy"] == ['"all";q=5;w=3600']
    assert len(requests(fleet.upstream, lambda seen: seen["host"] == ALL)) == 5
    assert fleet.statuses(fleet.shop, NEIGHBOUR, 6) == {200: 6}
    sent = f"7 times `GET http://{ALL}/a` by two clients, 6 times by one that may not call"
    proof.row(
        LIMITS,
        "all clients together have the host's limit",
        sent,
        "5 requests",
        "200; 429 with `retry-after` and `ratelimit-policy`; 403",
    )
    claim = "a host on the same pods is not counted"
    proof.row(LIMITS, claim, f"6 times `GET http://{NEIGHBOUR}/a`", "6 requests", "200")


def test_each_client(fleet: Fleet, proof: Proof) -> None:
    pretended = ("--header", "X-Forwarded-Client-Cert: URI=spiffe://cluster.local/ns/limits-apps/sa/nobody")
    assert fleet.statuses(fleet.shop, EACH, 4) == {200: 3, 429: 1}
    assert fleet.statuses(fleet.shop, EACH, 1, *pretended) == {429: 1}
    assert fleet.statuses(fleet.other, EACH, 4) == {200: 3, 429: 1}
    answer = fleet.other.curl(f"http://{EACH}/a")
    assert answer.headers["ratelimit-policy"] == ['"all";q=100;w=3600, "client";q=3;w=3600']
    sent = f"4 times `GET http://{EACH}/a` by each of two clients"
    proof.row(
        LIMITS, "each identity has a limit of its own, whatever its headers say", sent, "3 requests of each", "200; 429"
    )


def test_allowed_answers_are_the_upstream_s(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.other.curl(f"http://{NEIGHBOUR}/a")
    limited = wait_until(lambda: (it := fleet.shop.curl(f"http://{AGAIN}/a")).status == 200 and it, "a 200", seconds=60)
    assert limited
    assert set(limited.headers) == set(answer.headers)
    claim = "what is let through is answered as the upstream answers: its own rate limit headers stay the only ones"
    proof.row(LIMITS, claim, f"`GET http://{AGAIN}/a`", "1 request", "200, no header more")


def test_again(fleet: Fleet, proof: Proof) -> None:
    wait_until(lambda: fleet.shop.curl(f"http://{AGAIN}/a").status == 429, "a 429", seconds=60, every=0)
    wait_until(lambda: fleet.shop.curl(f"http://{AGAIN}/a").status == 200, "a 200", seconds=60)
    proof.row(
        LIMITS, "what was used up comes back", f"`GET http://{AGAIN}/a` until it changes", "1 request", "429; 200"
    )


def test_calls(fleet: Fleet, proof: Proof) -> None:
    assert fleet.shop.grpc(f"{CALLS}:80").ok
    refused = fleet.shop.grpc(f"{CALLS}:80")
    assert refused.status == "ResourceExhausted", refused
    proof.row(
        LIMITS,
        "a gRPC call too many is told so",
        f"2 echo calls to `{CALLS}:80`",
        "1 call",
        "an answer; ResourceExhausted",
    )


def test_pods(fleet: Fleet, proof: Proof) -> None:
    answered: list[int] = []

    def used_up() -> bool:
        """Whichever pod is asked how often, each lets three through."""
        answered.append(fleet.shop.curl(f"http://{PODS}/a").status)
        return answered.count(200) == 6

    wait_until(used_up, "both pods asked three times", seconds=60, every=0)
    assert fleet.statuses(fleet.shop, PODS, 20) == {429: 20}
    assert set(answered) <= {200, 429}
    assert len(requests(fleet.upstream, lambda seen: seen["host"] == PODS)) == 6
    proof.row(
        LIMITS,
        "each pod counts for itself: two pods let twice as much through",
        f"`GET http://{PODS}/a` until six are answered, and 20 times more",
        "6 requests",
        "200; 429",
    )
