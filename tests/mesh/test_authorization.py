"""Denials come before clients, at each host of a shared gateway by itself; a host that reports refuses nobody."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from tests.mesh import dns, gateway
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, requests, wait_answers, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import AUTHORIZATION, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS = "authz-gateways"
HOSTS = [f"{name}.authz.example.com" for name in ("api", "paths", "one", "two", "three", "report")]
ANSWERED, NO_ANSWER = 200, 0

Ask = Callable[[Client], Answer | Outcome]


@dataclass(frozen=True)
class Fleet:
    """The list of cases/authorization.yaml, installed, with clients by name, and the upstream."""

    upstream: Upstream
    clients: dict[str, Client]

    def pod(self, name: str) -> str:
        """The name of a gateway's pod."""
        return gateways(GATEWAYS)[name].name


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("authz-upstreams", "outside"), ["upstream"])
    upstream.certify({name: authority.issue(name) for name in HOSTS})
    upstream.serve(Face(443, tls="simple"), Face(5433, "tcp", tls="simple"))
    upstream.be_known_as(*HOSTS)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    pods = {
        "authz-apps": [ClientPod("shop", account="shop"), ClientPod("stranger", account="stranger")],
        "authz-guests": [ClientPod("guest", account="shop")],
        "authz-elsewhere": [ClientPod("elsewhere")],
    }
    clients = [client for name in pods for client in start_clients(namespace(name, "injected"), *pods[name])]
    release = Release(GATEWAYS)
    release.apply(case("authorization"))
    wait_ready(GATEWAYS, [f"{host}.authz.example.com" for host in ("api", "paths", "report")])
    by_name = {client.name: client for client in clients}
    shared = {"one": "shop", "two": "stranger", "three": "shop"}
    wait_answers((by_name[who], f"http://{host}.authz.example.com/") for host, who in shared.items())
    yield Fleet(upstream, by_name)
    release.uninstall()
    dns.set_names({name: [] for name in HOSTS})


@dataclass(frozen=True)
class Attempt:
    """Somebody asks, described as the proof tells it; the status that the client gets, or NO_ANSWER."""

    claim: str
    who: str
    sent: str
    ask: Ask
    status: int


def url(text: str, method: str = "GET") -> tuple[str, Ask]:
    """A request for a URL."""
    return f"`{method} {text}`", lambda client: client.curl(text, "--insecure", "--request", method)


def line(address: str) -> tuple[str, Ask]:
    """A line to host:port."""
    return f"a line to `{address}`", lambda client: client.tcp(address)


WAYS = (
    ("HTTP", url("http://api.authz.example.com/a"), 403),
    ("passthrough", url("https://api.authz.example.com/a"), NO_ANSWER),
    ("TCP", line("api.authz.example.com:6379"), NO_ANSWER),
)
PATHS = "http://paths.authz.example.com"
#: Spellings that mean /admin to some upstream.
SPELLINGS = (
    ("itself", "/admin", 403),
    ("below it", "/admin/users", 403),
    ("with a parameter", "/admin;v=1", 403),
    ("two slashes", "//admin", 403),
    ("`.`", "/./admin", 403),
    ("`..`", "/v1/../admin", 403),
    ("`%2e%2e`", "/v1/%2e%2e/admin", 403),
    ("`..;`", "/v1/..;/admin", 403),
    ("an escaped letter", "/%61dmin", 403),
    ("all letters escaped", "/%61%64%6D%69%6E", 403),
    ("a backslash", "/v1\\..\\admin", 403),
    ("a query after it", "/admin?a=/v1", 403),
    ("an escaped slash before it", "/%2Fadmin", 400),
    ("an escaped slash on the way", "/v1/..%2Fadmin", 400),
    ("an escaped backslash", "/v1/..%5Cadmin", 400),
    ("a path's end", "/v1/login.php", 403),
    ("a path's end behind an escape", "/v1/login%2ephp", 403),
)

REFUSED = [
    *(Attempt(f"an account denied at a host, {kind}", "stranger", *ask, status) for kind, ask, status in WAYS),
    *(Attempt(f"a namespace denied everywhere, {kind}", "guest", *ask, status) for kind, ask, status in WAYS),
    *(Attempt(f"a denied path: {name}", "shop", *url(PATHS + path), status) for name, path, status in SPELLINGS),
    Attempt("a denied method of some paths", "shop", *url(f"{PATHS}/v1/a", "DELETE"), 403),
    Attempt("a method denied everywhere", "shop", *url(f"{PATHS}/a", "TRACE"), 403),
    Attempt(
        "an account denied at one host of a shared gateway", "stranger", *url("http://one.authz.example.com/a"), 403
    ),
    Attempt("a neighbour's client at a shared gateway", "shop", *url("http://two.authz.example.com/a"), 403),
    Attempt(
        "a namespace denied everywhere, where a host only reports",
        "guest",
        *url("http://report.authz.example.com/v1/a"),
        403,
    ),
    *(
        Attempt(
            f"a path denied everywhere, where a host only reports: {path}",
            "elsewhere",
            *url(f"http://report.authz.example.com{path}"),
            403,
        )
        for path in ("/admin", "/x%2f..%2fadmin", "/%252e%252e/admin", "/%5cadmin")
    ),
    Attempt(
        "a path denied everywhere, where a host only reports, in a header",
        "elsewhere",
        "`GET http://report.authz.example.com/` with `X-Original-URL: /admin`",
        lambda client: client.curl("http://report.authz.example.com/", "--header", "X-Original-URL: /admin"),
        403,
    ),
    Attempt(
        "a namespace denied everywhere, where a shared gateway's host only reports",
        "guest",
        *url("http://three.authz.example.com/a"),
        403,
    ),
]


@pytest.mark.parametrize(
    ("who", "ask"),
    [
        *(("shop", ask) for _, (_, ask), _ in WAYS),
        ("shop", url(f"{PATHS}/a")[1]),
        ("shop", url(f"{PATHS}/v1/admin")[1]),
        ("shop", url(f"{PATHS}/a", "DELETE")[1]),
        ("shop", url("http://one.authz.example.com/a")[1]),
        ("stranger", url("http://two.authz.example.com/a")[1]),
        ("shop", url("http://three.authz.example.com/a")[1]),
    ],
    ids=range(9),
)
def test_allowed(fleet: Fleet, who: str, ask: Ask) -> None:
    """Whoever no denial means is let in as before."""
    answer = ask(fleet.clients[who])
    assert got(answer) in ("200", "an answer"), answer


@pytest.mark.parametrize("attempt", REFUSED, ids=lambda attempt: attempt.claim)
def test_denied(fleet: Fleet, proof: Proof, attempt: Attempt) -> None:
    fleet.upstream.forget()
    answer = attempt.ask(fleet.clients[attempt.who])
    assert got(answer) == (str(attempt.status) if attempt.status else "no answer"), answer
    assert requests(fleet.upstream) == []
    proof.row(AUTHORIZATION, attempt.claim, f"{attempt.who}: {attempt.sent}", "nothing", got(answer))


@dataclass(frozen=True)
class Reported:
    """A call that would be refused: by whom it is answered, and what its line says."""

    claim: str
    who: str
    sent: str
    ask: Ask
    client: str
    port: int
    by: tuple[str, str]  # would_allow, would_deny


REPORT = "report.authz.example.com"
SHOP, STRANGER = (f"spiffe://cluster.local/ns/authz-apps/sa/{name}" for name in ("shop", "stranger"))
ELSEWHERE = "spiffe://cluster.local/ns/authz-elsewhere/sa/default"
UNKNOWN, DENIED = ("denied", "allowed"), ("allowed", "denied")
REPORTED = [
    Reported("another account, HTTP", "stranger", *url(f"http://{REPORT}/v1/a"), STRANGER, 80, UNKNOWN),
    Reported("another account, passthrough", "stranger", *url(f"https://{REPORT}/v1/a"), STRANGER, 443, UNKNOWN),
    Reported("another account, TCP", "stranger", *line(f"{REPORT}:6380"), STRANGER, 6380, UNKNOWN),
    Reported("another namespace, HTTP", "elsewhere", *url(f"http://{REPORT}/v1/a"), ELSEWHERE, 80, UNKNOWN),
    Reported("another namespace, TCP", "elsewhere", *line(f"{REPORT}:6380"), ELSEWHERE, 6380, UNKNOWN),
    Reported("another path", "shop", *url(f"http://{REPORT}/v2/a"), SHOP, 80, UNKNOWN),
    Reported("an escaped slash", "shop", *url(f"http://{REPORT}/v2%2Fa"), SHOP, 80, UNKNOWN),
    Reported("a denied method", "shop", *url(f"http://{REPORT}/v1/a", "PUT"), SHOP, 80, DENIED),
]


@pytest.mark.parametrize("call", REPORTED, ids=lambda call: call.claim)
def test_reported(fleet: Fleet, proof: Proof, call: Reported) -> None:
    pod = fleet.pod("report-authz-example-com")
    before = len(gateway.access_log(GATEWAYS, pod))
    fleet.upstream.forget()
    answer = call.ask(fleet.clients[call.who])
    assert got(answer) in ("200", "an answer"), answer
    assert len(requests(fleet.upstream)) == 1

    def lines() -> list[dict[str, Any]]:
        """Since then, and not the late line of somebody else's call."""
        written = gateway.access_log(GATEWAYS, pod)[before:]
        return [line for line in written if line["client"] == call.client]

    (entry,) = wait_until(lines, "the line that reports", seconds=60)
    assert (entry["host"], entry["port"], entry["client"]) == (REPORT, call.port, call.client)
    assert (entry["would_allow"], entry["would_deny"]) == call.by
    claim = f"a host that reports, {call.claim}: answered, and in the gateway's log"
    proof.row(AUTHORIZATION, claim, f"{call.who}: {call.sent}", "the request", got(answer))


def test_who_may_call_is_not_reported(fleet: Fleet) -> None:
    pod, shop = fleet.pod("report-authz-example-com"), fleet.clients["shop"]
    before = gateway.access_log(GATEWAYS, pod)
    assert shop.curl(f"http://{REPORT}/v1/a").status == ANSWERED
    assert shop.tcp(f"{REPORT}:6380").ok
    # what comes later is written later
    assert shop.curl(f"http://{REPORT}/v2/last").status == ANSWERED
    assert shop.curl(f"https://{REPORT}/", "--insecure").status == ANSWERED
    wait_until(lambda: len(gateway.access_log(GATEWAYS, pod)) > len(before), "the last line", seconds=60)
    paths = [entry["path"] for entry in gateway.access_log(GATEWAYS, pod)[len(before) :]]
    assert paths == ["/v2/last"]


def test_reports_are_counted(fleet: Fleet) -> None:
    """The statistics that alerts read grow with each call that would be refused."""
    pod = fleet.pod("report-authz-example-com")
    for ask in (url(f"http://{REPORT}/v1/a")[1], line(f"{REPORT}:6380")[1]):
        before = shadow_denied(pod)
        assert got(ask(fleet.clients["stranger"])) in ("200", "an answer")
        wait_until(partial(counted, pod, before + 1), "the count", seconds=60)


def counted(pod: str, number: int) -> bool:
    return shadow_denied(pod) == number


def shadow_denied(pod: str) -> int:
    return sum(gateway.stats(GATEWAYS, pod, "egressc_would_allow.*shadow_denied").values())


def test_a_reporting_host_beside_others_lets_all_in(fleet: Fleet, proof: Proof) -> None:
    """Its own gateway's other hosts refuse by a policy that allows some: this one's callers must not fall under it."""
    pod = fleet.pod("partners")
    for who in ("stranger", "elsewhere"):
        answer = fleet.clients[who].curl("http://three.authz.example.com/a")
        assert answer.status == ANSWERED, answer
        claim = f"a host that reports on a shared gateway, {who}: answered, and in the gateway's log"
        proof.row(AUTHORIZATION, claim, f"{who}: `GET http://three.authz.example.com/a`", "the request", got(answer))
    lines = wait_until(lambda: gateway.access_log(GATEWAYS, pod)[1:], "two lines that report", seconds=60)
    assert {entry["host"] for entry in lines} == {"three.authz.example.com"}
