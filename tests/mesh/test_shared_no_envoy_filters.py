"""Several hosts on one gateway where no EnvoyFilter may be: Istio's policies keep clients off their neighbours."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns, versions
from tests.mesh.attacker import Attacker, http1, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, requests
from tests.mesh.http2 import Http2
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import UNFILTERED, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, GUESTS, OUTSIDE = "plain-gateways", "plain-apps", "plain-guests", "plain-upstreams"
FIRST, SECOND = ("one", "raw", "line"), ("two", "three", "other-raw", "other-line")
HTTP, OTHER_HTTP, TLS, TCP = 8080, 8085, 8443, 5432


def full(name: str) -> str:
    return f"{name}.plain.example.com"


@dataclass(frozen=True)
class Fleet:
    """The list of cases/unfiltered-shared.yaml on one gateway, its upstreams, its clients, and those taken over."""

    release: Release
    first: Upstream
    second: Upstream
    clients: dict[str, Client]
    attackers: dict[str, Attacker]

    @property
    def address(self) -> str:
        """The gateway's own address."""
        return gateways(GATEWAYS)["together"].addresses[0]

    def install(self) -> None:
        """Make all objects what the list says."""
        self.release.apply(case("unfiltered-shared", istio=versions.chosen().proxy))


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    first, second = start_upstreams(namespace(OUTSIDE, "outside"), ["first", "second"])
    for upstream, hosts in ((first, FIRST), (second, SECOND)):
        upstream.certify({full(host): authority.issue(full(host)) for host in hosts})
        upstream.be_known_as(*map(full, hosts))
    first.serve(*faces(Face(8443, tls="mutual", client_ca=authority.certificate)))
    second.serve(*faces())
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    accounts = {APPS: ("shop", "checkout"), GUESTS: ("guest",)}
    clients = [
        client
        for where, names in accounts.items()
        for client in start_clients(namespace(where, "injected"), *(ClientPod(name, account=name) for name in names))
    ]
    release = Release(GATEWAYS)
    fleet = Fleet(
        release,
        first,
        second,
        {client.name: client for client in clients},
        {client.name: take_over(client) for client in clients},
    )
    fleet.install()
    for attempt in ALLOWED:
        wait_until(lambda: got(attempt.made(fleet)) in ANSWERED, attempt.claim, seconds=60)  # noqa: B023
    yield fleet
    release.uninstall()
    dns.set_names({full(host): [] for host in (*FIRST, *SECOND)})


def faces(*others: Face) -> list[Face]:
    """What an upstream serves while it is well."""
    return [Face(443, tls="simple"), Face(TCP, "tcp"), *others]


ANSWERED = ("200", "an answer")


Ask = Callable[[Fleet, str], Answer | Outcome]


@dataclass(frozen=True)
class Attempt:
    """What somebody sends; `leads_to` is the upstream that answers."""

    claim: str
    who: str
    sent: str
    ask: Ask
    leads_to: str = ""

    def made(self, fleet: Fleet) -> Answer | Outcome:
        """What comes of it."""
        return self.ask(fleet, self.who)


def url(text: str, method: str = "GET") -> tuple[str, Ask]:
    """An ordinary request."""
    scheme, _, rest = text.partition("://")
    place, _, path = rest.partition("/")
    name, colon, port = place.partition(":")
    whole = f"{scheme}://{full(name)}{colon}{port}/{path}"
    options = ("--insecure", "--connect-to", "::192.0.2.1:", "--request", method)
    return f"`{method} {whole}`", lambda fleet, who: fleet.clients[who].curl(whole, *options)


def line(address: str) -> tuple[str, Ask]:
    """A line to a host's virtual address."""
    return f"a line to `{address}:{TCP}`", lambda fleet, who: fleet.clients[who].tcp(f"{address}:{TCP}")


def to(port: int, sni: str, request: str, host: str = "") -> tuple[str, Ask]:
    """A request as it is written to the gateway's address."""
    host = host or full(sni)

    def ask(fleet: Fleet, who: str) -> Answer:
        return fleet.attackers[who].http(fleet.address, port, full(sni), request, f"Host: {host}")

    return f"the gateway's port {port}, SNI `{full(sni)}`: `{request}`, `Host: {host}`", ask


def http2(sni: str, request: str, host: str = "") -> tuple[str, Ask]:
    """The same over HTTP/2."""
    host = host or full(sni)

    def ask(fleet: Fleet, who: str) -> Answer:
        return fleet.attackers[who].http2(fleet.address, HTTP, full(sni), request, host)

    return f"the gateway's port {HTTP}, SNI `{full(sni)}`, HTTP/2: `{request}`, `:authority: {host}`", ask


def carried(sni: str, inner: str) -> tuple[str, Ask]:
    """TLS of the application's own to the gateway's address."""

    def ask(fleet: Fleet, who: str) -> Answer:
        return fleet.attackers[who].tls_in_tls(fleet.address, TLS, full(sni), full(inner), "GET /a")

    return f"the gateway's port {TLS}, SNI `{full(sni)}`: TLS with SNI `{full(inner)}`, `GET /a`", ask


def text(port: int, sni: str) -> tuple[str, Ask]:
    """A line to the gateway's address."""

    def ask(fleet: Fleet, who: str) -> Outcome:
        return Outcome(bool(fleet.attackers[who].raw(fleet.address, port, full(sni), b"hello\n")))

    return f"the gateway's port {port}, SNI `{full(sni)}`: a line", ask


ONE, TWO, OWN = full("one"), full("two"), "GET /v1/a"
ALLOWED = [
    Attempt("HTTP with a client certificate", "shop", *url("http://one/v1/a"), "first"),
    Attempt("HTTP of another host on the same port", "checkout", *url("http://two/a", "POST"), "second"),
    Attempt("one of a host's two ports", "checkout", *url("http://three/a"), "second"),
    Attempt("the other port, for another client", "shop", *url("http://three:8085/a"), "second"),
    Attempt("TLS of the application's own", "shop", *url("https://raw/a"), "first"),
    Attempt("TLS of another host on the same port", "guest", *url("https://other-raw/a"), "second"),
    Attempt("TCP", "shop", *line("240.0.79.1"), "first"),
    Attempt("TCP of another host on the same port", "guest", *line("240.0.79.2"), "second"),
    Attempt("a Host with its port", "shop", *to(HTTP, "one", OWN, f"{ONE}:80"), "first"),
    Attempt("a Host in upper case", "shop", *to(HTTP, "one", OWN, ONE.upper()), "first"),
    Attempt("HTTP/2", "shop", *http2("one", OWN), "first"),
]
REFUSED = [
    Attempt("a client whom the neighbour denies", "shop", *url("http://two/a")),
    Attempt("a client of a neighbour", "checkout", *url("http://one/v1/a")),
    Attempt("a path that the client may not use", "shop", *url("http://one/v2")),
    Attempt("a method that only a neighbour's client may use", "shop", *url("http://one/v1/a", "POST")),
    Attempt("a port that only a neighbour's client may use", "shop", *url("http://three/a")),
    Attempt("the neighbour's Host", "shop", *to(HTTP, "one", OWN, TWO)),
    Attempt("the neighbour's Host in upper case", "shop", *to(HTTP, "one", OWN, TWO.upper())),
    Attempt("the neighbour's Host with a port", "shop", *to(HTTP, "one", OWN, f"{TWO}:80")),
    Attempt("the neighbour's Host with a dot", "shop", *to(HTTP, "one", OWN, f"{TWO}.")),
    Attempt("the neighbour's Host behind the own one", "shop", *to(HTTP, "one", OWN, f"{ONE}:80@{TWO}")),
    Attempt("the neighbour's whole URL", "shop", *to(HTTP, "one", f"GET http://{TWO}/v1/a", ONE)),
    Attempt("the neighbour's SNI and Host", "guest", *to(HTTP, "two", OWN)),
    Attempt("the neighbour's SNI, the own Host", "shop", *to(HTTP, "two", OWN, ONE)),
    Attempt("the own SNI, the Host of a neighbour's client", "checkout", *to(HTTP, "two", OWN, ONE)),
    Attempt("the SNI of one's other port", "shop", *to(HTTP, "three", "GET /a")),
    Attempt("a neighbour's SNI on one's own port", "shop", *to(OTHER_HTTP, "two", "GET /a")),
    Attempt("a neighbour's Host on one's own port", "shop", *to(OTHER_HTTP, "three", "GET /a", TWO)),
    Attempt("an SNI in upper case, of one that denies the client", "shop", *to(HTTP, "TWO", OWN, TWO)),
    Attempt("the neighbour's authority", "shop", *http2("one", OWN, TWO)),
    Attempt("the neighbour's SNI and authority", "guest", *http2("two", OWN)),
    Attempt("a neighbour's SNI, carried TLS", "shop", *carried("other-raw", "other-raw")),
    Attempt("a neighbour's SNI, carried TLS, the own SNI inside", "shop", *carried("other-raw", "raw")),
    Attempt("carried TLS, the other way round", "guest", *carried("raw", "raw")),
    Attempt("a neighbour's SNI, TCP", "shop", *text(TCP, "other-line")),
    Attempt("TCP, the other way round", "guest", *text(TCP, "line")),
    *(
        Attempt(f"an SNI on a port that its host does not have: {sni}, {port}", "shop", *text(port, sni))
        for sni, port in (("one", TCP), ("one", TLS), ("line", TLS), ("raw", TCP), ("raw", HTTP), ("line", HTTP))
    ),
]


def forget(fleet: Fleet) -> None:
    fleet.first.forget()
    fleet.second.forget()


def asked(fleet: Fleet) -> list[str]:
    """The upstreams that got requests, or bytes."""
    return [name for name in ("first", "second") if requests(getattr(fleet, name))]


def leads_to(fleet: Fleet, attempt: Attempt) -> list[str]:
    """The upstreams that get something of it."""
    forget(fleet)
    attempt.made(fleet)
    return asked(fleet)


def test_no_envoy_filter(fleet: Fleet) -> None:
    assert not kubectl("get", "envoyfilters", "--namespace", GATEWAYS, "--output=name")
    assert set(gateways(GATEWAYS)) == {"together"}
    assert fleet.first.address != fleet.second.address


@pytest.mark.parametrize("attempt", ALLOWED, ids=lambda attempt: attempt.claim)
def test_allowed(fleet: Fleet, proof: Proof, attempt: Attempt) -> None:
    forget(fleet)
    answer = attempt.made(fleet)
    assert got(answer) in ANSWERED, answer
    assert asked(fleet) == [attempt.leads_to]
    claim = f"a shared gateway, goes through: {attempt.claim}"
    proof.row(UNFILTERED, claim, f"{attempt.who}: {attempt.sent}", "the request", got(answer))


@pytest.mark.parametrize("attempt", REFUSED, ids=lambda attempt: attempt.claim)
def test_refused(fleet: Fleet, proof: Proof, attempt: Attempt) -> None:
    forget(fleet)
    answer = attempt.made(fleet)
    assert got(answer) not in ANSWERED, answer
    assert asked(fleet) == []
    claim = f"a shared gateway, refused: {attempt.claim}"
    proof.row(UNFILTERED, claim, f"{attempt.who}: {attempt.sent}", "nothing", got(answer))


@pytest.mark.parametrize("version", ["HTTP/1.1", "HTTP/2"])
def test_a_connection_is_used_for_another_host(fleet: Fleet, proof: Proof, version: str) -> None:
    """What a connection was opened for gives it no other host later."""
    forget(fleet)
    alpn = "http/1.1" if version == "HTTP/1.1" else "h2"
    with fleet.attackers["shop"].connect(fleet.address, HTTP, ONE, (alpn,)) as stream:
        if version == "HTTP/1.1":
            statuses = [http1(stream, host, OWN, close=False).status for host in (ONE, TWO, ONE)]
        else:
            connection = Http2(stream.send, stream.receive)
            statuses = [connection.ask("GET", host, "/v1/a")[0] for host in (ONE, TWO, ONE)]
    assert statuses == [200, 403, 200]
    assert asked(fleet) == ["first"]
    proof.row(
        UNFILTERED,
        f"a shared gateway: an open {version} connection is used for a neighbour",
        f"shop: `{OWN}` of `{ONE}`, of `{TWO}`, of `{ONE}`",
        "the first and the last",
        "200, 403, 200",
    )


def test_a_neighbour_s_name_inside_of_carried_tls(fleet: Fleet, proof: Proof) -> None:
    """Nobody reads the inner name, and it leads nowhere but to the host's own upstream."""
    forget(fleet)
    attempt = Attempt("", "shop", *carried("raw", "other-raw"))
    answer = attempt.made(fleet)
    assert "second" not in asked(fleet)
    claim = "a shared gateway: a neighbour's name inside of carried TLS leads to the own host's upstream"
    proof.row(UNFILTERED, claim, f"shop: {attempt.sent}", "nothing at the neighbour's", got(answer))


def test_a_dead_neighbour(fleet: Fleet, proof: Proof) -> None:
    """One upstream dies: its callers are told, others notice nothing, and no pod goes."""
    before = gateways(GATEWAYS)["together"]
    fleet.second.serve()
    try:
        wait_until(lambda: fleet.clients["checkout"].curl(f"http://{TWO}/a").status == 503, "503", seconds=60)
        assert fleet.clients["shop"].curl(f"http://{full('one')}/v1/a").status == 200
        assert gateways(GATEWAYS)["together"] == before
    finally:
        fleet.second.serve(*faces())
    wait_until(lambda: fleet.clients["checkout"].curl(f"http://{TWO}/a").status == 200, "its return", seconds=60)
    proof.row(
        UNFILTERED,
        "a shared gateway: one host's upstream dies, the pods stay Ready for the others",
        f"`GET http://{TWO}/a` and `GET http://{full('one')}/v1/a`",
        "nothing of the first, the second",
        "503 and 200",
    )


def test_a_policy_is_missing(fleet: Fleet, proof: Proof) -> None:
    """Nobody gets in without it, and neighbours notice nothing."""
    kubectl("delete", "authorizationpolicy", "one-plain-example-com-on-together.clients", "--namespace", GATEWAYS)
    shop, checkout = fleet.clients["shop"], fleet.clients["checkout"]
    try:
        wait_until(lambda: shop.curl(f"http://{full('one')}/v1/a").status == 403, "403", seconds=60)
        assert checkout.curl(f"http://{TWO}/a").status == 200
    finally:
        fleet.install()
    wait_until(lambda: shop.curl(f"http://{full('one')}/v1/a").status == 200, "its return", seconds=60)
    proof.row(
        UNFILTERED,
        "a shared gateway: without its policy a host is closed, and its neighbours are not",
        f"`GET http://{full('one')}/v1/a` and `GET http://{TWO}/a`",
        "nothing of the first, the second",
        "403 and 200",
    )


def test_a_door_that_only_the_mesh_closes(fleet: Fleet, proof: Proof) -> None:
    """Another team's Gateway at the pods' own address is found first: it leads a client to its neighbour."""
    server = {"bind": fleet.address, "port": {"name": "https-door", "number": HTTP, "protocol": "HTTPS"}}
    route = {"route": [{"destination": {"host": TWO, "port": {"number": 80}}}]}
    specs = {
        "Gateway": {
            "selector": {"egressc.io/gateway": "together"},
            "servers": [{**server, "hosts": [ONE], "tls": {"mode": "ISTIO_MUTUAL"}}],
        },
        "VirtualService": {"hosts": [ONE], "gateways": ["door"], "http": [route]},
    }
    apply(
        *(
            {
                "apiVersion": "networking.istio.io/v1",
                "kind": kind,
                "metadata": {"name": "door", "namespace": GUESTS},
                "spec": spec,
            }
            for kind, spec in specs.items()
        )
    )
    own, forbidden = Attempt("", "shop", *to(HTTP, "one", OWN)), Attempt("", "checkout", *to(HTTP, "one", OWN))
    try:
        wait_until(lambda: leads_to(fleet, own) == ["second"], "the door", seconds=60)
        assert got(forbidden.made(fleet)) == "403"
    finally:
        kubectl("delete", "gateways.networking.istio.io,virtualservices", "door", "--namespace", GUESTS)
    wait_until(lambda: leads_to(fleet, own) == ["first"], "its own way", seconds=60)
    proof.row(
        UNFILTERED,
        "a shared gateway: another team's Gateway at the pods' address leads a client to a neighbour, and no one else",
        f"shop, and checkout: {own.sent}",
        "the first at the neighbour's",
        "200; 403",
    )
