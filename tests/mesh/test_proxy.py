"""Behind a proxy: it is asked for the right name and port, and the upstream is verified inside of its tunnel."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import CLIENT, case, common_name, credentials, peer, requests, senders, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import PROXIES, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Seen, Upstream, start_upstreams

GATEWAYS, APPS = "proxy-gateways", "proxy-apps"
PROXY = "proxy.corp.example"
API = "api.partner.example"
ANY = "*.cdn.partner.example"
CURLS = {"accept", "user-agent"}


@dataclass(frozen=True)
class Fleet:
    """The list of cases/proxy.yaml, installed; the proxy, and the upstream that it leads every name to."""

    proxy: Upstream
    upstream: Upstream
    faces: tuple[Face, ...]
    shop: Client

    def ask(self, url: str, *options: str) -> Answer:
        """A GET; the names are none of the cluster's DNS, so the connection goes to nobody's address."""
        return self.shop.curl(url, "--connect-to", "::192.0.2.1:", "--cacert", "/run/own-ca.crt", *options)

    def asked(self, target: str) -> list[Seen]:
        """The proxy's requests for this target."""
        return [seen for seen in self.proxy.seen() if seen["target"] == target]


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    proxy, upstream = start_upstreams(namespace("proxy-outside", "outside"), ["proxy", "upstream"])
    names = [f"{name}.partner.example" for name in ("api", "bank", "ledger", "a.cdn", "b.cdn")]
    upstream.certify(
        {name: authority.issue(name) for name in names}
        | {name: authority.issue("another.example") for name in ("other.partner.example", "other.cdn.partner.example")}
    )
    faces = (
        Face(80),
        Face(443, tls="simple"),
        Face(8443, tls="mutual", client_ca=authority.certificate),
        Face(5433, "tcp", tls="simple"),
    )
    upstream.serve(*faces)
    serve(proxy, upstream)
    proxy.be_known_as(PROXY)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    shop.write("/run/own-ca.crt", authority.certificate)
    release = Release(GATEWAYS)
    release.apply(case("proxy"))
    yield Fleet(proxy, upstream, faces, shop)
    release.uninstall()
    dns.set_names({PROXY: []})


def serve(proxy: Upstream, upstream: Upstream) -> None:
    """Let the proxy lead every name to the upstream."""
    proxy.serve(Face(3128, "connect", leads_to=upstream.address))


@dataclass(frozen=True)
class Way:
    """A request, what the proxy must be asked for, and the client certificate that the upstream must see."""

    claim: str
    url: str
    host: str
    target: str
    certificate: str = ""
    clear: bool = False


WAYS = [
    Way("TLS by the gateway", f"http://{API}/a", API, f"{API}:443"),
    Way("the application's own TLS", f"https://{API}/a", API, f"{API}:443"),
    Way(
        "mutual TLS",
        "http://bank.partner.example/a",
        "bank.partner.example",
        "bank.partner.example:8443",
        certificate=CLIENT,
    ),
    Way("no TLS", "http://plain.partner.example/a", "plain.partner.example", "plain.partner.example:80", clear=True),
    Way("a name of a wildcard", "http://a.cdn.partner.example/a", ANY, "a.cdn.partner.example:443"),
    Way("another name of it", "http://b.cdn.partner.example/a", ANY, "b.cdn.partner.example:443"),
    Way("a name, by the application's own TLS", "https://b.cdn.partner.example/a", ANY, "b.cdn.partner.example:443"),
]


@pytest.mark.parametrize("way", WAYS, ids=lambda way: way.url)
def test_the_proxy_is_asked_and_the_upstream_verified(fleet: Fleet, proof: Proof, way: Way) -> None:
    answer = fleet.ask(way.url)
    assert answer.status == 200, answer
    seen = answer.seen
    name = way.target.partition(":")[0]
    assert seen["host"] == name
    assert (seen["tls"] or {}).get("sni") == (None if way.clear else name)
    assert common_name(seen) == way.certificate
    assert set(seen["headers"]) == CURLS
    assert peer(seen) == fleet.proxy.address
    (tunnel, *_) = fleet.asked(way.target)
    assert (tunnel["method"], tunnel.get("headers")) == ("CONNECT", None)
    assert senders(GATEWAYS)[peer(tunnel)] == gateway_name(way.host)
    shown = f"the proxy: `CONNECT {way.target}`, no headers; inside: {saw(seen)}"
    proof.row(PROXIES, way.claim, f"`GET {way.url}`", shown, got(answer))


def test_tcp(fleet: Fleet, proof: Proof) -> None:
    outcome = fleet.shop.tcp("240.0.77.1:5432", "-text", "ping")
    assert outcome.seen is not None, outcome
    assert (outcome.echo, outcome.seen["tls"]["sni"]) == ("ping", "ledger.partner.example")
    assert fleet.asked("ledger.partner.example:5433")
    shown = f"the proxy: `CONNECT ledger.partner.example:5433`; inside: {saw(outcome.seen)}"
    proof.row(
        PROXIES, "TCP, by TLS of the gateway", "a line to `ledger.partner.example:5432`", shown, "its line echoed"
    )


@pytest.mark.parametrize("host", ["other.partner.example", "other.cdn.partner.example"])
def test_an_upstream_of_another_name_is_refused(fleet: Fleet, proof: Proof, host: str) -> None:
    answer = fleet.ask(f"http://{host}/a")
    assert answer.status == 503, answer
    assert fleet.asked(f"{host}:443"), "the proxy has led there"
    assert not requests(fleet.upstream, lambda seen: seen.get("host") == host)
    shown = f"the proxy: `CONNECT {host}:443`; inside: no request"
    proof.row(PROXIES, f"refused: a certificate of another name, {host}", f"`GET http://{host}/a`", shown, got(answer))


def test_readiness_sees_through_the_proxy(fleet: Fleet, proof: Proof) -> None:
    """The upstream behind the proxy dies, then the proxy itself: each time the gateway is NotReady, and Ready after."""
    fleet.upstream.serve()
    wait_ready(GATEWAYS, [API], ready=False)
    assert fleet.ask(f"http://{API}/a").status == 503
    fleet.upstream.serve(*fleet.faces)
    wait_ready(GATEWAYS, [API])
    fleet.proxy.serve()
    wait_ready(GATEWAYS, [API], ready=False)
    serve(fleet.proxy, fleet.upstream)
    wait_ready(GATEWAYS, [API])
    assert fleet.ask(f"http://{API}/a").status == 200
    claim = "the upstream behind the proxy is dead, or the proxy: NotReady; both are back: Ready"
    proof.row(PROXIES, claim, f"`GET http://{API}/a`", "nothing while one of them is dead", "503, then 200")
