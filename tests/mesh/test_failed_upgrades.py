"""docs/howto/failed-upgrade.md: what goes wrong touches no other host, and the commands of the page lead back."""

import os
import signal
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import gateways, wait_answers
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import OPERATIONS, Proof
from tests.mesh.reader import ROOT, Reader, block
from tests.mesh.release import Release
from tests.mesh.steady import asked
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "failed-gateways", "failed-apps"
TEXT = (ROOT / "docs" / "howto" / "failed-upgrade.md").read_text(encoding="utf-8")
PAGE = TEXT.replace("--namespace egress", f"--namespace {GATEWAYS}")
UPGRADE = block("sh", "--values values.yaml", PAGE)
INSTALL = UPGRADE.replace("helm upgrade", "helm install")
ROLLBACK = block("sh", "helm rollback", PAGE)
UNINSTALL = block("sh", "helm uninstall", PAGE)
SHARD = block("sh", "--shards 2", PAGE)
FIRST = SHARD.replace("egress-2", "egress-1").replace("shard-2", "shard-1")
KEPT, NEXT, *_ = HOSTS = tuple(f"{name}.failed.example.com" for name in ("kept", "next", "one", "two", "three"))
#: DNS does not know it: its gateway is never Ready, and who waits for it waits.
UNKNOWN = "unknown.failed.example.com"


@dataclass(frozen=True)
class Scene:
    """An application, and who installs in a folder."""

    application: Client
    reader: Reader

    def write(self, *hosts: str) -> None:
        """The list of these hosts."""
        text = (
            f"version: 1\ndefaults: {{clients: [{APPS}], namespace: {GATEWAYS}}}\nhosts: [{', '.join(sorted(hosts))}]\n"
        )
        (self.reader.folder / "hosts.yaml").write_text(text)

    def apply(self, commands: str, *hosts: str) -> None:
        """Follow the page with these hosts, until each answers."""
        self.write(*hosts)
        self.reader.follow(commands)
        wait_answers((self.application, url(host)) for host in hosts)

    def cut_off(self, commands: str, *hosts: str) -> None:
        """Commands for these hosts are killed while they wait for UNKNOWN."""
        self.write(*hosts, UNKNOWN)
        process = self.reader.begin(commands)
        wait_until(lambda: gateway_name(UNKNOWN) in gateways(GATEWAYS), "half of it is there", seconds=60)
        os.killpg(process.pid, signal.SIGKILL)
        process.wait()


def url(host: str) -> str:
    return f"http://{host}/"


@pytest.fixture(scope="module")
def application(namespace: MakeNamespace, public_authority: Authority) -> Iterator[Client]:
    (upstream,) = start_upstreams(namespace("failed-upstreams", "outside"), ["upstream"])
    upstream.certify({host: public_authority.issue(host) for host in HOSTS})
    upstream.be_known_as(*HOSTS)
    upstream.serve(Face(443, tls="simple"))
    namespace(GATEWAYS, "plain", RESTRICTED)
    (client,) = start_clients(namespace(APPS, "injected"), ClientPod("app"))
    yield client
    dns.set_names({host: [] for host in HOSTS})


@pytest.fixture
def scene(application: Client, tmp_path: Path) -> Iterator[Scene]:
    yield Scene(application, Reader(tmp_path))
    kubectl("delete", "resourcequotas", "--all", "--namespace", GATEWAYS)
    for release in set(kubectl("get", "secrets", f"--namespace={GATEWAYS}", "--selector=owner=helm", OUTPUT).split()):
        Release(GATEWAYS, release).uninstall()


#: What `kubectl get` says of Helm's Secrets: the releases' names.
OUTPUT = "--output=jsonpath={.items[?(@.metadata.labels.status!='superseded')].metadata.labels.name}"


def test_an_upgrade_is_cut_off(scene: Scene, proof: Proof) -> None:
    scene.apply(INSTALL, KEPT)
    with asked(scene.application, "kept", url(KEPT)) as answers:
        scene.cut_off(UPGRADE, KEPT)
        again = scene.reader.run(UPGRADE)
        assert again.returncode
        assert "another operation (install/upgrade/rollback) is in progress" in again.stderr
        scene.reader.follow(ROLLBACK)
        wait_until(lambda: gateways(GATEWAYS).keys() == {gateway_name(KEPT)}, "what was there before", seconds=60)
        scene.apply(UPGRADE, KEPT, NEXT)
    shown(proof, "`helm upgrade` is killed, and rolled back", answers)


def test_an_installation_is_cut_off(scene: Scene, proof: Proof) -> None:
    beside = Release(GATEWAYS, "beside")
    scene.write(KEPT)
    beside.apply((scene.reader.folder / "hosts.yaml").read_text())
    wait_answers([(scene.application, url(KEPT))])
    with asked(scene.application, "beside", url(KEPT)) as answers:
        scene.cut_off(INSTALL)
        scene.reader.follow(UNINSTALL)
        wait_until(lambda: gateways(GATEWAYS).keys() == {gateway_name(KEPT)}, "the other release's", seconds=60)
        scene.apply(INSTALL, NEXT)
    shown(proof, "`helm install` is killed, removed and done again: a host of another release", answers)


def test_an_object_is_refused(scene: Scene, proof: Proof) -> None:
    scene.apply(INSTALL, KEPT)
    quota = {"hard": {"count/deployments.apps": "1"}}
    metadata = {"name": "full", "namespace": GATEWAYS}
    apply({"apiVersion": "v1", "kind": "ResourceQuota", "metadata": metadata, "spec": quota})
    wait_until(lambda: get("resourcequota", "full", f"--namespace={GATEWAYS}").get("status"), "the quota", seconds=60)
    with asked(scene.application, "refused", url(KEPT)) as answers:
        scene.write(KEPT, NEXT)
        refused = scene.reader.run(UPGRADE)
        assert refused.returncode
        assert "exceeded quota" in refused.stderr
        kubectl("delete", "resourcequota", "full", f"--namespace={GATEWAYS}")
        scene.apply(UPGRADE, KEPT, NEXT)
    shown(proof, "a quota refuses an object in the middle, and the same command is run again", answers)


def test_pods_find_no_node(scene: Scene, proof: Proof) -> None:
    scene.apply(INSTALL, KEPT)
    with asked(scene.application, "full", url(KEPT)) as answers:
        scene.reader.follow(UPGRADE.replace("--wait", "--set resources.requests.cpu=64"))
        wait_until(lambda: pending() == 1, "a pod without a node", seconds=60)
        scene.reader.follow(ROLLBACK)
        wait_until(lambda: pending() == 0, "what was there before", seconds=60)
    shown(proof, "no node has room for the new pods, and the upgrade is rolled back", answers)


def pending() -> int:
    """How many of the gateways' pods have no node."""
    pods = get("pods", f"--namespace={GATEWAYS}", "--field-selector=status.phase=Pending")["items"]
    return sum("nodeName" not in pod["spec"] for pod in pods)


def test_one_of_several_releases_is_removed(scene: Scene, proof: Proof) -> None:
    scene.write(*HOSTS)
    scene.reader.follow(FIRST)
    first = set(gateways(GATEWAYS))
    scene.reader.follow(SHARD)
    kept, moved = (next(host for host in HOSTS if (gateway_name(host) in first) == there) for there in (True, False))
    wait_answers((scene.application, url(host)) for host in HOSTS)
    with asked(scene.application, "shard", url(kept)) as answers:
        Release(GATEWAYS, "egress-2").uninstall()
        assert gateways(GATEWAYS).keys() == first
        scene.reader.follow(SHARD)
        wait_answers([(scene.application, url(moved))])
    shown(proof, "one of two shards is removed and installed again: a host of the other", answers)


def shown(proof: Proof, claim: str, answers: dict[str, int]) -> None:
    """Every request to the host that nobody touched was answered."""
    assert answers.keys() == {"200"}, answers
    proof.row(OPERATIONS, f"{claim}: requests go on", f"`GET {url(KEPT)}`", "all of them", "200")
