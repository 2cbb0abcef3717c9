"""What `make release` makes, from a real registry onto the mesh: installed, upgraded, rolled back, uninstalled."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc import __version__
from tests import release as published
from tests.chart import Helm
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import gateways
from tests.mesh.kubectl import environment, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import CHART, Proof
from tests.mesh.release import SMALL, compile_list
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until
from tests.release import Registry
from tests.tools import tool

GATEWAYS, APPS = "release-gateways", "release-apps"
STAYS, COMES = "api.release.example.com", "more.release.example.com"
BEFORE = "0.0.9"  # the version before this one, whatever this one is
#: What Kubernetes and istiod write into a namespace by themselves.
NOT_OURS = {"configmaps/kube-root-ca.crt", "configmaps/istio-ca-root-cert", "serviceaccounts/default"}


@dataclass(frozen=True)
class Fleet:
    """A registry that has two versions of the chart, and a client of both hosts."""

    registry: Registry
    folder: Path
    shop: Client

    def helm(self, helm: Helm, *arguments: str, version: str = "", hosts: tuple[str, ...] = ()) -> str:
        """Runs Helm for the release `egress`, with the list of these hosts."""
        options = ["--namespace", GATEWAYS]
        if version:
            values = self.folder / "values.yaml"
            values.write_text(
                compile_list(
                    f"version: 1\ndefaults: {{clients: [{APPS}], namespace: {GATEWAYS}}}\nhosts: [{', '.join(hosts)}]\n"
                )
            )
            small = self.folder / "small.yaml"
            small.write_text(yaml.safe_dump(SMALL))
            chart = f"oci://{self.registry.address}/charts/egress-gateways"
            options += [chart, "--version", version, "--wait", "--values", str(values), "--values", str(small)]
        trusting = Registry(self.registry.address, environment() | self.registry.environment)
        done = trusting.run(helm.path, *arguments, *options, folder=self.folder)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def installed(self, helm: Helm) -> str:
        """The chart of the release, with its version."""
        (one,) = yaml.safe_load(self.helm(helm, "list", "--output", "yaml"))
        return str(one["chart"])

    def answers(self, host: str) -> None:
        """Waits until the client gets to the host."""
        wait_until(lambda: self.shop.curl(f"http://{host}/").status == 200, f"{host} answers", seconds=60)


@pytest.fixture(scope="module")
def fleet(
    namespace: MakeNamespace, public_authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("release")
    (upstream,) = start_upstreams(namespace("release-upstreams", "outside"), ["upstream"])
    upstream.certify({host: public_authority.issue(host) for host in (STAYS, COMES)})
    upstream.be_known_as(STAYS, COMES)
    upstream.serve(Face(443, tls="simple"))
    namespace(GATEWAYS, "plain", RESTRICTED)
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    with published.registry(folder) as registry:
        for version in (BEFORE, __version__):
            repository = published.commit(folder / version, version)
            made = published.make(repository, "release", f"VERSION={version}")
            assert made.returncode == 0, made.stdout + made.stderr
            archive = repository / "build" / "release" / f"egress-gateways-{version}.tgz"
            to = f"oci://{registry.address}/charts"
            pushed = registry.run(tool("helm4"), "push", archive, to, folder=folder)
            assert pushed.returncode == 0, pushed.stderr
        yield Fleet(registry, folder, shop)
    upstream.be_unknown()


def objects() -> set[str]:
    """Whatever the namespaces of gateways and clients hold, and what says elsewhere that it is of the release."""
    listed = kubectl("api-resources", "--verbs=list", "--output=name").split()
    passing = {"events", "events.events.k8s.io", "pods.metrics.k8s.io", "endpointslices.discovery.k8s.io", "endpoints"}
    names = ",".join(name for name in listed if name not in passing)
    found = get(names, "--all-namespaces")["items"]
    return {_name(one) for one in found if _is_ours(one)} - NOT_OURS


def _is_ours(one: dict[str, Any]) -> bool:
    metadata = one["metadata"]
    of = metadata.get("annotations", {}).get("meta.helm.sh/release-namespace")
    return GATEWAYS in (of, metadata.get("namespace"), metadata.get("labels", {}).get("egressc.io/namespace"))


def _name(one: dict[str, Any]) -> str:
    kind = {"ConfigMap": "configmaps", "ServiceAccount": "serviceaccounts"}.get(one["kind"], one["kind"])
    return f"{kind}/{one['metadata']['name']}"


def pod() -> str:
    """The pod of the host that stays."""
    return gateways(GATEWAYS)["api-release-example-com"].name


def test_a_release_comes_and_goes_without_a_trace(fleet: Fleet, helm: Helm, proof: Proof) -> None:
    before = objects()
    fleet.helm(helm, "install", "egress", version=BEFORE, hosts=(STAYS,))
    fleet.answers(STAYS)
    assert fleet.installed(helm) == f"egress-gateways-{BEFORE}"
    assert objects() > before
    first = pod()
    fleet.helm(helm, "upgrade", "egress", version=__version__, hosts=(STAYS, COMES))
    fleet.answers(COMES)
    assert fleet.installed(helm) == f"egress-gateways-{__version__}"
    assert pod() == first
    fleet.helm(helm, "rollback", "egress", "1", "--wait")
    assert fleet.installed(helm) == f"egress-gateways-{BEFORE}"
    wait_until(
        lambda: gateways(GATEWAYS).keys() == {"api-release-example-com"}, "the new host's gateway is gone", seconds=60
    )
    fleet.answers(STAYS)
    assert pod() == first
    fleet.helm(helm, "uninstall", "egress", "--wait")
    wait_until(lambda: objects() <= before, "nothing of the release is left", seconds=60)
    name = "Helm 3" if "helm3" in str(helm.path) else "Helm 4"
    claim = f"{name}: a release from an OCI registry, upgraded from the version before, rolled back, uninstalled"
    sent = "`helm install oci://…`, `upgrade`, `rollback`, `uninstall`; `GET` to each host"
    proof.row(CHART, claim, sent, "each host's request", "200; the pod of an unchanged host stays; nothing is left")
