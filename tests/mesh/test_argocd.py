"""Argo CD syncs examples/argocd/application.yaml from a repository with the chart and committed values."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import pytest
import yaml

from tests.mesh import argocd, argocd_parts
from tests.mesh.argocd import Application, Repository
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace, MakeUpstream
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.fleet import wait_answers
from tests.mesh.kubectl import get
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import ARGO_CD, Proof, got
from tests.mesh.release import CHART, SMALL, compile_list
from tests.mesh.upstream import Face, Upstream
from tests.mesh.waiting import wait_until

EXAMPLE = argocd_parts.EXAMPLES / "application.yaml"
HOSTS = """
version: 1
defaults:
  clients: [shop]
  tls: {mode: none, unverified: An upstream of the test.}
hosts:
- old.example.com
"""


@dataclass(frozen=True)
class Delivery:
    """An Application, the repository behind it, who asks and who answers."""

    application: Application
    repository: Repository
    client: Client
    old: Upstream
    #: How the Application applies: with server-side apply or without.
    way: str

    def commit(self, hosts: str) -> str:
        """Commit the compiled list; returns the revision."""
        values = yaml.safe_load(compile_list(hosts)) | SMALL
        return self.repository.commit({"values/values.yaml": yaml.safe_dump(values), f"charts/{CHART.name}": CHART})


@pytest.fixture(scope="module", params=["server-side", "client-side"])
def delivery(
    request: pytest.FixtureRequest,
    tmp_path_factory: pytest.TempPathFactory,
    namespace: MakeNamespace,
    upstream: MakeUpstream,
) -> Iterator[Delivery]:
    """The example, with server-side apply and without, for a list of one host."""
    old, new = upstream("old"), upstream("new")
    for host in (old, new):
        host.be_known_as(f"{host.name}.example.com")
        host.serve(Face(80))
    client = start_clients(namespace("shop", "injected"), ClientPod("client"))[0]
    namespace("egress", "plain", RESTRICTED)
    argocd_parts.install()
    repository = Repository(tmp_path_factory.mktemp("repository"))
    manifest: dict[str, Any] = yaml.safe_load(EXAMPLE.read_text())
    manifest["spec"]["source"]["repoURL"] = repository.url
    if request.param == "client-side":
        manifest["spec"]["syncPolicy"]["syncOptions"].remove("ServerSideApply=true")
    delivery = Delivery(Application(manifest["metadata"]["name"]), repository, client, old, request.param)
    revision = delivery.commit(HOSTS)
    argocd.create_application(manifest)
    delivery.application.await_synced(revision)
    wait_answers([(client, "http://old.example.com/")])
    yield delivery
    delivery.application.delete()


def pods() -> dict[str, int]:
    """The gateways' pods, with how often they were restarted."""
    found = get("pods", "--namespace=egress", f"--selector={GATEWAY_LABEL}")["items"]
    return {pod["metadata"]["name"]: pod["status"]["containerStatuses"][0]["restartCount"] for pod in found}


def test_synced_host_answers_and_nothing_drifts(delivery: Delivery, proof: Proof) -> None:
    answer = delivery.client.curl("http://old.example.com/")
    assert answer.status == 200
    delivery.application.refresh(hard=True)
    assert delivery.application.status()["sync"]["status"] == "Synced"
    assert delivery.application.out_of_sync() == []
    claim = f"{delivery.way} apply: examples/argocd is Synced and Healthy, and no later comparison finds a drift"
    proof.row(ARGO_CD, claim, "`GET http://old.example.com/`", "the request", got(answer))


def test_host_added_by_a_commit_answers_while_another_is_dead(delivery: Delivery, proof: Proof) -> None:
    before = pods()
    delivery.old.serve()
    revision = delivery.commit(HOSTS + "- new.example.com\n")
    delivery.application.refresh()
    wait_until(
        lambda: delivery.client.curl("http://new.example.com/").status == 200, "the new host answers", seconds=60
    )
    delivery.application.await_synced(revision, health="Progressing")
    dead, new = (delivery.client.curl(f"http://{name}.example.com/") for name in ("old", "new"))
    assert (dead.status, new.status) == (503, 200)
    delivery.old.serve(Face(80))
    delivery.application.await_synced(revision)
    assert before.items() <= pods().items(), "a gateway was restarted"
    claim = f"{delivery.way} apply: a host added by a commit answers while another's upstream is dead; no pod restarts"
    sent = "`GET http://new.example.com/`, `GET http://old.example.com/`"
    proof.row(ARGO_CD, claim, sent, "the first", f"{got(new)}; {got(dead)}")
