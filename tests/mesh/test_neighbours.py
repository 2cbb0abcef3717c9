"""A host's rules hold for that host alone, wherever the packet comes in and whatever it is called."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.attacker import Attacker, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import adopted, case, credentials, gateways, requests, secret, wait_answers
from tests.mesh.gateway import pods
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import NEIGHBOURS, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, ADOPTED, APPS, GUESTS = "nbr-gateways", "nbr-adopted", "nbr-apps", "nbr-guests"
DOMAIN = "nbr.example.com"
NAMES = (
    *("any.code", "pay.code", "any.methods", "api.methods", "any.report", "api.report", "any.deny", "api.deny"),
    *("any.nest", "any.deep.nest", "any.adopted", "api.adopted", "any.carried", "pay.carried"),
    *("one.lines", "two.lines", "any.wild", "gold.wild", "any.ends", "gold.ends"),
)
SHARED, OLD, WILD, GOLD, ENDS = "nbr-shared", "nbr-old", "any.wild", "gold.wild", "any.ends"
HTTP, TLS, TCP, OLD_HTTP = 8080, 8443, 5432, 20080


def full(name: str) -> str:
    return f"{name}.{DOMAIN}"


@dataclass(frozen=True)
class Fleet:
    """The list of cases/neighbours.yaml, its clients, those that are taken over, and the gateways' addresses."""

    upstream: Upstream
    clients: dict[str, Client]
    attackers: dict[str, Attacker]
    addresses: dict[str, str]


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority, public_authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("nbr-upstreams", "outside"), ["upstream"])
    certificates = {full(name): public_authority.issue(full(name)) for name in NAMES}
    upstream.certify({**certificates, full("pay.code"): authority.issue(full("pay.code"))})
    mutual = Face(8443, tls="mutual", client_ca=authority.certificate)
    upstream.serve(Face(443, tls="simple"), mutual, Face(5432, "tcp"))
    upstream.be_known_as(*map(full, NAMES))
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    apply(secret(GATEWAYS, "partner", {"token": "secret"}), adopted(namespace(ADOPTED), OLD))
    accounts = {APPS: ("shop", "checkout"), GUESTS: ("guest",)}
    clients = [
        client
        for where, names in accounts.items()
        for client in start_clients(namespace(where, "injected"), *(ClientPod(name, account=name) for name in names))
    ]
    kubectl("rollout", "status", f"deployment/{OLD}", "--namespace", ADOPTED, "--timeout=90s")
    release = Release(GATEWAYS)
    release.apply(case("neighbours", address=upstream.address))
    by_name = {client.name: client for client in clients}
    listed = {"api.methods": "shop", "api.report": "checkout", "api.adopted": "checkout", "api.deny": "shop"}
    wait_answers((by_name[who], f"http://{full(name)}/") for name, who in listed.items())
    (old,) = pods(ADOPTED, f"istio={OLD}")
    addresses = {name: pod.addresses[0] for name, pod in gateways(GATEWAYS).items()}
    addresses[OLD] = get("pod", "--namespace", ADOPTED, old)["status"]["podIP"]
    yield Fleet(
        upstream,
        by_name,
        {client.name: take_over(client) for client in clients},
        addresses,
    )
    release.uninstall()
    dns.set_names({full(name): [] for name in NAMES})


Ask = Callable[[Fleet, str], Answer | Outcome]


@dataclass(frozen=True)
class Attempt:
    """Who sends what."""

    claim: str
    who: str
    sent: str
    ask: Ask


def url(text: str, method: str = "GET") -> tuple[str, Ask]:
    """An ordinary request, found by its Host or SNI alone."""
    scheme, _, rest = text.partition("://")
    name, _, path = rest.partition("/")
    whole = f"{scheme}://{full(name)}/{path}"
    options = ("--insecure", "--connect-to", "::192.0.2.1:", "--request", method)
    return f"`{method} {whole}`", lambda fleet, who: fleet.clients[who].curl(whole, *options)


def line(address: str) -> tuple[str, Ask]:
    """A line to an address."""
    return f"a line to `{address}:5432`", lambda fleet, who: fleet.clients[who].tcp(f"{address}:5432")


def to(gateway: str, port: int, sni: str, request: str, host: str = "") -> tuple[str, Ask]:
    """A request as it is written to a gateway's address, with an SNI and a Host of its own."""
    host = host or full(sni)
    sent = f"{gateway}'s address, port {port}, SNI `{full(sni)}`: `{request}`, `Host: {host}`"

    def ask(fleet: Fleet, who: str) -> Answer:
        address = fleet.addresses[place(gateway)]
        return fleet.attackers[who].http(address, port, full(sni), request, f"Host: {host}")

    return sent, ask


def carried(gateway: str, port: int, sni: str, inner: str) -> tuple[str, Ask]:
    """The application's own TLS to a gateway's address, with an SNI outside and inside."""
    sent = f"{gateway}'s address, port {port}, SNI `{full(sni)}`: TLS with SNI `{full(inner)}`, `GET /a`"

    def ask(fleet: Fleet, who: str) -> Answer:
        address = fleet.addresses[place(gateway)]
        return fleet.attackers[who].tls_in_tls(address, port, full(sni), full(inner), "GET /a")

    return sent, ask


def text(gateway: str, port: int, sni: str) -> tuple[str, Ask]:
    """A line to a gateway's address with an SNI."""

    def ask(fleet: Fleet, who: str) -> Outcome:
        told = fleet.attackers[who].raw(fleet.addresses[place(gateway)], port, full(sni), b"hello\n")
        return Outcome(bool(told))

    return f"{gateway}'s address, port {port}, SNI `{full(sni)}`: a line", ask


def place(gateway: str) -> str:
    """The name of a gateway's pods: that of a shared one, or of its host."""
    if gateway in (SHARED, OLD):
        return gateway
    return full(gateway).replace("any.", "any---").replace(".", "-")


#: Whom its host's own rules let in: no neighbour and no wildcard takes that away.
RIGHTFUL = [
    Attempt("the wildcard's client", "shop", *url("http://any.code/a", "POST")),
    Attempt("the neighbour's client", "checkout", *url("http://pay.code/a", "POST")),
    Attempt("a wildcard's method", "shop", *url("http://any.methods/a", "POST")),
    Attempt("the neighbour's method", "shop", *url("http://api.methods/a")),
    Attempt("anybody, where the wildcard reports", "checkout", *url("http://any.report/a", "POST")),
    Attempt("the neighbour's client, where the wildcard reports", "checkout", *url("http://api.report/a")),
    Attempt("what the wildcard alone denies", "shop", *url("http://api.deny/a", "POST")),
    Attempt("what the wildcard does not deny", "shop", *url("http://any.deny/a")),
    Attempt("the outer wildcard's client", "shop", *url("http://any.nest/a")),
    Attempt("the inner wildcard's client", "checkout", *url("http://any.deep.nest/a")),
    Attempt("the wildcard's client on adopted pods", "shop", *url("http://any.adopted/a")),
    Attempt("the neighbour's client on adopted pods", "checkout", *url("http://api.adopted/a")),
    Attempt("the wildcard's client, carried TLS", "shop", *url("https://any.carried/a")),
    Attempt("the neighbour's client, carried TLS", "guest", *url("https://pay.carried/a")),
    Attempt("one host's client, TCP", "shop", *line("240.0.78.1")),
    Attempt("the other host's client, TCP", "guest", *line("240.0.78.2")),
    Attempt("a wildcard's client, own gateways", "shop", *url("http://any.wild/a", "DELETE")),
    Attempt("a wildcard's client, own gateways, carried TLS", "shop", *url("https://any.wild/a")),
    Attempt("a listed name's client, own gateways", "shop", *url("http://gold.wild/v1/a")),
    Attempt("a listed name's client, own gateways, carried TLS", "checkout", *url("https://gold.wild/a")),
    Attempt("a wildcard's client, fixed endpoints", "shop", *url("http://any.ends/a")),
    Attempt("a wildcard's client, fixed endpoints, carried TLS", "shop", *url("https://any.ends/a")),
    Attempt("a listed name's client, fixed endpoints", "checkout", *url("http://gold.ends/a")),
    Attempt(
        "a request as it is written, by whoever may", "shop", *to(SHARED, HTTP, "_.code", "GET /a", full("any.code"))
    ),
    Attempt("carried TLS as it is written, by whoever may", "shop", *carried(WILD, TLS, "_.wild", "any.wild")),
    Attempt("a line as it is written, by whoever may", "shop", *text(SHARED, TCP, "one.lines")),
]

PAY, GOLDEN = full("pay.code"), full("gold.wild")
#: Whom its host's own rules do not let in: no neighbour and no wildcard does.
REFUSED = [
    Attempt("a wildcard's client is not its neighbour's", "shop", *url("http://pay.code/a", "POST")),
    Attempt("nor the other way round", "checkout", *url("http://any.code/a")),
    Attempt("a wildcard's methods are not its neighbour's", "shop", *url("http://api.methods/a", "POST")),
    Attempt("a wildcard that reports opens no neighbour", "shop", *url("http://api.report/a")),
    Attempt("a wildcard that reports opens no method", "checkout", *url("http://api.report/a", "POST")),
    Attempt("a wildcard's own denial", "shop", *url("http://any.deny/a", "POST")),
    Attempt("the outer wildcard's client is not the inner one's", "shop", *url("http://any.deep.nest/a")),
    Attempt("the inner wildcard's client is not the outer one's", "checkout", *url("http://any.nest/a")),
    Attempt("on adopted pods a wildcard's client is not its neighbour's", "shop", *url("http://api.adopted/a")),
    Attempt("on adopted pods a neighbour's client is not the wildcard's", "checkout", *url("http://any.adopted/a")),
    Attempt("carried TLS: a wildcard's client is not its neighbour's", "shop", *url("https://pay.carried/a")),
    Attempt("TCP: one host's client is not the other's", "shop", *line("240.0.78.2")),
    Attempt("a listed name's paths", "shop", *url("http://gold.wild/admin")),
    Attempt("a listed name's own client alone, fixed endpoints", "shop", *url("http://gold.ends/a")),
    *(
        Attempt(f"by the wildcard's way to its neighbour: {claim}", "shop", *to(SHARED, HTTP, sni, request, host))
        for claim, sni, request, host in (
            ("its Host", "_.code", "POST /a", PAY),
            ("another SNI below the wildcard", "x.code", "POST /a", PAY),
            ("its SNI", "pay.code", "POST /a", PAY),
            ("its SNI, the wildcard's Host", "pay.code", "POST /a", full("any.code")),
            ("its Host in upper case", "_.code", "POST /a", PAY.upper()),
            ("its Host with a port", "_.code", "POST /a", f"{PAY}:80"),
            ("its Host with a dot", "_.code", "POST /a", f"{PAY}."),
            ("its whole URL", "_.code", f"POST http://{PAY}/a", full("any.code")),
            ("its methods", "_.methods", "POST /a", full("api.methods")),
            ("where the wildcard reports", "_.report", "GET /a", full("api.report")),
            ("the inner wildcard", "_.nest", "GET /a", full("any.deep.nest")),
            ("the inner wildcard's SNI", "_.deep.nest", "GET /a", full("any.deep.nest")),
        )
    ),
    Attempt("its SNI on adopted pods", "shop", *to(OLD, OLD_HTTP, "api.adopted", "GET /a")),
    Attempt("its Host on adopted pods", "shop", *to(OLD, OLD_HTTP, "_.adopted", "GET /a", full("api.adopted"))),
    Attempt("by a wildcard that reports to another name", "guest", *to(SHARED, HTTP, "_.report", "GET /a", PAY)),
    Attempt("a neighbour's SNI, carried TLS", "shop", *carried(SHARED, TLS, "pay.carried", "pay.carried")),
    Attempt("a neighbour's SNI inside", "shop", *carried(SHARED, TLS, "_.carried", "pay.carried")),
    Attempt("the wildcard's SNI", "guest", *carried(SHARED, TLS, "_.carried", "any.carried")),
    Attempt("the wildcard's SNI inside", "guest", *carried(SHARED, TLS, "pay.carried", "any.carried")),
    Attempt("a TCP neighbour's SNI", "shop", *text(SHARED, TCP, "two.lines")),
    *(
        Attempt(f"a neighbour's SNI on a port that it does not have: {sni}, {port}", "shop", *text(SHARED, port, sni))
        for sni, port in (("pay.code", TCP), ("pay.code", TLS), ("pay.carried", TCP), ("pay.carried", HTTP))
    ),
    *(
        Attempt(f"by a wildcard's gateway to a listed name: {claim}", "shop", *to(WILD, HTTP, sni, request, host))
        for claim, sni, request, host in (
            ("its Host", "_.wild", "DELETE /admin", GOLDEN),
            ("its Host with a path that its rules allow", "_.wild", "GET /v1/a", GOLDEN),
            ("its SNI", "gold.wild", "DELETE /admin", GOLDEN),
            ("in upper case", "_.wild", "DELETE /admin", GOLDEN.upper()),
            ("with a port", "_.wild", "DELETE /admin", f"{GOLDEN}:80"),
            ("with a user", "_.wild", "DELETE /admin", f"user@{GOLDEN}"),
            ("with an escaped letter", "_.wild", "DELETE /admin", GOLDEN.replace("l", "%6c", 1)),
            ("with a dot", "_.wild", "DELETE /admin", f"{GOLDEN}."),
            ("its whole URL", "_.wild", f"DELETE http://{GOLDEN}/admin", full("any.wild")),
        )
    ),
    Attempt("by a wildcard's gateway to a listed name: carried TLS", "shop", *carried(WILD, TLS, "_.wild", GOLD)),
    Attempt("the same with its SNI outside too", "shop", *carried(WILD, TLS, GOLD, GOLD)),
    Attempt("by the gateway of fixed endpoints", "shop", *to(ENDS, HTTP, "_.ends", "GET /a", full("gold.ends"))),
    Attempt("by the gateway of fixed endpoints, carried TLS", "shop", *carried(ENDS, TLS, "_.ends", "gold.ends")),
    Attempt("a listed name's gateway, another name", "shop", *to(GOLD, HTTP, GOLD, "GET /v1/a", full("any.wild"))),
]  # fmt: skip


def found(attempt: Attempt) -> object:
    """A case that needs a proxy that can deny addresses, where a wildcard finds the upstream by its name."""
    by_name = "any." in attempt.sent and "any.ends" not in attempt.sent
    return pytest.param(attempt, marks=pytest.mark.since("a wildcard's denied ranges")) if by_name else attempt


@pytest.mark.parametrize("attempt", [found(attempt) for attempt in RIGHTFUL], ids=lambda attempt: attempt.claim)
def test_rightful(fleet: Fleet, proof: Proof, attempt: Attempt) -> None:
    fleet.upstream.forget()

    def answered() -> Answer | Outcome:
        answer = attempt.ask(fleet, attempt.who)
        return answer if got(answer) in ("200", "an answer") else None  # type: ignore[return-value]

    answer = wait_until(answered, "an answer", seconds=60)
    assert requests(fleet.upstream)
    proof.row(
        NEIGHBOURS, f"goes through: {attempt.claim}", f"{attempt.who}: {attempt.sent}", "the request", got(answer)
    )


@pytest.mark.parametrize("attempt", REFUSED, ids=lambda attempt: attempt.claim)
def test_refused(fleet: Fleet, proof: Proof, attempt: Attempt) -> None:
    fleet.upstream.forget()
    answer = attempt.ask(fleet, attempt.who)
    assert requests(fleet.upstream) == [], answer
    assert got(answer) not in ("200", "an answer"), answer
    proof.row(NEIGHBOURS, f"refused: {attempt.claim}", f"{attempt.who}: {attempt.sent}", "nothing", got(answer))
