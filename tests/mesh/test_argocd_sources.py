"""Argo CD syncs examples/argocd from a registry, for several clusters, and from lists that its plugin compiles."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc.names import gateway_name
from tests import release as published
from tests.mesh import argocd, argocd_parts
from tests.mesh.argocd import Application, ApplicationSet, Repository
from tests.mesh.argocd_parts import CLUSTER, EXAMPLES
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.fleet import gateways, peer, requests, wait_answers
from tests.mesh.kubectl import get
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import ARGO_CD, Proof, got
from tests.mesh.release import CHART, SMALL, compile_list
from tests.mesh.steady import asked
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until
from tests.release import Registry
from tests.tools import tool

GATEWAYS, APPS = "argo-gateways", "argo-apps"
STAYS, GOES, COMES = (f"{what}.argo.example.com" for what in ("stays", "goes", "comes"))
SCALED = f"{{host: {STAYS}, autoscaling: {{minReplicas: 2, maxReplicas: 3}}}}"
TEAM, SHARD = (f"{what}.argo.example.com" for what in ("team", "shard"))
LISTED, WRONG = (f"{what}.argo.example.com" for what in ("listed", "wrong"))
DEFAULTS = f"{{clients: [{APPS}], namespace: {GATEWAYS}"


@dataclass(frozen=True)
class Place:
    """A registry that has the chart, who asks and who answers."""

    registry: Registry
    folder: Path
    shop: Client
    upstream: Upstream

    def repository(self, name: str) -> Repository:
        """A new repository."""
        return Repository(self.folder / name)

    def example(self, name: str, repository: Repository) -> dict[str, Any]:
        """An example as it is, with the addresses and the namespace of this mesh, and a name that no other test has."""
        text = (EXAMPLES / name).read_text()
        for theirs, ours in {
            "egressc.io/charts": f"{self.registry.address}/charts",
            "https://git.example.com/platform/egress.git": repository.url,
            "https://git.example.com/platform/hosts.git": repository.url,
            "namespace: egress\n": f"namespace: {GATEWAYS}\n",
        }.items():
            text = text.replace(theirs, ours)
        manifest: dict[str, Any] = yaml.safe_load(text)
        manifest["metadata"]["name"] = f"from-{repository.folder.name}"
        return manifest

    def answers(self, *hosts: str) -> None:
        """Wait until the client gets to these hosts."""
        wait_answers((self.shop, f"http://{host}/") for host in hosts)


@pytest.fixture(scope="module")
def place(
    namespace: MakeNamespace, public_authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Place]:
    folder = tmp_path_factory.mktemp("argocd")
    names = (STAYS, GOES, COMES, TEAM, SHARD, LISTED)
    (upstream,) = start_upstreams(namespace("argo-upstreams", "outside"), ["upstream"])
    upstream.certify({name: public_authority.issue(name) for name in names})
    upstream.be_known_as(*names)
    upstream.serve(Face(443, tls="simple"))
    namespace(GATEWAYS, "plain", RESTRICTED)
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    argocd_parts.install()
    with published.registry(folder) as registry:
        argocd_parts.trust("localhost", folder / "ca.pem")
        packaged = registry.run(tool("helm4"), "package", CHART, folder=folder)
        assert packaged.returncode == 0, packaged.stderr
        (archive,) = folder.glob("*.tgz")
        pushed = registry.run(tool("helm4"), "push", archive, f"oci://{registry.address}/charts", folder=folder)
        assert pushed.returncode == 0, pushed.stderr
        yield Place(registry, folder, shop, upstream)
    upstream.be_unknown()


def values(*hosts: str) -> str:
    """The compiled values of a list of hosts, as YAML has them in a list, for a small fleet."""
    compiled = yaml.safe_load(compile_list(f"version: 1\ndefaults: {DEFAULTS}}}\nhosts: [{', '.join(hosts)}]\n"))
    return yaml.safe_dump(compiled | SMALL)


@pytest.fixture(scope="module")
def fleet(place: Place) -> Iterator[tuple[Application, Repository]]:
    """The example whose chart comes from the registry, for two hosts."""
    repository = place.repository("values")
    revision = repository.commit({"values/values.yaml": values(SCALED, GOES)})
    application = argocd.create_application(place.example("registry.yaml", repository))
    application.await_synced(revision)
    place.answers(STAYS, GOES)
    yield application, repository
    application.forget()


def replicas(host: str) -> int:
    """How many pods the Deployment of a host's gateway is to have."""
    found: int = get("deployment", "--namespace", GATEWAYS, gateway_name(host))["spec"]["replicas"]
    return found


def test_nothing_drifts_after_all_have_written(
    fleet: tuple[Application, Repository], place: Place, proof: Proof
) -> None:
    application, _ = fleet
    wait_until(lambda: replicas(STAYS) == 2, "the autoscaler has written", seconds=60)
    entry = get("serviceentry", "--namespace", GATEWAYS, gateway_name(STAYS))
    assert entry["status"]["addresses"], "istiod has not written"
    application.refresh(hard=True)
    assert application.status()["sync"]["status"] == "Synced"
    assert application.out_of_sync() == []
    answer = place.shop.curl(f"http://{STAYS}/")
    claim = "the chart from a registry, values from Git: no drift after autoscaler, webhooks and istiod have written"
    proof.row(ARGO_CD, claim, f"`GET http://{STAYS}/`", "the request", got(answer))


def carriers() -> dict[str, str]:
    """The names of the gateways by the addresses of all their pods."""
    pods = get("pods", "--namespace", GATEWAYS, f"--selector={GATEWAY_LABEL}")["items"]
    return {
        entry["ip"]: pod["metadata"]["labels"][GATEWAY_LABEL]
        for pod in pods
        for entry in pod["status"].get("podIPs", [])
    }


def test_a_commit_under_load_cuts_nothing_and_opens_nothing(
    fleet: tuple[Application, Repository], place: Place, proof: Proof
) -> None:
    application, repository = fleet
    place.upstream.forget()
    known = carriers()
    with (
        asked(place.shop, "stays", f"http://{STAYS}/") as stays,
        asked(place.shop, "goes", f"http://{GOES}/") as goes,
        asked(place.shop, "comes", f"http://{COMES}/") as comes,
    ):
        revision = repository.commit({"values/values.yaml": values(SCALED, COMES)})
        application.refresh()
        application.await_synced(revision)
        place.answers(COMES)
        wait_until(lambda: gateway_name(GOES) not in gateways(GATEWAYS), "the gateway is pruned", seconds=120)
        gone = place.shop.curl(f"http://{GOES}/")
    known |= carriers()
    assert stays.keys() == {"200"}, stays
    assert goes["200"], goes
    assert comes["200"], comes
    assert gone.status != 200
    through = {(seen["host"], known.get(peer(seen))) for seen in requests(place.upstream)}
    assert through == {(host, gateway_name(host)) for host in (STAYS, GOES, COMES)}
    claim = (
        "a commit removes a host and adds another: a third, under load, fails no request, and none goes past a gateway"
    )
    sent = f"`GET` to `{STAYS}`, `{GOES}` and `{COMES}`, all the time"
    proof.row(
        ARGO_CD, claim, sent, "each request, from its host's own gateway", f"200; {got(gone)} after it was removed"
    )


def test_an_autoscaler_without_metrics_degrades_nothing(
    fleet: tuple[Application, Repository], place: Place, proof: Proof
) -> None:
    application, _ = fleet

    def reasons() -> set[str]:
        scaler = get("horizontalpodautoscaler", "--namespace", GATEWAYS, gateway_name(STAYS))
        return {one["reason"] for one in scaler["status"].get("conditions", [])}

    wait_until(lambda: "FailedGetResourceMetric" in reasons(), "the autoscaler misses metrics", seconds=60)
    application.refresh()
    assert application.status()["health"]["status"] == "Healthy"
    answer = place.shop.curl(f"http://{STAYS}/")
    claim = "an autoscaler without metrics, which Argo CD would call Degraded, leaves the Application Healthy"
    proof.row(ARGO_CD, claim, f"`GET http://{STAYS}/`", "the request", got(answer))


def test_a_cluster_gets_its_own_files(place: Place, proof: Proof) -> None:
    repository = place.repository("clusters")
    files = {f"{CLUSTER}/shop": TEAM, f"{CLUSTER}/shard-1": SHARD, "elsewhere/shop": GOES}
    repository.commit({f"values/{name}.yaml": values(host) for name, host in files.items()})
    applications = ApplicationSet.create(place.example("application-set.yaml", repository))
    try:
        team, shard = f"egress-{CLUSTER}-shop", f"egress-{CLUSTER}-shard-1"
        wait_until(lambda: applications.synced() == {team, shard}, "the cluster's own files are synced", seconds=120)
        place.answers(TEAM, SHARD)
        answer = place.shop.curl(f"http://{TEAM}/")
        before = gateways(GATEWAYS)
        repository.commit({f"values/{CLUSTER}/shop.yaml": None})
        applications.refresh()
        wait_until(lambda: applications.synced() == {shard}, "the file's Application is gone", seconds=120)
        assert gateways(GATEWAYS) == {name: pod for name, pod in before.items() if name != gateway_name(TEAM)}
        claim = "an ApplicationSet: a release for each file of a cluster that is selected; it goes with its file"
        sent = f"`GET` to the hosts of a team's list and of a shard; `GET http://{TEAM}/`"
        proof.row(ARGO_CD, claim, sent, "each request", got(answer))
    finally:
        applications.delete()


def test_a_list_with_a_mistake_is_not_synced(place: Place, proof: Proof) -> None:
    quick = "replicas: 1, readiness: {interval: 1s, timeout: 1s}, drain: 1s"
    good = f"version: 1\ndefaults: {DEFAULTS}, {quick}}}\nhosts:\n- {LISTED}\n"
    repository = place.repository("hosts")
    revision = repository.commit({"hosts.yaml": good})
    application = argocd.create_application(place.example("plugin/application.yaml", repository))
    try:
        application.await_synced(revision)
        place.answers(LISTED)
        before = gateways(GATEWAYS)[gateway_name(LISTED)]
        repository.commit({"hosts.yaml": f"{good}- https://{WRONG}\n"})
        application.refresh()
        (complaint,) = application.complaints()
        assert f"hosts.yaml:5:3: error EG105: `https://{WRONG}` is a URL\n    write `{WRONG}`" in complaint
        status = application.status()
        assert (status["sync"]["status"], status["health"]["status"]) == ("Unknown", "Healthy")
        kept = place.shop.curl(f"http://{LISTED}/")
        assert kept.status == 200
        revision = repository.commit({"hosts.yaml": good.replace(f"- {LISTED}", f"- {{host: {LISTED}, owner: shop}}")})
        application.refresh()
        application.await_synced(revision)
        assert application.complaints() == []
        assert gateways(GATEWAYS)[gateway_name(LISTED)] == before
        claim = "a plugin compiles hosts.yaml: its finding is a condition of the Application, and what was synced stays"
        sent = f"a commit with a URL as a host; `GET http://{LISTED}/`"
        proof.row(ARGO_CD, claim, sent, "the request", f"{got(kept)}; the mended list is synced, and no pod restarts")
    finally:
        application.forget()
