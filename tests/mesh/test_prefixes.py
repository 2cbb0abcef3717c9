"""Namespaces that come and go are clients by how their names begin, whenever they are made, and no others."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, requests, wait_answers, wait_ready
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import AUTHORIZATION, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams

GATEWAYS = "prefixes-gateways"
API, LEDGER, RAW = (f"{name}.prefixes.example.com" for name in ("api", "ledger", "raw"))
CLIENTS = "prefixes-preview-*"
ADDRESS = "240.0.88.1"  # of the TCP host, in the list


@dataclass(frozen=True)
class Fleet:
    """The list of cases/prefixes.yaml: clients before and after it was installed, one denied, one that is no client."""

    upstream: Upstream
    before: Client
    checkout: Client
    after: Client
    guest: Client
    stranger: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, public_authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("prefixes-upstreams", "outside"), ["upstream"])
    upstream.certify({name: public_authority.issue(name) for name in (API, LEDGER)})
    upstream.be_known_as(API, LEDGER, RAW)
    upstream.serve(Face(443, tls="simple"), Face(5432, "tcp"))
    namespace(GATEWAYS, "plain", RESTRICTED)
    before, checkout = start_clients(
        namespace("prefixes-preview-1", "injected"), ClientPod("web"), ClientPod("checkout", account="checkout")
    )
    (stranger,) = start_clients(namespace("prefixes-previews", "injected"), ClientPod("web", account="checkout"))
    release = Release(GATEWAYS)
    release.apply(case("prefixes"))
    (after,) = start_clients(namespace("prefixes-preview-2", "injected"), ClientPod("web", account="checkout"))
    (guest,) = start_clients(namespace("prefixes-preview-of-guests-1", "injected"), ClientPod("web"))
    wait_ready(GATEWAYS, (API, LEDGER, RAW))
    wait_answers((one, f"http://{API}/") for one in (before, after))
    yield Fleet(upstream, before, checkout, after, guest, stranger)
    release.uninstall()
    dns.set_names({name: [] for name in (API, LEDGER, RAW)})


def test_namespaces_are_clients_whenever_they_are_made(fleet: Fleet, proof: Proof) -> None:
    for client, made in ((fleet.before, "before"), (fleet.after, "after")):
        answer = client.curl(f"http://{API}/a")
        assert answer.status == 200, answer
        claim = f"{CLIENTS} are clients: a namespace made {made} the installation"
        proof.row(AUTHORIZATION, claim, f"`GET http://{API}/a` from {client.namespace}", saw(answer.seen), got(answer))
        carried = client.curl(f"https://{API}/a", "--insecure")
        assert carried.status == 200, carried
        assert client.tcp(f"{ADDRESS}:5432").ok


def test_other_namespaces_are_refused_at_the_gateway(fleet: Fleet, proof: Proof) -> None:
    fleet.upstream.forget()
    answer = fleet.stranger.curl(f"http://{API}/a")
    # its sidecar knows the host, so the gateway answers, and not a sidecar that knows nothing (502)
    assert answer.status == 403, answer
    assert fleet.stranger.curl(f"https://{API}/a", "--insecure").status == 0
    assert not fleet.stranger.tcp(f"{ADDRESS}:5432").ok
    assert requests(fleet.upstream) == []
    claim = f"{fleet.stranger.namespace} is none of {CLIENTS}"
    proof.row(AUTHORIZATION, claim, f"`GET http://{API}/a`", "nothing", got(answer))


def test_a_denial_by_a_prefix_refuses(fleet: Fleet, proof: Proof) -> None:
    fleet.upstream.forget()
    answer = fleet.guest.curl(f"http://{API}/a")
    assert answer.status == 403, answer
    assert fleet.guest.curl(f"https://{API}/a", "--insecure").status == 0
    assert requests(fleet.upstream) == []
    claim = "a denied prefix goes before the clients' prefix"
    proof.row(AUTHORIZATION, claim, f"`GET http://{API}/a` from {fleet.guest.namespace}", "nothing", got(answer))


def test_one_account_of_each_namespace(fleet: Fleet, proof: Proof) -> None:
    for client in (fleet.checkout, fleet.after):
        answer = client.curl(f"http://{LEDGER}/a")
        assert answer.status == 200, answer
    fleet.upstream.forget()
    for client in (fleet.before, fleet.stranger):  # another account; the account in another namespace
        assert client.curl(f"http://{LEDGER}/a").status == 403
    assert requests(fleet.upstream) == []
    claim = f"one account of {CLIENTS} is a client, and no other account or namespace"
    proof.row(AUTHORIZATION, claim, f"`GET http://{LEDGER}/a`", "nothing", "403")


def test_nobody_goes_straight_to_the_upstream(fleet: Fleet) -> None:
    fleet.upstream.forget()
    for client in (fleet.before, fleet.stranger):
        assert client.curl(f"http://{API}:443/a").status in (0, 502, 503)
        assert client.curl(f"https://{LEDGER}/a", "--insecure").status == 0
    assert requests(fleet.upstream) == []
