"""Hosts and upstreams that spell a name, a header or a path otherwise than most, or speak another version."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, requests
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import DIALECTS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams

GATEWAYS = "dialects-gateways"
PLAIN, PORTED, NAME, LISTED = (
    f"{name}.dialects.example.com" for name in ("plain", "ported", "one.names", "listed.names")
)
NAMES = (PLAIN, PORTED, NAME, LISTED)


@dataclass(frozen=True)
class Fleet:
    """The list of cases/dialects.yaml, installed."""

    upstream: Upstream
    shop: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("dialects-upstreams", "outside"), ["upstream"])
    upstream.certify({name: authority.issue(name) for name in NAMES})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*NAMES)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (shop,) = start_clients(namespace("dialects-apps", "injected"), ClientPod("shop"))
    release = Release(GATEWAYS)
    release.apply(case("dialects"))
    yield Fleet(upstream, shop)
    release.uninstall()
    dns.set_names({name: [] for name in NAMES})


@pytest.mark.parametrize("host", [PLAIN, NAME])
def test_a_last_dot_is_no_other_host(fleet: Fleet, proof: Proof, host: str) -> None:
    answer = fleet.shop.curl(f"http://{host}./a")
    assert answer.status == 200, answer
    assert (answer.seen["host"], answer.seen["tls"]["sni"]) == (host, host)
    claim = f"{host} with its last dot"
    proof.row(DIALECTS, claim, f"`GET http://{host}./a`", saw(answer.seen), got(answer))


def test_a_last_dot_is_no_way_round_a_listed_host(fleet: Fleet, proof: Proof) -> None:
    fleet.upstream.forget()
    asked = {dots: fleet.shop.curl(f"http://{NAME}/a", "--header", f"Host: {LISTED}{dots}") for dots in ("", ".", "..")}
    assert {dots: answer.status for dots, answer in asked.items()} == {"": 403, ".": 403, "..": 502}
    assert requests(fleet.upstream) == []
    claim = "a listed host below a wildcard, with its last dot, by a client of the wildcard only"
    proof.row(DIALECTS, claim, f"`GET http://{NAME}/a`, `Host: {LISTED}.`", "nothing", "403")


def test_host_keeps_the_port_that_the_application_wrote(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.shop.curl(f"http://{PORTED}:8080/a")
    assert answer.status == 200, answer
    assert answer.seen["host"] == f"{PORTED}:8080"
    claim = "a client port that is not the upstream's: Host goes on as the application wrote it"
    proof.row(DIALECTS, claim, f"`GET http://{PORTED}:8080/a`", saw(answer.seen), got(answer))
