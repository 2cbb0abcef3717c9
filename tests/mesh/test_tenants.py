"""Another team's objects that select our pods: nothing to the team, no key, no credential, no foreign way."""

import contextlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.attacker import Attacker, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.fleet import case, credentials, gateways, requests, secret, wait_ready
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import TENANTS, Proof, got
from tests.mesh.release import Release
from tests.mesh.tenant import (
    DOOR,
    DOORS,
    SDS,
    SERVER,
    TEAM,
    XDS,
    Attack,
    Ground,
    asks,
    clear,
    opens,
    passes,
    serves,
    speaks,
    standing,
    takes,
)
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, SHARED = "ten-gateways", "ten-apps", "ten-shared"
HOSTS = OWN, RAW, REPORT, PAY, TEAMS, MINE, LATE = [
    f"{name}.ten.example.com" for name in ("own", "raw", "report", "pay", "team", "mine", "late")
]
#: What those may get who may call, while the objects stand: their answer, or a refusal.
TOLD = "their answers, or a refusal while the objects stand"
ALLOWED = {"200", "an answer", "403", "404", "503", "no answer"}
MUTUAL = (OWN, PAY, MINE)
HTTP, TLS, TCP = 8080, 8443, 5432


def pods_of(host: str) -> str:
    """The gateway that carries a host."""
    return SHARED if host in (PAY, TEAMS) else gateway_name(host)


@dataclass(frozen=True)
class Fleet:
    """The list of cases/tenants.yaml, who may call, the team and a stranger of its namespace, and the team's server."""

    upstream: Upstream
    server: Upstream
    attackers: dict[str, Attacker]

    def ground(self, pods: str) -> Ground:
        """Where the team's objects stand."""
        return Ground(pods, gateways(GATEWAYS)[pods].addresses[0], self.server.address)

    def rightful(self) -> dict[str, str]:
        """What new connections get of those whom the list lets in."""
        at = {name: pod.addresses[0] for name, pod in gateways(GATEWAYS).items()}
        shop, team = self.attackers["shop"], self.attackers["team"]
        callers = ((OWN, shop), (PAY, shop), (TEAMS, team), (MINE, team))
        answers: dict[str, Answer | Outcome] = {
            host: caller.http(at[pods_of(host)], HTTP, host, "GET /v1/rightful") for host, caller in callers
        }
        raw = at[pods_of(RAW)]
        answers["TLS"] = shop.tls_in_tls(raw, TLS, RAW, RAW, "GET /v1/rightful")
        answers["TCP"] = Outcome(bool(shop.raw(raw, TCP, RAW, b"rightful\n")))
        return {host: got(answer) for host, answer in answers.items()}

    def well(self) -> bool:
        """Whether all of them are let in."""
        return set(self.rightful().values()) == {"200", "an answer"}


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority, public_authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("ten-upstreams", "outside"), ["upstream"])
    (server,) = start_upstreams(namespace(TEAM), ["server"])
    upstream.certify({host: (authority if host in MUTUAL else public_authority).issue(host) for host in HOSTS})
    mutual = Face(8443, tls="mutual", client_ca=authority.certificate)
    upstream.serve(Face(443, tls="simple"), mutual, Face(5432, "tcp"))
    upstream.be_known_as(*HOSTS)
    # it speaks first, and so has seen every connection that carries TLS, or anything else
    server.serve(Face(80), Face(443, "tcp", greets_first=True), Face(5432, "tcp", greets_first=True))
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    apply(secret(GATEWAYS, "partner", {"token": "secret"}))
    shops = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    team = start_clients(TEAM, ClientPod("team", account="team"), ClientPod("stranger", account="stranger"))
    release = Release(GATEWAYS)
    release.apply(case("tenants"))
    fleet = Fleet(upstream, server, {client.name: take_over(client) for client in (*shops, *team)})
    wait_until(fleet.well, "all are let in", seconds=60)
    yield fleet
    release.uninstall()
    dns.set_names({host: [] for host in HOSTS})


KINDS = (
    (OWN, HTTP, "HTTPS"),
    (PAY, HTTP, "HTTPS"),
    (RAW, TLS, "TLS"),
    (RAW, TLS, "TLS/PASSTHROUGH"),
    (RAW, TCP, "TLS"),
)
REWRITTEN: dict[str, Any] = {"match": [{"uri": {"prefix": "/v1/"}}], "rewrite": {"uri": "/admin/"}}
DUMP: dict[str, Any] = {"match": [{"uri": {"prefix": "/v1/a"}}], "rewrite": {"uri": "/config_dump"}}
AUTO = f"outbound_.443_._.{SERVER}"
CLEAR = b"GET /v1/a HTTP/1.1\r\nHost: a\r\n\r\n"

ATTACKS = [
    *(
        Attack(f"takes {kind} {port} of {host}, bound: {bind or 'not'}", host, takes(host, port, kind, bind))
        for host, port, kind in KINDS
        for bind in ("", "address", "everywhere")
    ),
    *(
        Attack(f"a door at {pods_of(host)} to {what}", host, opens(host, to), speaks(host))
        for host in (TEAMS, MINE)
        for to, what in ((SDS, "the identity's key"), (XDS, "the keys of Secrets"))
    ),
    *(
        Attack(f"a door for {name} to Envoy's admin", host, opens(name, "127.0.0.1", number=15000, **DUMP), ask)
        for host, name, ask in (
            (TEAMS, TEAMS, asks(TEAMS)),
            (MINE, MINE, asks(MINE)),
            (REPORT, DOOR, asks(DOOR, who="stranger")),
            (REPORT, REPORT, asks(REPORT, who="stranger")),
        )
    ),
    Attack("a door to a neighbour's upstream", TEAMS, opens(TEAMS, PAY), asks(TEAMS)),
    Attack("a door past the paths, on a shared gateway", TEAMS, opens(TEAMS, TEAMS, **REWRITTEN), asks(TEAMS)),
    Attack("a door past the paths", MINE, opens(MINE, MINE, **REWRITTEN), asks(MINE)),
    Attack("a door past the paths, for another name", MINE, opens(DOOR, MINE, **REWRITTEN), asks(DOOR)),
    Attack("a door past the paths, on our port", MINE, opens(DOOR, MINE, HTTP, **REWRITTEN), asks(DOOR, port=HTTP)),
    Attack("a door for a stranger", OWN, opens(DOOR, OWN, HTTP), asks(DOOR, port=HTTP, who="stranger")),
    *(
        Attack(f"AUTO_PASSTHROUGH on {port}", OWN, passes(port), speaks(AUTO, CLEAR, port, "stranger", ("istio",)))
        for port in (15443, HTTP, DOORS)
    ),
    *(
        Attack(f"its key on {port}, {host} to {to}", OWN, serves(port, host, to), asks(host, "/", port, "anybody"))
        for port in (DOORS, HTTP)
        for host, to in ((DOOR, SERVER), (DOOR, OWN), (OWN, OWN))
    ),
    *(Attack(f"{port} in clear at all addresses", OWN, clear(port, OWN)) for port in (HTTP, 15099)),
    *(
        Attack(f"a door in clear to {host}", host, clear(DOORS, host, host), asks(host, who="nobody"))
        for host in (OWN, REPORT, PAY)
    ),
]  # fmt: skip


@pytest.mark.parametrize("attack", ATTACKS, ids=lambda attack: attack.claim)
def test_attack(fleet: Fleet, proof: Proof, attack: Attack) -> None:
    """While the objects stand, the team gets nothing and others get their answers or are refused; then all is well."""
    judge(fleet, proof, attack)


@pytest.mark.parametrize("port", [HTTP, 15099])
def test_restart(fleet: Fleet, proof: Proof, port: int) -> None:
    """A pod that starts while the objects stand: what is then served, is served by nobody else."""
    attack = Attack(f"{port} in clear at all addresses, and a restart", OWN, clear(port, OWN))
    judge(fleet, proof, attack, meanwhile=restarted)


def restarted() -> None:
    """Another pod in the place of the host's own, Ready or not."""
    kubectl("delete", "pod", "--namespace", GATEWAYS, gateways(GATEWAYS)[pods_of(OWN)].name, "--wait")
    wait_until(lambda: pods_of(OWN) in gateways(GATEWAYS), "another pod", seconds=60)
    with contextlib.suppress(MeshError):
        wait_ready(GATEWAYS, [OWN], seconds=15)


def judge(fleet: Fleet, proof: Proof, attack: Attack, meanwhile: Callable[[], None] = lambda: None) -> None:
    """Let the team try, and look what came of it."""
    pods = pods_of(attack.host)
    fleet.upstream.forget()
    fleet.server.forget()
    pod = gateways(GATEWAYS)[pods].name
    with standing(GATEWAYS, pod, attack.objects(fleet.ground(pods))):
        meanwhile()
        address = gateways(GATEWAYS)[pods].addresses[0]
        booty = [told for told in (attack.attempt(fleet.attackers, address) for _ in range(3)) if told]
        foreign = requests(fleet.upstream)
        answers = {answer for _ in range(3) for answer in fleet.rightful().values()}
    wait_until(fleet.well, "all is well again", seconds=60)
    stolen = fleet.server.seen()
    assert not booty, f"the team got: {booty[0][:300]}"
    assert not foreign, f"the upstream saw: {foreign[0]}"
    assert not stolen, f"the team's server saw: {stolen[0]}"
    assert answers <= ALLOWED, answers
    proof.row(TENANTS, attack.claim, "the team tries three times, then who may call", "who may call, or nobody", TOLD)


@pytest.mark.parametrize("kind", ["HTTPS", "TLS"])
def test_older(fleet: Fleet, proof: Proof, kind: str) -> None:
    """Objects that are older than the host's own: of two Gateways Istio takes the older."""
    fleet.server.forget()
    pod, name = gateways(GATEWAYS)[pods_of(OWN)].name, gateway_name(LATE)
    release = Release(GATEWAYS)

    def answer() -> str:
        return got(fleet.attackers["shop"].http(gateways(GATEWAYS)[name].addresses[0], HTTP, LATE, "GET /v1/a"))

    with standing(GATEWAYS, pod, takes(LATE, HTTP, kind)(Ground(name, "", fleet.server.address))):
        release.apply(f"{case('tenants')}- {LATE}\n", wait=False)
        with contextlib.suppress(MeshError):
            wait_ready(GATEWAYS, [LATE], seconds=20)
        answers = {answer() for _ in range(3)}
    wait_until(lambda: answer() == "200", "all is well again", seconds=60)
    release.apply(case("tenants"))
    assert (fleet.server.seen(), answers <= ALLOWED) == ([], True), answers
    proof.row(TENANTS, f"older than our Gateway: {kind}", "requests of who may call", "them, or nobody", TOLD)
