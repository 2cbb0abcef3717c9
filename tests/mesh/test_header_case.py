"""The letter case of header names, which HTTP/1.1 gives no meaning, and some servers and applications do."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, secret
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import DIALECTS, Proof
from tests.mesh.raw_http import ANSWERED, served
from tests.mesh.release import Release
from tests.mesh.waiting import wait_until

GATEWAYS = "case-gateways"
KEPT, SHARED, NEIGHBOUR, LOWER, BRANCH, CLEAR = (
    f"{name}.case.example.com" for name in ("kept", "shared", "neighbour", "lower", "one.branch", "one.clear")
)
CERTIFIED = (KEPT, SHARED, NEIGHBOUR, LOWER, BRANCH, CLEAR)
OTHER = "other.branch.case.example.com"
NAMES = (*CERTIFIED, OTHER)
SENT = "X-Ledger-ID"
RANGES = pytest.mark.since("a wildcard's denied ranges")
PROXY = "proxyHeaders: {preserveHttp1HeaderCase: true}\n"


@dataclass(frozen=True)
class Fleet:
    """The list of cases/header-case.yaml, a client whose sidecar keeps the case, and one whose sidecar does not."""

    keeps: Client
    lowers: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    apply(
        *credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority), secret(GATEWAYS, "partner", {"token": "t"})
    )
    pods = ClientPod("keeps", proxy=PROXY), ClientPod("lowers")
    keeps, lowers = start_clients(namespace("case-apps", "injected"), *pods)
    release = Release(GATEWAYS)
    with served(13443, authority.issue(*CERTIFIED)) as node, served(80):
        dns.set_names({name: [node] for name in NAMES})
        release.apply(case("header-case"))
        yield Fleet(keeps, lowers)
        release.uninstall()
    dns.set_names({name: [] for name in NAMES})


def ask(client: Client, host: str) -> tuple[set[str], set[str]]:
    """The names of headers that the upstream got, and those that the client got."""
    answers: list[Answer] = []

    def answered() -> bool:
        answers.append(client.curl(f"http://{host}/", "--include", "--header", f"{SENT}: 7"))
        return answers[-1].status == 200

    wait_until(answered, f"{host} answers", seconds=60)
    head, _, body = answers[-1].body.replace("\r", "").partition("\n\n")
    return set(body.split()), {line.partition(":")[0] for line in head.splitlines()[1:]}


@pytest.mark.parametrize("host", [KEPT, SHARED, *(pytest.param(host, marks=RANGES) for host in (BRANCH, CLEAR))])
def test_names_keep_their_case_both_ways(fleet: Fleet, proof: Proof, host: str) -> None:
    got, answered = ask(fleet.keeps, host)
    assert {SENT, "Host", "User-Agent"} <= got
    assert ANSWERED in answered
    claim = f"`headers.preserveCase: true`: {host}"
    proof.row(DIALECTS, claim, f"`GET http://{host}/`, `{SENT}: 7`", f"`{SENT}`", f"`{ANSWERED}`")


@RANGES
def test_a_name_of_a_wildcard_is_verified(fleet: Fleet, proof: Proof) -> None:
    """The patch for the case of answers stands where Istio says that names are verified."""
    ask(fleet.keeps, BRANCH)
    answer = fleet.keeps.curl(f"http://{OTHER}/")
    assert (answer.status, ANSWERED.lower() in answer.headers) == (503, False)
    claim = f"`headers.preserveCase: true`, a wildcard with TLS, and a certificate without the name: {OTHER}"
    proof.row(DIALECTS, claim, f"`GET http://{OTHER}/`", "no request", "503")


def test_what_the_gateway_adds_is_written_like_words(fleet: Fleet, proof: Proof) -> None:
    got, _ = ask(fleet.keeps, KEPT)
    assert {"X-Ledger-Version", "Authorization"} <= got
    claim = "headers that the gateway itself sets, and a credential, with `headers.preserveCase: true`"
    proof.row(DIALECTS, claim, f"`GET http://{KEPT}/`", "`X-Ledger-Version`, `Authorization`", "200")


@pytest.mark.parametrize("host", [LOWER, NEIGHBOUR])
def test_names_are_lowered_otherwise(fleet: Fleet, proof: Proof, host: str) -> None:
    got, answered = ask(fleet.keeps, host)
    assert SENT.lower() in got
    assert ANSWERED.lower() in answered
    claim = f"the same without it: {host}"
    proof.row(DIALECTS, claim, f"`GET http://{host}/`, `{SENT}: 7`", f"`{SENT.lower()}`", f"`{ANSWERED.lower()}`")


def test_a_sidecar_that_does_not_keep_them_lowers_them(fleet: Fleet, proof: Proof) -> None:
    got, answered = ask(fleet.lowers, KEPT)
    assert SENT.lower() in got
    assert ANSWERED.lower() in answered
    claim = "`headers.preserveCase: true`, by a client whose sidecar lacks `preserveHttp1HeaderCase`"
    proof.row(DIALECTS, claim, f"`GET http://{KEPT}/`, `{SENT}: 7`", f"`{SENT.lower()}`", f"`{ANSWERED.lower()}`")
