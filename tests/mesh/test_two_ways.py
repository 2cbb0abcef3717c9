"""One host in two ways at once: http:// gets TLS from the gateway, https:// keeps the application's own."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import CLIENT, common_name, credentials, key_pair, peer, requests, senders, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import TWO_WAYS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams

GATEWAYS, APPS = "twoways-gateways", "twoways-apps"
HOST = "partner.twoways.example.com"
CA, CERTIFICATE, KEY = "/tmp/ca.crt", "/tmp/client.crt", "/tmp/client.key"  # noqa: S108  in the client's container

LIST = f"""
version: 1
hosts:
- host: {HOST}
  namespace: {GATEWAYS}
  clients: [{APPS}]
  tls: {{mode: mutual, secret: client}}
  ports:
  - {{port: 80}}
  - {{port: 443, protocol: TLS}}
- {{host: http.twoways.example.com, namespace: {GATEWAYS}, clients: [{APPS}], tls: {{secret: own-ca}}}}
- {{host: https.twoways.example.com, namespace: {GATEWAYS}, clients: [{APPS}], tls: {{secret: own-ca}}, speaks: https}}
- host: both.twoways.example.com
  namespace: {GATEWAYS}
  clients: [{APPS}]
  tls: {{secret: own-ca}}
  speaks: [http, https]
"""
#: What applications say for each host of the mesh's own kind of TLS.
SPOKEN = {
    "http.twoways.example.com": ["http"],
    "https.twoways.example.com": ["https"],
    "both.twoways.example.com": ["http", "https"],
}


@dataclass(frozen=True)
class Way:
    """The host, installed, a client that has a certificate of its own, and one that may not call."""

    partner: Upstream
    public: Upstream
    shop: Client
    stranger: Client


@pytest.fixture(scope="module")
def way(namespace: MakeNamespace, authority: Authority) -> Iterator[Way]:
    partner, public = start_upstreams(namespace("twoways-upstreams", "outside"), ["partner", "public"])
    public.certify({name: authority.issue(name) for name in SPOKEN})
    public.serve(Face(443, tls="simple"))
    public.be_known_as(*SPOKEN)
    partner.certify({HOST: authority.issue(HOST)})
    partner.serve(Face(443, tls="mutual", client_ca=authority.certificate))
    partner.be_known_as(HOST)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    (stranger,) = start_clients(namespace("twoways-strangers", "injected"), ClientPod("stranger"))
    own = key_pair(authority.issue("shop.example.com", subject="shop"))
    for path, content in {CA: authority.certificate, CERTIFICATE: own["tls.crt"], KEY: own["tls.key"]}.items():
        shop.write(path, content)
    release = Release(GATEWAYS)
    release.apply(LIST)
    wait_ready(GATEWAYS, [HOST, *SPOKEN])
    yield Way(partner, public, shop, stranger)
    release.uninstall()
    dns.set_names({name: [] for name in (HOST, *SPOKEN)})


def test_both_ways_at_once(way: Way, proof: Proof) -> None:
    addresses = {ip for ip, name in senders(GATEWAYS).items() if name == gateway_name(HOST)}
    for scheme, options, certificate, claim in (
        ("http", (), CLIENT, "http:// gets TLS and the client certificate from the gateway"),
        (
            "https",
            ("--cacert", CA, "--cert", CERTIFICATE, "--key", KEY),
            "shop",
            "https:// keeps the application's own TLS and certificate, through the same gateway",
        ),
    ):
        answer = way.shop.curl(f"{scheme}://{HOST}/a", *options)
        assert answer.status == 200, answer
        assert common_name(answer.seen) == certificate
        assert peer(answer.seen) in addresses
        proof.row(TWO_WAYS, claim, f"`GET {scheme}://{HOST}/a`", saw(answer.seen), got(answer))


def test_neither_way_is_for_others(way: Way, proof: Proof) -> None:
    way.partner.forget()
    # 502 where the sidecar knows another host on port 80, else a closed connection
    assert way.stranger.curl(f"http://{HOST}/a").status in (0, 502)
    assert way.stranger.curl(f"https://{HOST}/a", "--insecure").status == 0
    assert requests(way.partner) == []
    claim = "a namespace that is no client has neither way"
    proof.row(TWO_WAYS, claim, f"`GET http://{HOST}/a`, `GET https://{HOST}/a`", "nothing", "502 or closed; closed")


def test_both_ways_are_checked(way: Way, authority: Authority, proof: Proof) -> None:
    way.partner.certify({HOST: authority.issue("wrong.example.com")})
    wait_ready(GATEWAYS, [HOST], ready=False)
    way.partner.certify({HOST: authority.issue(HOST)})
    wait_ready(GATEWAYS, [HOST])
    claim = "the upstream's certificate is of another name: NotReady for both"
    proof.row(TWO_WAYS, claim, "checks of both ports", "no request", "Ready again with the right one")


def test_speaks_says_which_calls_arrive(way: Way, proof: Proof) -> None:
    for host, spoken in SPOKEN.items():
        for scheme in ("http", "https"):
            way.public.forget()
            answer = way.shop.curl(f"{scheme}://{host}/a", "--cacert", CA)
            if scheme in spoken:
                assert answer.status == 200, (host, scheme, answer)
                seen = saw(answer.seen)
            else:
                # the sidecar answers port 80 for all hosts, and knows no such name on port 443
                assert answer.status == (502 if scheme == "http" else 0), (host, scheme, answer)
                assert requests(way.public) == []
                seen = "nothing"
            proof.row(
                TWO_WAYS,
                f"speaks {' and '.join(spoken)}: a call by {scheme}://",
                f"`GET {scheme}://{host}/a`",
                seen,
                got(answer),
            )
