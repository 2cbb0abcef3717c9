"""A host with a second place: it gets nothing while the first is well, and everything while it is not."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import credentials, gateways, requests, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import FAILOVER, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "failover-gateways", "failover-apps"

#: The first and the second place by name, by address, and mixed both ways.
NAMED, ADDRESSED, MIXED, OTHERWISE = (f"{kind}.failover.example.com" for kind in ("named", "fixed", "mixed", "turned"))
HTTP = [NAMED, ADDRESSED, MIXED, OTHERWISE]
DATABASE, OWN_TLS = "database.failover.example.com", "passthrough.failover.example.com"
HOSTS = [*HTTP, DATABASE, OWN_TLS]
#: Stays out for a minute, and not for some seconds in which a slow machine asks twice.
OUT = "out.failover.example.com"
FIRST, SECOND, HALF = "first.failover.example.com", "second.failover.example.com", "half.failover.example.com"
#: An address of nobody.
DEAD = "192.0.2.1"

LIST = """
version: 1
defaults:
  namespace: failover-gateways
  clients: [failover-apps]
  tls: {secret: own-ca}
  outlierDetection: {consecutive5xxErrors: 3, interval: 1s, baseEjectionTime: 5s}
hosts:
- {host: named.failover.example.com, failover: [second.failover.example.com]}
- host: out.failover.example.com
  failover: [second.failover.example.com]
  outlierDetection: {baseEjectionTime: 60s}
- {host: fixed.failover.example.com, endpoints: [$first], failover: [$second]}
- {host: mixed.failover.example.com, endpoints: [half.failover.example.com], failover: [$second]}
- {host: turned.failover.example.com, endpoints: [$first], failover: [second.failover.example.com]}
- host: database.failover.example.com
  endpoints: [first.failover.example.com]
  failover: [second.failover.example.com]
  tls: {mode: none, unverified: The test database has no TLS.}
  ports: [{port: 5432, protocol: TCP}]
- host: passthrough.failover.example.com
  endpoints: [first.failover.example.com]
  failover: [second.failover.example.com]
  tls: {mode: passthrough, secret: own-ca}
"""
WELL = (Face(443, tls="simple"), Face(5432, "tcp"))
#: Shakes hands as well as ever, and answers no request.
FAILING = (Face(443, "tcp", tls="simple"), Face(5432, "tcp"))


@dataclass(frozen=True)
class Fleet:
    """The list, installed, and the two places."""

    first: Upstream
    second: Upstream
    shop: Client

    def asked(self, host: str, times: int = 3) -> tuple[list[str], int, int]:
        """Ask so many times; what the client got, and how many requests the first and the second place saw."""
        self.first.forget()
        self.second.forget()
        answers = [got(self._ask(host)) for _ in range(times)]
        return answers, len(requests(self.first)), len(requests(self.second))

    def _ask(self, host: str) -> Answer | Outcome:
        if host == DATABASE:
            return self.shop.tcp(f"{host}:5432")
        if host == OWN_TLS:
            return self.shop.curl(f"https://{host}/a", "--cacert", "/tmp/ca.crt")  # noqa: S108  in the client's container
        return self.shop.curl(f"http://{host}/a")

    def wait_for(self, place: Upstream, hosts: list[str]) -> None:
        """Wait until this place alone answers for these hosts."""
        for host in hosts:
            answered = partial(self._answered, place, host)
            wait_until(answered, f"{host} asked at the {place.name} place", seconds=60)

    def _answered(self, place: Upstream, host: str) -> bool:
        _, first, second = self.asked(host, 1)
        return bool(first if place is self.first else second)


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    first, second = start_upstreams(namespace("failover-upstreams", "outside"), ["first", "second"])
    for place in (first, second):
        place.certify({host: authority.issue(host) for host in (*HOSTS, OUT)})
        place.serve(*WELL)
    names = {host: [first.address] for host in (*HTTP, OUT, FIRST)} | {HALF: [first.address, DEAD]}
    dns.set_names(names | {SECOND: [second.address], DATABASE: [first.address], OWN_TLS: [first.address]})
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    shop.write("/tmp/ca.crt", authority.certificate)  # noqa: S108  in the client's container
    release = Release(GATEWAYS)
    release.apply(LIST.replace("$first", first.address).replace("$second", second.address))
    fleet = Fleet(first, second, shop)
    fleet.wait_for(first, HOSTS)
    yield fleet
    release.uninstall()
    dns.set_names({name: [] for name in (*names, SECOND, DATABASE, OWN_TLS)})


@pytest.fixture
def well(fleet: Fleet) -> Iterator[Fleet]:
    """Both places well, before the test and again after it."""
    yield fleet
    for place in (fleet.first, fleet.second):
        place.serve(*WELL)
    fleet.wait_for(fleet.first, HOSTS)


def test_first_place_alone_is_asked(well: Fleet, proof: Proof) -> None:
    for host in HOSTS:
        answers, first, second = well.asked(host)
        assert (set(answers) <= {"200", "an answer"}, first, second) == (True, 3, 0), (host, answers)
    claim = (
        "while the first place is well, the second gets checks and nothing else: by name, by address, mixed, TCP, TLS"
    )
    proof.row(
        FAILOVER, claim, f"3 requests to each of {len(HOSTS)} hosts", "the first: all; the second: none", "200; an echo"
    )
    # one of two first addresses is dead in this one
    answers, first, second = well.asked(MIXED, 20)
    assert (set(answers), first, second) == ({"200"}, 20, 0)
    claim = "one of the first addresses is dead: the other gets all, the second place nothing"
    proof.row(FAILOVER, claim, f"20 times `GET http://{MIXED}/a`", "the first: all; the second: none", "200")


def test_second_place_takes_over_and_gives_back(well: Fleet, proof: Proof) -> None:
    well.first.serve()
    # at once, before any check: the last of the gateway's own retries goes to the second place
    answers, first, second = well.asked(NAMED, 3)
    assert (answers, first, second) == (["200"] * 3, 0, 3)
    well.wait_for(well.second, HOSTS)
    pods = gateways(GATEWAYS)
    assert all(pods[gateway_name(host)].ready for host in HOSTS)
    for host in HOSTS:
        answers, first, second = well.asked(host)
        assert (set(answers) <= {"200", "an answer"}, first, second) == (True, 0, 3), (host, answers)
    claim = "the first place is dead: the second answers from the first request on, and the gateways stay Ready"
    proof.row(FAILOVER, claim, f"3 requests to each of {len(HOSTS)} hosts", "the second: all", "200; an echo")
    well.first.serve(*WELL)
    well.wait_for(well.first, HOSTS)
    for host in HOSTS:
        assert well.asked(host)[1:] == (3, 0), host
    proof.row(FAILOVER, "the first place is back", "the same again", "the first: all; the second: none", "200; an echo")


def test_name_is_verified_at_the_second_place(well: Fleet, authority: Authority, proof: Proof) -> None:
    well.second.certify({host: authority.issue("wrong.example.com") for host in HOSTS})
    well.first.serve()
    wait_ready(GATEWAYS, HTTP, ready=False)
    answers, first, second = well.asked(NAMED, 2)
    assert (answers, first, second) == (["503"] * 2, 0, 0)
    claim = "both places dead, or the second with another name's certificate: NotReady, nothing is sent"
    proof.row(FAILOVER, claim, f"`GET http://{NAMED}/a`", "nothing", "503")
    well.second.certify({host: authority.issue(host) for host in (*HOSTS, OUT)})
    well.first.serve(*WELL)
    wait_ready(GATEWAYS, HOSTS)


def test_first_place_fails_requests_though_it_answers_checks(well: Fleet, proof: Proof) -> None:
    well.wait_for(well.first, [OUT])  # it was dead in the tests before, and no other host tells when this one's is well
    well.first.serve(*FAILING)
    answers = well.asked(OUT, 6)[0]
    assert [answer == "200" for answer in answers] == [False] * 3 + [True] * 3, answers
    answers, first, second = well.asked(OUT, 5)
    assert (answers, first, second) == (["200"] * 5, 0, 5)
    claim = "the first place answers checks and fails three requests: it is left out, a good check does not excuse it"
    proof.row(
        FAILOVER,
        claim,
        f"`GET http://{OUT}/a`, again and again",
        "the first: three; the second: all others",
        "503 three times, then 200",
    )
