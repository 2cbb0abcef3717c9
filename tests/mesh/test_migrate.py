"""docs/migrate.md: the commands of the page move hosts to gateways under load. Nothing is lost, and nobody gets in."""

from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.attacker import take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import adopted, peer, requests, senders
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import MIGRATION, Proof
from tests.mesh.reader import ROOT, Reader, block
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until
from tests.ops.load import prepare, steady

PAGE = ROOT / "docs" / "migrate.md"
#: The names of the page: where clients and the new gateways are.
APPS, GATEWAYS = "billing", "partners"
RATES, TAX, MAIL, FILES = (f"{name}.partner.example" for name in ("rates", "tax", "mail", "files"))
RATE = 100
#: So many requests in a row that took one way show that all do.
ROW = 100
STRANGE = "GET /stranger"


@dataclass(frozen=True)
class Move:
    """A section of the page, and the texts by which its blocks of commands are known."""

    heading: str
    urls: tuple[str, ...]
    switch: str
    hold: str = ""
    back: str = ""
    #: Where the old gateway is; empty: the clients' sidecars go to the upstream.
    old: str = ""
    #: A policy keeps other accounts of the clients' namespace out.
    by_account: bool = False

    def commands(self, text: str) -> str:
        """The commands of the section that have this text."""
        section = PAGE.read_text(encoding="utf-8").partition(f"### {self.heading}\n")[2].partition("\n##")[0]
        return block("sh", text, section)


OWN = Move(
    "From a gateway of your own",
    (f"http://{RATES}/",),
    switch='"gateways": ["rates"]',
    hold="exportTo",
    back='"gateways": ["mesh", "rates"]',
    old="rates-egress",
    by_account=True,
)
SIDECAR = Move(
    "From TLS in the sidecar",
    (f"http://{TAX}/",),
    switch="delete --filename hold.yaml",
    hold="cat > hold.yaml",
    back="cat > hold.yaml",  # now it is the younger one
)
SHARED = Move(
    "From a shared egress gateway",
    (f"http://{MAIL}/", f"https://{FILES}/"),
    switch='"gateways"',
    old="istio-egress",
)
MOVES = (OWN, SIDECAR, SHARED)


@dataclass(frozen=True)
class Scene:
    """The upstream of all hosts, the application, and those who may never call."""

    upstream: Upstream
    application: Client
    intern: Client
    stranger: Client

    def ways(self) -> set[str]:
        """The gateways of the release that the next requests come by; "" is another way."""
        self.upstream.forget()
        wait_until(lambda: len(requests(self.upstream)) >= ROW, "more requests", seconds=60)
        seen, gateways = requests(self.upstream), senders(GATEWAYS)
        assert {one["target"] for one in seen} == {"/"}, "a stranger was let in"
        assert all(one["tls"] for one in seen), "a request went out in clear"
        return {gateways.get(peer(one), "") for one in seen}

    def attack(self, move: Move) -> None:
        """The stranger's own certificate opens no gateway of the release."""
        attacker = take_over(self.stranger)
        gateways = {name: address for address, name in senders(GATEWAYS).items() if ":" not in address}
        for url in move.urls:
            scheme, _, host, _ = url.split("/")
            address = gateways[gateway_name(host)]
            if scheme == "http:":
                answer = attacker.http(address, 8080, host, STRANGE)
            else:
                answer = attacker.tls_in_tls(address, 8443, host, host, STRANGE)
            assert answer.status in (0, 403), answer


@pytest.fixture(scope="module")
def scene(namespace: MakeNamespace, public_authority: Authority) -> Iterator[Scene]:
    (upstream,) = start_upstreams(namespace("migrate-upstreams", "outside"), ["upstream"])
    hosts = (RATES, TAX, MAIL, FILES)
    upstream.certify({host: public_authority.issue(host) for host in hosts})
    upstream.serve(Face(443, tls="simple"), Face(80))  # what is in clear is seen, too
    upstream.be_known_as(*hosts)
    for old in filter(None, (move.old for move in MOVES)):
        apply(*gateway_that_runs(namespace(old)))
    namespace(GATEWAYS, "plain", RESTRICTED)
    application, intern = start_clients(
        namespace(APPS, "injected"), ClientPod("invoices", "invoices"), ClientPod("intern", "intern")
    )
    (stranger,) = start_clients(namespace("migrate-elsewhere", "injected"), ClientPod("stranger"))
    for client in (application, intern, stranger):
        prepare(client)
    for old in filter(None, (move.old for move in MOVES)):
        kubectl("rollout", "status", "--namespace", old, f"deployment/{old}", "--timeout=90s")
    yield Scene(upstream, application, intern, stranger)
    dns.set_names({host: [] for host in hosts})


def gateway_that_runs(namespace: str) -> list[Manifest]:
    """The pods of an egress gateway, and the Service that the page names; a plain user cannot have port 443."""
    ports = [{"name": f"p{port}", "port": port, "targetPort": target} for port, target in ((443, 8443), (8443, 9443))]
    service = {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": {"name": "gateway", "namespace": namespace},
        "spec": {"selector": {"istio": namespace}, "ports": ports},
    }
    return [adopted(namespace, namespace), service]


@pytest.fixture
def reader(tmp_path: Path) -> Reader:
    (tmp_path / "overlay.yaml").write_text(block("yaml", "# overlay.yaml", PAGE.read_text(encoding="utf-8")))
    return Reader(tmp_path)


@pytest.mark.parametrize("move", MOVES, ids=lambda move: move.heading.rpartition(" ")[2])
def test_hosts_move_under_load(scene: Scene, reader: Reader, proof: Proof, move: Move) -> None:
    reader.follow(move.commands("cat > old.yaml"))
    kubectl("apply", "--filename", str(reader.folder / "old.yaml"))
    wait_until(lambda: all(scene.application.curl(url).status == 200 for url in move.urls), "the old way", seconds=60)
    strangers = [scene.stranger, *([scene.intern] if move.by_account else [])]
    with ExitStack() as installed, ExitStack() as loads:
        refused = [loads.enter_context(steady(one, [f"{url}stranger" for url in move.urls], 10)) for one in strangers]
        # a connection for each request, so that none of them keeps to the old way
        carried = loads.enter_context(steady(scene.application, move.urls, RATE, "-keepalive=false"))
        if move.hold:
            reader.follow(move.commands(move.hold))
        installed.callback(Release(GATEWAYS, GATEWAYS).uninstall)
        reader.follow(OWN.commands("helm install"))
        assert scene.ways() == {""}, "callers noticed the installation"
        scene.attack(move)
        reader.follow(move.commands(move.switch))
        wait_until(lambda: "" not in scene.ways(), "the way by the gateways", seconds=60)
        if move.back:
            reader.follow(move.commands(move.back))
            wait_until(lambda: scene.ways() == {""}, "the way back", seconds=60)
            reader.follow(move.commands(move.switch))
            wait_until(lambda: "" not in scene.ways(), "the way by the gateways again", seconds=60)
        reader.follow(move.commands("--filename old.yaml"))
        assert "" not in scene.ways()
        scene.attack(move)
        assert "" not in scene.ways()
        loads.close()
    (report,) = carried
    assert report.failed == 0, report.errors
    assert all(one.failed == one.requests > 0 for (one,) in refused), refused
    claim = f'docs/migrate.md, "{move.heading}": its commands under load lose no request, and let no stranger in'
    sent = f"{RATE} times a second `GET {'`, `GET '.join(move.urls)}`; strangers the same"
    proof.row(MIGRATION, claim, sent, "the client's requests, with TLS", "200; strangers nothing")
