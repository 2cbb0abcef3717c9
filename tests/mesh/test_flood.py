"""A client that asks a wildcard for thousands of names closes it for nobody else."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, gateways, secret
from tests.mesh.gateway import stats
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import WILDCARDS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until

pytestmark = pytest.mark.since("a wildcard's denied ranges")
GATEWAYS = "flood-gateways"
FLOOD = 5000
#: Names that DNS knows, each asked for once.
FRESH = [f"fresh-{number}.flood.example.com" for number in range(200)]


@dataclass
class Fleet:
    """The list of cases/flood.yaml, installed, a client that has been taken over and one that works."""

    taken: Client
    shop: Client
    fresh: Iterator[str] = field(default_factory=lambda: iter(FRESH))

    def fill(self, scheme: str) -> str:
        """What becomes of thousands of names that nobody has asked for, as fast as they can be asked."""
        where = "http://192.0.2.1/\nheader=Host:{}" if scheme == "http" else "https://{}\nconnect-to=::192.0.2.1:"
        form = "\nwrite-out=%{http_code}\\n\noutput=/dev/null\nmax-time=20"
        names = (f"{scheme}-{number}.flood.example.com" for number in range(FLOOD))
        requests = "\nnext\n".join(f"url={where.format(name)}{form}" for name in names)
        many = "--silent --insecure --parallel --parallel-max 200 --config -"
        command = ["sh", "-c", f"date +%s; curl {many} | sort | uniq -c; date +%s"]
        done = self.taken.run(command, text=requests, seconds=120)
        return done.stdout

    def ask(self, scheme: str) -> int:
        """The status of a request of the other client for a name that nobody has asked for."""
        options = ("--connect-to", "::192.0.2.1:", "--cacert", "/run/own-ca.crt")
        return self.shop.curl(f"{scheme}://{next(self.fresh)}/a", *options).status


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("flood-upstreams", "outside"), ["upstream"])
    certificate = authority.issue("*.flood.example.com")
    upstream.certify(dict.fromkeys(FRESH, certificate))
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*FRESH)
    apply(secret(namespace(GATEWAYS, "plain", RESTRICTED), "own-ca", {"ca.crt": authority.certificate}))
    pods = (ClientPod(name, account=name) for name in ("taken", "shop"))
    taken, shop = start_clients(namespace("flood-apps", "injected"), *pods)
    shop.write("/run/own-ca.crt", authority.certificate)
    release = Release(GATEWAYS)
    release.apply(case("flood"))
    started = Fleet(taken, shop)
    wait_until(lambda: started.ask("http") == 200, "the wildcard answers", seconds=60)
    yield started
    release.uninstall()
    dns.set_names({name: [] for name in FRESH})


@pytest.mark.parametrize("scheme", ["http", "https"])
def test_new_names_are_found_during_a_flood_and_after_it(fleet: Fleet, proof: Proof, scheme: str) -> None:
    with ThreadPoolExecutor() as pool:
        flood = pool.submit(fleet.fill, scheme)
        meanwhile = []
        while not flood.done():
            meanwhile += [fleet.ask("http"), fleet.ask("https")]
    assert set(meanwhile) == {200}, (meanwhile, flood.result())
    assert sum(int(line.split()[0]) for line in flood.result().splitlines() if len(line.split()) == 2) == FLOOD
    after = [fleet.ask(one) for one in ("http", "https") * 3]
    assert set(after) == {200}, after
    (pod,) = (pod.name for pod in gateways(GATEWAYS).values())
    assert stats(GATEWAYS, pod, "server.memory_allocated")["server.memory_allocated"] < 200 * 2**20
    sent = f"{FLOOD} random names by one client, {scheme}; another asks for new ones meanwhile and afterwards"
    proof.row(
        WILDCARDS, f"a client that asks for many names closes no other's way, {scheme}", sent, "the other's", "200"
    )
