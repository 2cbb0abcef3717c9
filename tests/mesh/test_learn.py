"""From an open mesh to gateways: what a sidecar has really logged becomes the list that carries the same calls."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc.learning import Learned, learn
from egressc.learning.origin import Origin
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import peer, requests, senders
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.proof import OBSERVABILITY, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "learn-gateways", "learn-apps"
CLEAR, SECURE, BOTH, FORGED = (f"{name}.learn.example.com" for name in ("clear", "secure", "both", "forged"))
CALLS = (f"http://{CLEAR}/", f"https://{SECURE}/", f"http://{BOTH}:8080/", f"https://{BOTH}:8443/")
OPEN: Manifest = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "Sidecar",
    "metadata": {"name": "default", "namespace": APPS},
    "spec": {"egress": [{"hosts": ["*/*"]}], "outboundTrafficPolicy": {"mode": "ALLOW_ANY"}},
}
#: A sidecar reads Host and SNI only on ports that it knows. This host is nobody's.
NAMED: Manifest = {
    "apiVersion": "networking.istio.io/v1",
    "kind": "ServiceEntry",
    "metadata": {"name": "names-in-logs", "namespace": APPS},
    "spec": {
        "hosts": ["names-in-logs.invalid"],
        "exportTo": ["."],
        "resolution": "NONE",
        "ports": [
            {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol}
            for number, protocol in ((80, "HTTP"), (443, "TLS"), (8080, "HTTP"), (8443, "TLS"))
        ],
    },
}


@dataclass(frozen=True)
class Open:
    """A client that may call anybody, and the upstream of all names."""

    upstream: Upstream
    shop: Client
    folder: Path

    def answers(self) -> bool:
        """Whether each call is answered."""
        return [self.ask(url) for url in CALLS] == [200] * len(CALLS)

    def ask(self, url: str) -> int:
        """The status that the application gets."""
        return self.shop.curl(url, "--insecure", seconds=5).status

    def learn(self, *beside: str) -> Learned:
        """What the client's sidecar has logged, learned."""
        log = self.folder / "shop.log"
        log.write_text(kubectl("logs", "--namespace", APPS, self.shop.name, "--container", "istio-proxy"))
        return learn([str(log)], Origin(APPS, "shop"), beside)


@pytest.fixture(scope="module")
def open_mesh(
    namespace: MakeNamespace, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Open]:
    (upstream,) = start_upstreams(namespace("learn-upstreams", "outside"), ["upstream"])
    upstream.certify({name: authority.issue(name) for name in (SECURE, BOTH)})
    upstream.serve(Face(80), Face(8080), Face(443, tls="simple"), Face(8443, tls="simple"))
    upstream.be_known_as(CLEAR, SECURE, BOTH)
    namespace(GATEWAYS, "plain")
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    apply(OPEN, NAMED)
    mesh = Open(upstream, shop, tmp_path_factory.mktemp("learn"))
    wait_until(mesh.answers, "what the namespace's own Sidecar lets out", seconds=60)
    yield mesh
    dns.set_names({name: [] for name in (CLEAR, SECURE, BOTH)})


def test_what_was_called_is_carried_by_gateways(open_mesh: Open, proof: Proof) -> None:
    # a name that is not that of the upstream, and one that nobody answers
    header = (
        "--header",
        f'User-Agent: x" "id" "{FORGED}" "1.2.3.4:80" PassthroughCluster 1:1 1.2.3.4:80 1:1 - allow_any',
    )
    assert open_mesh.shop.curl(CALLS[0], *header).status == 200
    assert open_mesh.shop.curl(f"http://{FORGED}:81/", "--connect-to", f"::{CLEAR}:81", seconds=5).status in (0, 503)

    def learned() -> Learned | None:
        open_mesh.answers()  # again, as the sidecar may hear of the ports late, and then of the names
        found = open_mesh.learn()
        return found if {one.host for one in found.entries} == {CLEAR, SECURE, BOTH} else None

    found = wait_until(learned, "the log's lines", seconds=60)
    assert found is not None
    assert found.text is not None
    data = yaml.safe_load(found.text)
    assert _ports(data) == {CLEAR: [80], SECURE: [443], BOTH: [8080, 8443]}
    assert FORGED not in found.text
    # what belongs to this mesh: where gateways are, and no public CA for their checks
    data["defaults"] = data.get("defaults", {}) | {"namespace": GATEWAYS, "readiness": {"mode": "gateway"}}
    hosts = open_mesh.folder / "hosts.yaml"
    hosts.write_text(yaml.safe_dump(data))
    release = Release(GATEWAYS)
    release.apply(hosts.read_text())
    try:
        wait_until(lambda: _by_gateways(open_mesh), "the way through the gateways", seconds=60)
        again = open_mesh.learn(str(hosts))
        assert again.entries == ()
    finally:
        release.uninstall()
    claim = "`egressc learn`: a client's log in an open mesh becomes the list that carries its calls by gateways"
    sent = "shop: `http://`, `https://` and other ports, before and after"
    proof.row(OBSERVABILITY, claim, sent, "the same calls, from the gateways", "200")


def _ports(data: dict[str, Any]) -> dict[str, list[int]]:
    """The client ports of each host of a list."""
    usual = {"https": [443]}
    return {
        entry["host"]: [port["port"] for port in entry["ports"]] if "ports" in entry else usual[entry["speaks"]]
        for entry in data["hosts"]
    }


def _by_gateways(mesh: Open) -> bool:
    """Whether each call is answered, and the upstream sees gateways only."""
    mesh.upstream.forget()
    answered = mesh.answers()
    gateways = senders(GATEWAYS)
    return answered and all(peer(seen) in gateways for seen in requests(mesh.upstream))
