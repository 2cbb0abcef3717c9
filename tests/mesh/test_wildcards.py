"""A wildcard leads each name to its own upstream, verified by its own name, and to nothing else."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from ipaddress import IPv4Address

import pytest

from egressc.names import gateway_name
from tests.mesh import dns, gateway, versions
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import (
    ADDED,
    CLIENT,
    case,
    common_name,
    credentials,
    gateways,
    peer,
    requests,
    senders,
    wait_ready,
)
from tests.mesh.gateway import CONTAINER
from tests.mesh.kubectl import apply, execute, kubectl
from tests.mesh.namespaces import ALLOWED, RESTRICTED
from tests.mesh.page import CLOSED
from tests.mesh.proof import WILDCARDS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.settings import image
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, OUTSIDE = "wild-gateways", "wild-apps", "wild-upstreams"
ANY = "*.names.example.com"
#: The hosts each of whose names is an upstream of its own.
EACH = (ANY, "*.mutual.example.com")
CURLS = {"accept", "user-agent"}

#: Finds an upstream by a name's address, but for those that are denied.
FINDS = pytest.mark.since("a wildcard's denied ranges")

#: A team's own way to a wildcard's gateway, for a name that is none of the wildcard's.
ROGUE = """
apiVersion: networking.istio.io/v1
kind: ServiceEntry
metadata: {{name: rogue, namespace: {namespace}}}
spec:
  hosts: [outside.example.org]
  exportTo: ["."]
  location: MESH_EXTERNAL
  resolution: NONE
  ports: [{{number: 80, name: http, protocol: HTTP}}, {{number: 443, name: tls, protocol: TLS}}]
---
apiVersion: networking.istio.io/v1
kind: VirtualService
metadata: {{name: rogue, namespace: {namespace}}}
spec:
  hosts: [outside.example.org]
  exportTo: ["."]
  http:
  - match: [{{port: 80}}]
    route: [{{destination: {{host: {service}, port: {{number: 8080}}}}}}]
  tls:
  - match: [{{port: 443, sniHosts: [outside.example.org]}}]
    route: [{{destination: {{host: {service}, port: {{number: 8443}}}}}}]
"""

#: Another container of a gateway's pod, of the proxy's own user.
OTHER = {
    "name": "other",
    "image": image("peer"),
    "imagePullPolicy": "Never",
    "command": ["sleep", "60"],
    "securityContext": {**ALLOWED, "runAsUser": 1337},
}


@dataclass(frozen=True)
class Fleet:
    """The list of cases/wildcards.yaml, installed; two upstreams, and a third that no name may lead to."""

    first: Upstream
    second: Upstream
    denied: Upstream
    shop: Client
    stranger: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    first, second, denied = start_upstreams(namespace(OUTSIDE, "outside"), ["first", "second", "denied"])
    known = {
        "a.names.example.com": [first.address],
        "b.names.example.com": [second.address],
        "deep.below.names.example.com": [second.address],
        "other.names.example.com": [second.address],
        "gold.names.example.com": [second.address],
        "denied.names.example.com": [denied.address],
        "denied-v6.names.example.com": [denied.address_v6],
        "both.names.example.com": [denied.address, second.address],
        "moving.names.example.com": [second.address],
        "loopback.names.example.com": ["127.0.0.1"],
        "metadata.names.example.com": ["169.254.169.254"],
        "a.default.example.com": [denied.address],
        "a.mutual.example.com": [first.address],
        "a.common.example.com": [denied.address],
        "b.common.example.com": [denied.address],
        "other.common.example.com": [denied.address],
        "a.front.example.com": [denied.address],
        "outside.example.org": [second.address],
    }
    certificates = {name: authority.issue(name) for name in (*known, "front.example.com")} | {
        name: authority.issue("somebody-else.example.com") for name in known if name.startswith("other.")
    }
    for upstream in (first, second, denied):
        upstream.certify(certificates)
    first.serve(Face(443, tls="simple"), Face(8443, tls="mutual", client_ca=authority.certificate))
    second.serve(Face(443, tls="simple"))
    # it speaks first, and so has seen every connection, whatever is sent on it
    denied.serve(Face(443, "tcp", greets_first=True))
    dns.set_names(known)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    shop, stranger = start_clients(
        namespace(APPS, "injected"), ClientPod("shop", account="shop"), ClientPod("stranger", account="stranger")
    )
    for client in (shop, stranger):
        client.write("/run/own-ca.crt", authority.certificate)
    release = Release(GATEWAYS)
    release.apply(case("wildcards", address=first.address, denied=denied.address, denied_v6=denied.address_v6))
    own = (f"*.{domain}.example.com" for domain in ("names", "default", "common", "front"))
    wait_ready(GATEWAYS, [*own, "gold.names.example.com"])
    if versions.can(versions.chosen(), "a wildcard's denied ranges"):  # those who share pods
        wait_until(lambda: ask(shop, "http://a.mutual.example.com/").status == 200, "a shared gateway", seconds=60)
    yield Fleet(first, second, denied, shop, stranger)
    release.uninstall()
    dns.set_names({name: [] for name in known})


def ask(client: Client, url: str, *options: str, seconds: float = 10) -> Answer:
    """A GET whose connection goes by Host or SNI alone: its address is nobody's."""
    return client.curl(url, "--connect-to", "::192.0.2.1:", "--cacert", "/run/own-ca.crt", *options, seconds=seconds)


@dataclass(frozen=True)
class Name:
    """A name below a wildcard, the upstream that it must reach, and the SNI and client certificate seen there."""

    claim: str
    host: str
    wildcard: str
    upstream: str
    sni: str = ""
    certificate: str = ""
    scheme: str = "http"
    gateway: str = ""


NAMES = [
    Name("a name, by the gateway's TLS", "a.names.example.com", ANY, "first"),
    Name("another name of it, another upstream", "b.names.example.com", ANY, "second"),
    Name("a name of several labels", "deep.below.names.example.com", ANY, "second"),
    Name("a name with a denied address beside a good one", "both.names.example.com", ANY, "second"),
    Name("a name, by the application's TLS", "a.names.example.com", ANY, "first", scheme="https"),
    Name("another name, by the application's TLS", "b.names.example.com", ANY, "second", scheme="https"),
    Name(
        "a host of its own below a wildcard, by its own gateway",
        "gold.names.example.com",
        "gold.names.example.com",
        "second",
    ),
    Name(
        "a name, by mutual TLS, on a gateway that others share",
        "a.mutual.example.com",
        "*.mutual.example.com",
        "first",
        certificate=CLIENT,
        gateway="wild-shared",
    ),
    Name("one upstream for all names, a certificate each", "a.common.example.com", "*.common.example.com", "first"),
    Name("the same for another name", "b.common.example.com", "*.common.example.com", "first"),
    Name(
        "one upstream for all names, by the application's TLS",
        "b.common.example.com",
        "*.common.example.com",
        "first",
        scheme="https",
    ),
    Name(
        "one upstream and one certificate for all names",
        "a.front.example.com",
        "*.front.example.com",
        "first",
        sni="front.example.com",
    ),
]


def by_address(name: Name) -> object:
    """A case that needs a proxy that can deny addresses, where the name's upstream is found by its address."""
    return pytest.param(name, marks=FINDS) if name.wildcard in EACH else name


@pytest.mark.parametrize("name", [by_address(name) for name in NAMES], ids=lambda name: f"{name.scheme}-{name.host}")
def test_each_name_reaches_its_upstream(fleet: Fleet, proof: Proof, name: Name) -> None:
    url = f"{name.scheme}://{name.host}/a"
    answer = ask(fleet.shop, url)
    assert answer.status == 200, answer
    upstream = {"first": fleet.first, "second": fleet.second}[name.upstream]
    assert requests(upstream, lambda seen: seen.get("host") == name.host), f"{name.upstream} saw nothing"
    seen = answer.seen
    assert seen["tls"]["sni"] == (name.sni or name.host)
    assert common_name(seen) == name.certificate
    assert set(seen["headers"]) - ADDED == CURLS
    assert senders(GATEWAYS)[peer(seen)] == (name.gateway or gateway_name(name.wildcard))
    proof.row(WILDCARDS, f"`{name.wildcard}`: {name.claim}", f"`GET {url}`", saw(seen), got(answer))


@pytest.mark.before("a wildcard's denied ranges")
@pytest.mark.parametrize(
    "name", [name for name in NAMES if name.wildcard in EACH], ids=lambda name: f"{name.scheme}-{name.host}"
)
def test_a_proxy_that_cannot_deny_addresses_finds_none(fleet: Fleet, proof: Proof, name: Name) -> None:
    for upstream in (fleet.first, fleet.second):
        upstream.forget()
    url = f"{name.scheme}://{name.host}/a"
    answer = ask(fleet.shop, url)
    assert answer.status == (503 if name.scheme == "http" else 0), answer
    assert requests(fleet.first) + requests(fleet.second) == []
    proof.row(WILDCARDS, f"{CLOSED} `{name.wildcard}`: {name.claim}", f"`GET {url}`", "nothing", got(answer))


@dataclass(frozen=True)
class Refusal:
    """What must not reach an upstream, and the status that the client gets; 0 is no answer."""

    claim: str
    url: str
    status: int
    options: tuple[str, ...] = ()
    who: str = "shop"


REFUSALS = [
    Refusal("a name whose certificate is for another name", "http://other.names.example.com/a", 503),
    Refusal("one upstream, a name whose certificate is for another", "http://other.common.example.com/a", 503),
    Refusal("a denied address", "http://denied.names.example.com/a", 503),
    Refusal("a denied address, passthrough", "https://denied.names.example.com/a", 0),
    Refusal("a denied IPv6 address", "http://denied-v6.names.example.com/a", 503),
    Refusal("a loopback address", "http://loopback.names.example.com/a", 503),
    Refusal("a loopback address, passthrough", "https://loopback.names.example.com/a", 0),
    Refusal("the address of a cloud's metadata", "http://metadata.names.example.com/a", 503),
    Refusal("a private address, where the list denies no range itself", "http://a.default.example.com/a", 503),
    Refusal("the same, passthrough", "https://a.default.example.com/a", 0),
    Refusal("a name that DNS does not know", "http://nobody.names.example.com/a", 503),
    Refusal("the domain itself", "http://names.example.com/a", 502),
    Refusal("an address for a name", "http://a.names.example.com/a", 502, ("--header", "Host: 127.0.0.1")),
    Refusal("an account that may not call", "http://b.names.example.com/a", 403, who="stranger"),
    Refusal("an account that may not call, passthrough", "https://b.names.example.com/a", 0, who="stranger"),
]


@pytest.mark.parametrize("refusal", REFUSALS, ids=lambda refusal: refusal.url)
def test_refused(fleet: Fleet, proof: Proof, refusal: Refusal) -> None:
    for upstream in (fleet.first, fleet.second, fleet.denied):
        upstream.forget()
    answer = ask({"shop": fleet.shop, "stranger": fleet.stranger}[refusal.who], refusal.url, *refusal.options)
    assert answer.status == refusal.status, answer
    assert requests(fleet.first) + requests(fleet.second) + fleet.denied.seen() == []
    proof.row(WILDCARDS, f"refused: {refusal.claim}", f"`GET {refusal.url}`", "nothing", got(answer))


def test_a_denied_address_is_denied_as_an_ipv4_mapped_one(fleet: Fleet, proof: Proof) -> None:
    fleet.denied.forget()
    name = f"{int(IPv4Address(fleet.denied.address)):08x}.mapped.names.example.com"
    for scheme, status in (("http", 503), ("https", 0)):
        answer = ask(fleet.shop, f"{scheme}://{name}/a")
        assert answer.status == status, answer
        assert fleet.denied.seen() == []
        claim = f"refused: a denied address, IPv4-mapped, {scheme}"
        proof.row(
            WILDCARDS, claim, "`GET` of a name whose AAAA record is `::ffff:` and the address", "nothing", got(answer)
        )


#: The private address 10.0.0.1 and the metadata service's, as IPv6 hides an IPv4 address, and a public one beside them.
FORMS = {
    "by NAT64": "64:ff9b::a00:1",
    "by NAT64 of a network's own": "64:ff9b:1::a00:1",
    "by 6to4": "2002:a9fe:a9fe::1",
    "IPv4-compatible": "::10.0.0.1",
    "IPv4-translated": "::ffff:0:a9fe:a9fe",
    "by Teredo": "2001:0:a9fe:a9fe::1",
    "by a 6to4 relay": "192.88.99.1",
}
PUBLIC = "2001:4860:4860::8888"


@FINDS
def test_a_denied_address_is_denied_in_every_form(fleet: Fleet, proof: Proof) -> None:
    """Envoy may connect to the public one alone: what it knows of the names is what is left of DNS' answers."""
    names = {f"form-{index}.default.example.com": [form] for index, form in enumerate(FORMS.values())}
    dns.set_names(names | {"public.default.example.com": [PUBLIC]})
    try:
        for name in (*names, "public.default.example.com"):
            assert ask(fleet.shop, f"http://{name}/a", seconds=3).status in (0, 503), name
        wildcard = gateway_name("*.default.example.com")
        pod = gateways(GATEWAYS)[wildcard].name
        # forgotten some seconds after their last use: so the last one tells that the others would be there
        assert gateway.addresses_of(GATEWAYS, pod, f"{wildcard}.wildcard") == {PUBLIC}
    finally:
        dns.set_names({name: [] for name in (*names, "public.default.example.com")})
    for form in FORMS:
        claim = f"refused: a denied address, {form}"
        proof.row(WILDCARDS, claim, "`GET` of a name whose only address it is", "nothing", "503, and Envoy knows none")


@FINDS
def test_a_port_in_the_host_leads_nowhere_else(fleet: Fleet, proof: Proof) -> None:
    answer = ask(fleet.shop, "http://b.names.example.com/a", "--header", "Host: b.names.example.com:9000")
    assert answer.status == 200, answer
    assert answer.seen["face"] == "http-443"
    claim = "the client chooses no port of the upstream"
    proof.row(WILDCARDS, claim, "`Host: b.names.example.com:9000`", f"on port 443: {saw(answer.seen)}", got(answer))


@pytest.mark.parametrize(("scheme", "status"), [("http", 403), ("https", 0)])
def test_a_name_outside_is_refused_by_the_gateway(fleet: Fleet, proof: Proof, scheme: str, status: int) -> None:
    """A namespace may lead its own pods to the gateway with any name: the gateway itself must refuse it."""
    service = f"{gateway_name(ANY)}.{GATEWAYS}.svc.cluster.local"
    rogue = ROGUE.format(namespace=APPS, service=service)
    fleet.second.forget()
    apply(rogue)
    try:
        wait_until(
            lambda: ask(fleet.shop, "http://outside.example.org/a").status == 403,
            "the sidecar leads the name to the gateway, which has no route for it",
            seconds=60,
        )
        answer = ask(fleet.shop, f"{scheme}://outside.example.org/a")
    finally:
        kubectl("delete", "--filename=-", text=rogue)
    assert answer.status == status, answer
    assert requests(fleet.second) == []
    sent = f"`GET {scheme}://outside.example.org/a`, led to the gateway by a VirtualService of the client's namespace"
    proof.row(WILDCARDS, f"refused: a name outside the wildcard, {scheme}", sent, "nothing", got(answer))


@FINDS
def test_dns_that_changes_its_mind(fleet: Fleet, proof: Proof) -> None:
    """A name that led to a good address, and now to a denied one as well: only the new good one is taken."""
    url = "http://moving.names.example.com/a"
    assert ask(fleet.shop, url).status == 200
    fleet.first.forget()
    fleet.denied.forget()
    dns.set_names({"moving.names.example.com": [fleet.denied.address, fleet.first.address]})
    fleet.second.serve()  # ends the connection that is open to it
    try:
        wait_until(lambda: ask(fleet.shop, url).status == 200, "the name is asked at its new address", seconds=40)
    finally:
        fleet.second.serve(Face(443, tls="simple"))
    (seen, *_) = requests(fleet.first, lambda seen: seen.get("host") == "moving.names.example.com")
    assert fleet.denied.seen() == []
    claim = "refused: a name that led to a good address and leads to a denied one as well now"
    proof.row(WILDCARDS, claim, f"`GET {url}`", f"nothing; at the name's other address: {saw(seen)}", "200")


@FINDS
def test_its_socket_is_the_gateway_container_s_alone(fleet: Fleet, proof: Proof) -> None:  # noqa: ARG001
    """Another container of the pod shares its network: no listener is there, and the socket's folder is not its."""
    pods = gateways(GATEWAYS)
    pod, ordinary = (pods[gateway_name(host)].name for host in (ANY, "gold.names.example.com"))
    path = f"/etc/istio/proxy/{gateway_name(ANY)}.http-80.upstream.sock"
    assert execute(GATEWAYS, pod, CONTAINER, ["test", "-S", path]).returncode == 0
    patch = json.dumps({"spec": {"ephemeralContainers": [OTHER]}})
    kubectl("patch", "pod", "--namespace", GATEWAYS, pod, "--subresource=ephemeralcontainers", f"--patch={patch}")
    wait_until(
        lambda: execute(GATEWAYS, pod, "other", ["true"]).returncode == 0,
        "another container of the gateway's pod runs",
        seconds=60,
    )
    assert execute(GATEWAYS, pod, "other", ["test", "-e", path]).returncode == 1
    own, others = (listening(name, container) for name, container in ((pod, "other"), (ordinary, CONTAINER)))
    assert own - {8443} <= others
    claim = "no other container of the pod reaches what finds the upstreams"
    proof.row(WILDCARDS, claim, "a look around from another container of the pod", "", "no socket and no port of it")


def listening(pod: str, container: str) -> set[int]:
    """The TCP ports that somebody listens on in a gateway's pod, whatever container is asked."""
    tables = execute(GATEWAYS, pod, container, ["cat", "/proc/net/tcp", "/proc/net/tcp6"]).stdout.splitlines()
    rows = [line.split() for line in tables]
    return {int(row[1].rpartition(":")[2], 16) for row in rows if row[3] == "0A"}
