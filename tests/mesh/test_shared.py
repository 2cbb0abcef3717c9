"""Several hosts on one gateway, and a gateway that runs already: routes, rules and failures stay apart."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import adopted, case, credentials, gateways, requests, secret
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import SHARED, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, ADOPTED, APPS, OUTSIDE = "shared-gateways", "shared-adopted", "shared-apps", "shared-upstreams"
FIRST = ["one", "raw", "adopted", "legacy", "smuggled"]
SECOND = ["two", "other-raw"]
PLAIN = Face(5432, "tcp")
AT_ITS_ADDRESS = ("--insecure", "--resolve", "raw.shared.example.com:443:240.0.77.1")


@dataclass(frozen=True)
class Fleet:
    """The list of cases/shared.yaml: hosts on two upstreams, and the clients by their accounts."""

    first: Upstream
    second: Upstream
    shop: Client
    checkout: Client


def name(host: str) -> str:
    return f"{host}.shared.example.com"


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    first, second = start_upstreams(namespace(OUTSIDE, "outside"), ["first", "second"])
    for upstream, hosts in ((first, FIRST), (second, SECOND)):
        upstream.certify({name(host): authority.issue(name(host)) for host in hosts})
        upstream.be_known_as(*map(name, hosts))
    first.serve(Face(443, tls="simple"), Face(8443, tls="mutual", client_ca=authority.certificate), Face(80), PLAIN)
    second.serve(Face(443, tls="simple"), PLAIN)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    namespace(ADOPTED)
    apply(secret(ADOPTED, "own-ca", {"ca.crt": authority.certificate}), *somebody_s_gateway())
    shop, checkout = start_clients(
        namespace(APPS, "injected"),
        ClientPod("shop", account="shop"),
        ClientPod("checkout", account="checkout"),
    )
    kubectl("rollout", "status", "deployment/old-egress", "--namespace", ADOPTED, "--timeout=60s")
    release = Release(GATEWAYS)
    release.apply(case("shared"))
    fleet = Fleet(first, second, shop, checkout)
    for claim, (_, _, ask) in ALLOWED.items():
        wait_until(partial(answered, ask, fleet), claim, seconds=60)  # shared pods are Ready before their upstreams
    yield fleet
    release.uninstall()
    dns.set_names({name(host): [] for host in (*FIRST, *SECOND)})


def somebody_s_gateway() -> list[Manifest]:
    """A gateway as people have it, whose one host everybody may call, with no policy."""
    route = [{"destination": {"host": "old-egress.shared-adopted.svc.cluster.local", "port": {"number": 80}}}]
    legacy = name("legacy")
    specs: dict[tuple[str, str, str], dict[str, Any]] = {
        ("v1", "Service", "old-egress"): {
            "selector": {"istio": "old-egress"},
            "ports": [{"name": "http", "port": 80, "targetPort": 8080}],
        },
        ("networking.istio.io/v1", "ServiceEntry", "legacy"): {
            "hosts": [legacy],
            "location": "MESH_EXTERNAL",
            "resolution": "DNS",
            "ports": [{"name": "http", "number": 80, "protocol": "HTTP"}],
        },
        ("networking.istio.io/v1", "Gateway", "legacy"): {
            "selector": {"istio": "old-egress"},
            "servers": [{"port": {"name": "http", "number": 80, "protocol": "HTTP"}, "hosts": [legacy]}],
        },
        ("networking.istio.io/v1", "VirtualService", "legacy"): {
            "hosts": [legacy],
            "gateways": ["mesh", "legacy"],
            "http": [
                {"match": [{"gateways": ["mesh"]}], "route": route},
                {"match": [{"gateways": ["legacy"]}], "route": [{"destination": {"host": legacy}}]},
            ],
        },
    }
    return [
        adopted(ADOPTED, "old-egress"),
        *(
            {
                "apiVersion": version,
                "kind": kind,
                "metadata": {"name": called, "namespace": ADOPTED},
                "spec": spec,
            }
            for (version, kind, called), spec in specs.items()
        ),
    ]


Ask = Callable[[Fleet], Answer | Outcome]


def answered(ask: Ask, fleet: Fleet) -> bool:
    return got(ask(fleet)) in ("200", "an answer")


ALLOWED: dict[str, tuple[str, str, Ask]] = {
    "one host of a shared gateway, with its client certificate": (
        "first",
        "shop: `GET http://one.shared.example.com/v1/a`",
        lambda fleet: fleet.shop.curl("http://one.shared.example.com/v1/a"),
    ),
    "another on the same port, without one, for another client": (
        "second",
        "checkout: `GET http://two.shared.example.com/a`",
        lambda fleet: fleet.checkout.curl("http://two.shared.example.com/a"),
    ),
    "another with passthrough": (
        "first",
        "shop: `GET https://raw.shared.example.com/a`",
        lambda fleet: fleet.shop.curl("https://raw.shared.example.com/a", *AT_ITS_ADDRESS),
    ),
    "its TCP port": (
        "first",
        "shop: a line to its virtual address, port 5432",
        lambda fleet: fleet.shop.tcp("240.0.77.1:5432"),
    ),
    "a second TCP host on one port, told apart by its address": (
        "second",
        "checkout: a line to its virtual address, port 5432",
        lambda fleet: fleet.checkout.tcp("240.0.77.2:5432"),
    ),
    "a host on adopted pods": (
        "first",
        "shop: `GET http://adopted.shared.example.com/a`",
        lambda fleet: fleet.shop.curl("http://adopted.shared.example.com/a"),
    ),
    "what adopted pods carry beside it goes on for everybody": (
        "first",
        "checkout: `GET http://legacy.shared.example.com/a`, of no list",
        lambda fleet: fleet.checkout.curl("http://legacy.shared.example.com/a"),
    ),
    "one reading of paths for a host whose clients have paths is not its neighbour's": (
        "second",
        "checkout: `GET http://two.shared.example.com/a%2Fb`",
        lambda fleet: fleet.checkout.curl("http://two.shared.example.com/a%2Fb"),
    ),
}

REFUSED: dict[str, tuple[str, str, Ask]] = {
    "a client of one host is not its neighbour's": (
        "403",
        "shop: `GET http://two.shared.example.com/a`",
        lambda fleet: fleet.shop.curl("http://two.shared.example.com/a"),
    ),
    "nor the other way round": (
        "403",
        "checkout: `GET http://one.shared.example.com/v1/a`",
        lambda fleet: fleet.checkout.curl("http://one.shared.example.com/v1/a"),
    ),
    "paths are held": (
        "403",
        "shop: `GET http://one.shared.example.com/v2`",
        lambda fleet: fleet.shop.curl("http://one.shared.example.com/v2"),
    ),
    "a client of one TCP host is not its neighbour's": (
        "no answer",
        "shop: a line to the other's virtual address",
        lambda fleet: fleet.shop.tcp("240.0.77.2:5432"),
    ),
    "a passthrough host's strangers": (
        "no answer",
        "checkout: `GET https://raw.shared.example.com/a`",
        lambda fleet: fleet.checkout.curl("https://raw.shared.example.com/a", *AT_ITS_ADDRESS),
    ),
    "a stranger to a host on adopted pods": (
        "403",
        "checkout: `GET http://adopted.shared.example.com/a`",
        lambda fleet: fleet.checkout.curl("http://adopted.shared.example.com/a"),
    ),
}


@pytest.mark.parametrize("claim", ALLOWED)
def test_allowed(fleet: Fleet, proof: Proof, claim: str) -> None:
    which, sent, ask = ALLOWED[claim]
    upstream: Upstream = getattr(fleet, which)
    for one in (fleet.first, fleet.second):
        one.forget()
    answer = ask(fleet)
    assert got(answer) in ("200", "an answer"), answer
    (seen,) = requests(upstream)
    assert requests(fleet.second if upstream is fleet.first else fleet.first) == []
    proof.row(SHARED, claim, sent, saw(seen), got(answer) if isinstance(answer, Answer) else "its line echoed")


@pytest.mark.parametrize("claim", REFUSED)
def test_refused(fleet: Fleet, proof: Proof, claim: str) -> None:
    wanted, sent, ask = REFUSED[claim]
    for upstream in (fleet.first, fleet.second):
        upstream.forget()
    answer = ask(fleet)
    assert got(answer) == wanted, answer
    assert requests(fleet.first) == requests(fleet.second) == []
    proof.row(SHARED, claim, sent, "nothing", got(answer))


def test_a_host_through_its_neighbour(fleet: Fleet, proof: Proof) -> None:
    """A client that sends a neighbour's name down its own host's way gets nowhere."""
    destination = {"host": f"one-shared-example-com-on-partners.{GATEWAYS}.svc.cluster.local", "port": {"number": 8080}}
    apply(
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "smuggler", "namespace": APPS},
            "spec": {
                "hosts": [name("smuggled")],
                "http": [{"rewrite": {"authority": name("two")}, "route": [{"destination": destination}]}],
            },
        }
    )
    fleet.second.forget()
    wait_until(lambda: fleet.shop.curl(f"http://{name('smuggled')}/v1/a").status != 502, "its route", seconds=60)
    answer = fleet.shop.curl(f"http://{name('smuggled')}/v1/a")
    assert answer.status == 403, answer
    assert requests(fleet.second) == []
    sent = "shop: `GET http://two.shared.example.com/v1/a`, led down the way to `one.shared.example.com`"
    proof.row(SHARED, "a neighbour's name down one's own host's way", sent, "nothing", got(answer))


def test_a_dead_neighbour(fleet: Fleet, proof: Proof) -> None:
    """One host's upstream dies: its callers are told at once, the others notice nothing, no pod goes."""
    before = gateways(GATEWAYS)["partners"]
    fleet.second.serve()
    wait_until(lambda: fleet.checkout.curl("http://two.shared.example.com/a").status == 503, "503", seconds=60)
    assert fleet.shop.curl("http://one.shared.example.com/v1/a").status == 200
    assert gateways(GATEWAYS)["partners"] == before
    fleet.second.serve(Face(443, tls="simple"), PLAIN)
    wait_until(lambda: fleet.checkout.curl("http://two.shared.example.com/a").status == 200, "its return", seconds=60)
    proof.row(
        SHARED,
        "one host's upstream dies: its callers get 503, the gateway stays Ready for the others",
        "`GET http://two.shared.example.com/a` and `GET http://one.shared.example.com/v1/a`",
        "nothing of the first, the second",
        "503 and 200",
    )
