"""What a gateway carries is for its host: the SNI inside of the mesh's TLS, and names that have a way of their own."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any

import pytest

from egressc.names import gateway_name, shared_name
from tests.mesh import dns, versions
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, requests, secret
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import INNER, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Seen, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, ADOPTED, APPS = "inner-gateways", "inner-adopted", "inner-apps"
OUTSIDE, OTHERS = "inner-upstreams", "inner-others"
CA = "/run/own-ca.crt"
NOWHERE = ("--connect-to", "::192.0.2.1:", "--insecure")


def name(host: str) -> str:
    return f"{host}.inner.example.com"


@dataclass(frozen=True)
class Door:
    """A team's own way to a gateway's port, for any bytes: its sidecar wraps them in the mesh's TLS for this host."""

    host: str
    port: int
    namespace: str = GATEWAYS
    gateway: str = ""  # whose pods carry it, where they are not its own

    @property
    def service(self) -> str:
        own = gateway_name(self.host)
        return shared_name(own, self.gateway) if self.gateway else own

    @property
    def address(self) -> str:
        return f"240.0.98.{DOORS.index(self) + 1}"


SSO = Door(name("sso"), 8443)
SECOND = Door(name("sso"), 9443)
SHARED = Door(name("shared"), 8443, gateway="inner-shared")
ON_ADOPTED = Door(name("adopted"), 20443, ADOPTED, "inner-adopted")
TUNNEL = Door(name("tunnel"), 8443)
WILD, WILD_HTTP = Door(f"*.{name('wild')}", 8443), Door(f"*.{name('wild')}", 8080)
ONE, ONE_HTTP = Door(f"*.{name('one')}", 8443), Door(f"*.{name('one')}", 8080)
FAR, FAR_HTTP = Door(f"*.{name('far')}", 8443), Door(f"*.{name('far')}", 8080)
#: What the first wildcard's gateway needs to let anything in.
RANGES = "a wildcard's denied ranges"
DOORS = [SSO, SECOND, SHARED, ON_ADOPTED, TUNNEL, WILD, WILD_HTTP, ONE, ONE_HTTP, FAR, FAR_HTTP]
ANOTHER = name("another")
NAMES = [
    *("sso", "shared", "adopted", "tunnel", "another"),
    *(f"{name}.{domain}" for domain in ("wild", "one", "far") for name in ("a", "gold", "silver")),
    "x.deep.wild",
]


#: What a later list has more.
SILVER = """
- host: silver.wild.inner.example.com
  clients: [inner-others]
  tls: {secret: own-ca}
- host: silver.one.inner.example.com
  clients: [inner-others]
  tls: {secret: own-ca}
"""


@dataclass(frozen=True)
class Fleet:
    """The list of cases/inner-names.yaml, installed, with doors to its gateways."""

    upstream: Upstream
    proxy: Upstream
    shop: Client
    release: Release
    hosts: str

    def forget(self) -> None:
        for one in (self.upstream, self.proxy):
            one.forget()

    def through(self, door: Door, url: str, *options: str, seconds: float = 10) -> Answer:
        """A GET of `url` whose bytes take `door`, with the URL's own Host and SNI."""
        return self.shop.curl(url, "--connect-to", f"::{door.address}:7000", "--insecure", *options, seconds=seconds)


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    upstream, proxy = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream", "proxy"])
    certificates = {name(host): authority.issue(name(host)) for host in NAMES}
    upstream.certify(certificates | {"": authority.issue(ANOTHER)})
    upstream.serve(Face(443, tls="simple"))
    proxy.serve(Face(3128, "connect", leads_to=upstream.address))
    upstream.be_known_as(*map(name, NAMES))
    proxy.be_known_as(name("proxy"))
    namespace(ADOPTED)
    apply(
        *credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority),
        secret(ADOPTED, "own-ca", {"ca.crt": authority.certificate}),
        somebody_s_gateway(),
    )
    namespace(OTHERS)
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    shop.write(CA, authority.certificate)
    kubectl("rollout", "status", "deployment/inner-egress", "--namespace", ADOPTED, "--timeout=60s")
    release = Release(GATEWAYS)
    hosts = case("inner-names", address=upstream.address)
    release.apply(hosts)
    apply(*(each for door in DOORS for each in opened(door)))
    found = Fleet(upstream, proxy, shop, release, hosts)
    finds = versions.can(versions.chosen(), RANGES)
    doors = [door for door in DOORS if finds or door not in (WILD, WILD_HTTP)]
    wait_until(
        lambda: all(found.through(door, right(door)).status == 200 for door in doors), "all doors are open", seconds=120
    )
    yield found
    release.uninstall()
    dns.set_names({name(host): [] for host in (*NAMES, "proxy")})


def right(door: Door, path: str = "/a") -> str:
    """What may pass this door."""
    return f"{'https' if door.port % 1000 == 443 else 'http'}://{door.host.replace('*', 'a')}{path}"


def opened(door: Door) -> Iterator[dict[str, Any]]:
    called = f"door-{DOORS.index(door) + 1}"
    host = f"{called}.{name('doors')}"
    service = f"{door.service}.{door.namespace}.svc.cluster.local"
    specs: dict[str, dict[str, Any]] = {
        "ServiceEntry": {
            "hosts": [host],
            "addresses": [door.address],
            "exportTo": ["."],
            "location": "MESH_EXTERNAL",
            "resolution": "NONE",
            "ports": [{"number": 7000, "name": "tcp", "protocol": "TCP"}],
        },
        "VirtualService": {
            "hosts": [host],
            "exportTo": ["."],
            "tcp": [{"route": [{"destination": {"host": service, "port": {"number": door.port}}}]}],
        },
    }
    for kind, spec in specs.items():
        yield istio(kind, APPS, called, spec)


def istio(kind: str, namespace: str, called: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": called, "namespace": namespace}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def somebody_s_gateway() -> dict[str, Any]:
    """Pods that run already, and carry hosts of no list."""
    labels = {"istio": "inner-egress"}
    container = {"name": "istio-proxy", "image": "auto", "imagePullPolicy": "IfNotPresent"}
    template = {
        "metadata": {
            "labels": labels | {"sidecar.istio.io/inject": "true"},
            "annotations": {"inject.istio.io/templates": "gateway"},
        },
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": "inner-egress", "namespace": ADOPTED},
        "spec": {"selector": {"matchLabels": labels}, "template": template},
    }


CARRIED = {
    "a gateway of its own": SSO,
    "its second port": SECOND,
    "a shared gateway": SHARED,
    "adopted pods": ON_ADOPTED,
    "behind a proxy": TUNNEL,
    "a wildcard": WILD,
    "a wildcard with one upstream": ONE,
    "a wildcard behind a proxy": FAR,
}


@pytest.mark.parametrize(
    "carrier",
    [
        pytest.param(carrier, marks=pytest.mark.since(RANGES)) if door is WILD else carrier
        for carrier, door in CARRIED.items()
    ],
)
def test_the_host_s_own_sni_passes(fleet: Fleet, proof: Proof, carrier: str) -> None:
    door = CARRIED[carrier]
    fleet.forget()
    answer = fleet.through(door, right(door))
    assert answer.status == 200, answer
    (seen,) = requests(fleet.upstream)
    assert seen["tls"]["sni"] == door.host.replace("*", "a")
    proof.row(INNER, f"{carrier}: TLS for the host", f"`GET {right(door)}`", saw(seen), got(answer))


INSIDE: dict[str, tuple[str, tuple[str, ...]]] = {
    "TLS for another host": (f"https://{ANOTHER}/a", ()),
    "TLS for another host, with the right one's Host": (f"https://{ANOTHER}/a", ("--header", "Host: {host}")),
    "TLS without SNI": ("https://192.0.2.7/a", ("--header", "Host: {host}")),
    "no TLS": ("http://{host}/a", ()),
}


@pytest.mark.parametrize("inside", INSIDE)
@pytest.mark.parametrize("carrier", CARRIED)
def test_anything_else_is_closed(fleet: Fleet, proof: Proof, carrier: str, inside: str) -> None:
    door, (url, options) = CARRIED[carrier], INSIDE[inside]
    host = door.host.replace("*", "a")
    # on the port where the upstream would answer in clear, too
    fleet.upstream.serve(Face(443, tls="" if inside == "no TLS" else "simple"))
    try:
        fleet.forget()
        answer = fleet.through(door, url.format(host=host), *(option.format(host=host) for option in options))
        assert answer.status == 0, answer
        assert requests(fleet.upstream) == []
    finally:
        fleet.upstream.serve(Face(443, tls="simple"))
    proof.row(INNER, f"refused: {carrier}, {inside} inside of the mesh's TLS", f"for `{host}`", "nothing", got(answer))


WILDCARDS = {
    "a wildcard": ("wild", WILD, WILD_HTTP),
    "a wildcard with one upstream": ("one", ONE, ONE_HTTP),
    "a wildcard behind a proxy": ("far", FAR, FAR_HTTP),
}
#: How a listed host is written in `Host`, {} its name.
SPELLINGS = ["{}", "{}:80", "{}:443", "GOLD.{rest}", "{}."]


@pytest.mark.parametrize("kind", WILDCARDS)
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_a_listed_host_is_closed_by_http(fleet: Fleet, proof: Proof, kind: str, spelling: str) -> None:
    domain, _, door = WILDCARDS[kind]
    rest = name(domain)
    said = spelling.format(f"gold.{rest}", rest=rest)
    refused(fleet, proof, kind, said, fleet.through, door, f"http://a.{rest}/a", "--header", f"Host: {said}")


@pytest.mark.parametrize("kind", WILDCARDS)
@pytest.mark.parametrize("spelling", ["gold", "GOLD"])
def test_a_listed_host_is_closed_by_tls(fleet: Fleet, proof: Proof, kind: str, spelling: str) -> None:
    domain, door, _ = WILDCARDS[kind]
    said = f"{spelling}.{name(domain)}"
    fleet.forget()
    outcome = fleet.shop.tcp(f"{door.address}:7000", "-tls", "-ca", CA, "-sni", said)
    assert (outcome.ok, "EOF" in outcome.error or "reset" in outcome.error) == (False, True), outcome
    assert requests(fleet.upstream) == []
    assert not [seen for seen in fleet.proxy.seen() if "gold" in seen["target"].lower()]
    claim = f"refused: a listed host below {kind}, by TLS, SNI `{said}`"
    proof.row(INNER, claim, "a TLS handshake", "nothing", got(outcome))


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_a_narrower_wildcard_is_closed(fleet: Fleet, proof: Proof, scheme: str) -> None:
    door = WILD if scheme == "https" else WILD_HTTP
    url = f"{scheme}://{name('x.deep.wild')}"
    refused(fleet, proof, "a wildcard, a name of a narrower one", url, fleet.through, door, f"{url}/a")


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_an_ordinary_caller_is_refused_too(fleet: Fleet, proof: Proof, scheme: str) -> None:
    """A namespace that does not have the listed host has the wildcard's sidecar route for its name."""
    url = f"{scheme}://{name('gold.wild')}"
    refused(fleet, proof, "a wildcard, by its sidecar's own route", url, fleet.shop.curl, f"{url}/a", *NOWHERE)


def refused(fleet: Fleet, proof: Proof, kind: str, said: str, ask: Any, *arguments: Any) -> None:
    fleet.forget()
    answer = ask(*arguments)
    assert answer.status in (0, 403, 404, 503), answer
    assert requests(fleet.upstream) == []
    assert not [seen for seen in fleet.proxy.seen() if "gold" in seen["target"].lower()]
    status = "refused" if answer.status else "no answer"
    proof.row(INNER, f"refused: a listed host below {kind}, `{said}`", f"`{said}`", "nothing", status)


@pytest.mark.since(RANGES)
def test_a_host_that_is_listed_later_cuts_no_other_name(fleet: Fleet, proof: Proof) -> None:
    """The wildcard's listener gets one filter chain more; Envoy ends what stands in a changed one after 45 s."""
    with ThreadPoolExecutor() as pool:
        slow = [
            pool.submit(fleet.through, door, right(door, "/slow?seconds=55"), seconds=70)
            for door in (WILD, WILD_HTTP, ONE)
        ]
        wait_until(lambda: len(requests(fleet.upstream, is_slow)) == len(slow), "they have begun", seconds=60)
        fleet.release.apply(fleet.hosts + SILVER)
        refused_by = (f"https://{name('silver.wild')}/a", f"https://{name('silver.one')}/a")
        for door, url in zip((WILD, ONE), refused_by, strict=True):
            wait_until(lambda: fleet.through(door, url).status == 0, f"{url} is closed", seconds=60)  # noqa: B023
        answers = [one.result() for one in slow]
    assert [answer.status for answer in answers] == [200] * len(slow), answers
    claim = "a host that is listed later below a wildcard is closed there, and cuts no request for another name"
    proof.row(INNER, claim, "three requests that take 55 s", "all", "200; the new host: no answer")


def is_slow(seen: Seen) -> bool:
    return seen.get("path") == "/slow"
