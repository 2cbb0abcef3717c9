"""Each port of a wildcard, or of a host behind a proxy, leads to its own upstream port and to no other."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.attacker import Attacker, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.fleet import adopted, case, credentials, gateways, peer, requests, senders
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.proof import PROXIES, WILDCARDS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, OLD = "wp-gateways", "wp-old"
DOMAIN = "ports.example.com"
#: URLs of a name by the client port, and the upstream port behind it.
PORTS = {"http://{}/a": 443, "http://{}:8080/a": 8443, "https://{}/a": 443, "https://{}:5671/a": 5671}


@dataclass(frozen=True)
class Fleet:
    """The list of cases/wildcard_ports.yaml; an upstream, one that no name may lead to, and the proxy."""

    upstream: Upstream
    denied: Upstream
    proxy: Upstream
    shop: Client
    stranger: Client
    taken: Attacker

    def ask(self, url: str, *, who: str = "shop") -> Answer:
        """A GET whose connection goes by Host or SNI: its address is nobody's."""
        client = {"shop": self.shop, "stranger": self.stranger}[who]
        return client.curl(url, "--connect-to", "::192.0.2.1:", "--cacert", "/run/own-ca.crt")


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    names = ["upstream", "denied", "proxy"]
    upstream, denied, proxy = start_upstreams(namespace("wp-upstreams", "outside"), names)
    hosts = [f"{label}.{kind}.{DOMAIN}" for kind in ("own", "shared", "old", "mixed") for label in ("a", "denied")]
    known = {host: [denied.address if host.startswith("denied.") else upstream.address] for host in hosts}
    known |= {f"gold.own.{DOMAIN}": [upstream.address], "proxy.wp.example": [proxy.address]}
    far = [f"a.far.{DOMAIN}", f"api.partner.{DOMAIN}"]
    upstream.certify({host: authority.issue(host) for host in (*known, *far)})
    upstream.serve(Face(80), *(Face(port, tls="simple") for port in (443, 5671, 8443)))
    # it speaks first, and so has seen every connection, whatever is sent on it
    denied.serve(*(Face(port, "tcp", greets_first=True) for port in (80, 443, 5671, 8443)))
    proxy.serve(Face(3128, "connect", leads_to=upstream.address))
    dns.set_names(known)
    apply(*credentials(namespace(GATEWAYS, "plain"), authority))
    old = adopted(GATEWAYS, OLD)
    old["spec"]["template"]["metadata"]["labels"][GATEWAY_LABEL] = OLD  # how the tests tell who sent what
    apply(old)
    accounts = [ClientPod("shop", account="shop"), ClientPod("stranger", account="stranger")]
    shop, stranger = start_clients(namespace("wp-apps", "injected"), *accounts)
    namespace("wp-others", "injected")
    shop.write("/run/own-ca.crt", authority.certificate)
    stranger.write("/run/own-ca.crt", authority.certificate)
    kubectl("rollout", "status", f"deployment/{OLD}", "--namespace", GATEWAYS, "--timeout=90s")
    release = Release(GATEWAYS)
    release.apply(case("wildcard_ports", denied=denied.address))
    yield Fleet(upstream, denied, proxy, shop, stranger, take_over(shop))
    release.uninstall()
    dns.set_names({host: [] for host in known})


@pytest.mark.parametrize(("url", "port"), PORTS.items())
@pytest.mark.parametrize("kind", ["own", "shared", "old"])
def test_each_port_leads_to_its_own(fleet: Fleet, proof: Proof, kind: str, url: str, port: int) -> None:
    name = f"a.{kind}.{DOMAIN}"
    asked = url.format(name)
    wait_until(lambda: fleet.ask(asked).status == 200, f"{asked} answers", seconds=30)
    fleet.upstream.forget()
    answer = fleet.ask(asked)
    assert answer.status == 200, answer
    (seen,) = requests(fleet.upstream)
    assert (seen["face"], seen["tls"]["sni"]) == (f"http-{port}", name)
    assert senders(GATEWAYS)[peer(seen)] == {"shared": "wp-shared", "old": OLD}.get(
        kind, gateway_name(f"*.own.{DOMAIN}")
    )
    claim = f"ports of a wildcard have upstream ports of their own: {asked}"
    proof.row(WILDCARDS, claim, f"`GET {asked}`", f"on port {port}: {saw(seen)}", got(answer))


@pytest.mark.parametrize(("scheme", "port"), [("http", 80), ("https", 443)])
def test_ports_in_clear_and_with_tls(fleet: Fleet, proof: Proof, scheme: str, port: int) -> None:
    name = f"a.mixed.{DOMAIN}"
    asked = f"{scheme}://{name}/a"
    wait_until(lambda: fleet.ask(asked).status == 200, f"{asked} answers", seconds=30)
    answer = fleet.ask(asked)
    assert answer.status == 200, answer
    assert (answer.seen["face"], answer.seen["host"]) == (f"http-{port}", name)
    assert (answer.seen["tls"] or {}).get("sni") == (name if scheme == "https" else None)
    claim = f"a wildcard has a port in clear and one with TLS: {asked}"
    proof.row(WILDCARDS, claim, f"`GET {asked}`", f"on port {port}: {saw(answer.seen)}", got(answer))


@pytest.mark.parametrize(("url", "port"), PORTS.items())
@pytest.mark.parametrize("kind", ["a.far", "api.partner"])
def test_a_proxy_is_asked_for_each_port(fleet: Fleet, proof: Proof, kind: str, url: str, port: int) -> None:
    name = f"{kind}.{DOMAIN}"
    asked = url.format(name)
    wait_until(lambda: fleet.ask(asked).status == 200, f"{asked} answers", seconds=30)
    answer = fleet.ask(asked)
    assert (answer.seen["face"], answer.seen["tls"]["sni"]) == (f"http-{port}", name)
    assert f"{name}:{port}" in {seen["target"] for seen in fleet.proxy.seen()}
    shown = f"the proxy: `CONNECT {name}:{port}`; inside: {saw(answer.seen)}"
    proof.row(PROXIES, f"ports have upstream ports of their own: {asked}", f"`GET {asked}`", shown, got(answer))


@pytest.mark.parametrize("url", [*PORTS, "http://{}:5671/a", "https://{}:8080/a"])
@pytest.mark.parametrize("kind", ["own", "shared", "old"])
def test_no_port_leads_to_a_denied_address(fleet: Fleet, proof: Proof, kind: str, url: str) -> None:
    fleet.denied.forget()
    asked = url.format(f"denied.{kind}.{DOMAIN}")
    answer = fleet.ask(asked)
    assert answer.status != 200, answer
    assert fleet.denied.seen() == []
    claim = f"refused: a denied address, {asked}"
    proof.row(WILDCARDS, claim, f"`GET {asked}`", "nothing", got(answer))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_no_port_in_clear_or_with_tls_leads_to_a_denied_address(fleet: Fleet, scheme: str) -> None:
    fleet.denied.forget()
    assert fleet.ask(f"{scheme}://denied.mixed.{DOMAIN}/a").status != 200
    assert fleet.denied.seen() == []


@pytest.mark.parametrize("url", PORTS)
def test_neither_strangers_nor_listed_hosts(fleet: Fleet, proof: Proof, url: str) -> None:
    asked, listed = (url.format(f"{label}.own.{DOMAIN}") for label in ("a", "gold"))
    assert fleet.ask(asked).status == 200
    fleet.upstream.forget()
    for answer in (fleet.ask(asked, who="stranger"), fleet.ask(listed)):
        assert answer.status in (0, 403, 502, 503), answer
    assert requests(fleet.upstream) == []
    claim = f"refused: a listed host below a wildcard, {listed}"
    proof.row(WILDCARDS, claim, f"`GET {listed}`", "nothing", got(answer))


@pytest.mark.parametrize("port", [8080, 9104])
def test_the_wildcard_s_own_ports_refuse_a_listed_host(fleet: Fleet, port: int) -> None:
    """Whoever is taken over asks the wildcard's gateway itself, at the gateway's ports of both http:// ports."""
    address = gateways(GATEWAYS)[gateway_name(f"*.own.{DOMAIN}")].addresses[0]
    fleet.upstream.forget()
    sni = f"_.own.{DOMAIN}"
    assert fleet.taken.http(address, port, sni, "GET /a", f"Host: a.own.{DOMAIN}").status == 200
    fleet.upstream.forget()
    assert fleet.taken.http(address, port, sni, "GET /a", f"Host: gold.own.{DOMAIN}").status in (403, 404, 503)
    assert requests(fleet.upstream) == []
