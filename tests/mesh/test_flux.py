"""examples/flux: the API server takes all of it, and what Flux compares to find drift is equal."""

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path

import pytest
import yaml

from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, environment, get, kubectl
from tests.mesh.proof import FLUX, Proof
from tests.mesh.release import CHART, compile_list
from tests.mesh.waiting import wait_until
from tests.tools import flux_kinds, tool

EXAMPLES = Path(__file__).parents[2] / "examples" / "flux"
GATEWAYS, SYSTEM = "flux-gateways", "flux-system"
GATEWAY = "api-stripe-com"


def built() -> str:
    """What Flux applies of the folder."""
    return kubectl("kustomize", str(EXAMPLES))


@pytest.fixture
def kinds(namespace: MakeNamespace, tmp_path: Path) -> Iterator[None]:
    """Flux's kinds, without its controllers."""
    namespace(SYSTEM)
    definitions = flux_kinds(tmp_path)
    apply(*definitions, server_side=True)
    names = [f"crd/{yaml.safe_load(one)['metadata']['name']}" for one in definitions]
    kubectl("wait", "--for=condition=Established", "--timeout=60s", *names)
    yield
    kubectl("delete", *names)


@pytest.mark.usefixtures("kinds")
def test_the_api_server_takes_the_examples(proof: Proof) -> None:
    for text in (built(), *((EXAMPLES / name).read_text() for name in ("sync.yaml", "chart-in-git.yaml"))):
        kubectl("apply", "--dry-run=server", "--filename=-", text=text)
    second = "  chart: {spec: {chart: a, sourceRef: {kind: GitRepository, name: a}}}\n"
    wrong = built().replace("  chartRef:", f"{second}  chartRef:")
    with pytest.raises(MeshError, match="chart"):
        kubectl("apply", "--dry-run=server", "--filename=-", text=wrong)
    claim = "examples/flux: the API server takes every object, by the rules of Flux's own kinds"
    proof.row(FLUX, claim, "`kubectl apply --dry-run=server`", "nothing", "taken; a release with two charts is refused")


def test_nothing_drifts_until_somebody_changes_it(namespace: MakeNamespace, tmp_path: Path, proof: Proof) -> None:
    namespace(GATEWAYS)
    values = yaml.safe_load(compile_list((EXAMPLES / "hosts.yaml").read_text()).replace('"egress"', f'"{GATEWAYS}"'))
    (release,) = (one for one in yaml.safe_load_all(built()) if one["kind"] == "HelmRelease")
    files = []
    for number, given in enumerate((values, release["spec"]["values"])):
        (tmp_path / f"{number}.json").write_text(json.dumps(given))
        files.append(f"--values={tmp_path}/{number}.json")
    helm("install", "egress", str(CHART), *files)
    wait_until(autoscaled, "the autoscaler has written", seconds=90)
    # a status that is written between the two looks of `kubectl diff` differs, too
    wait_until(lambda: not drift(), "nothing drifts", seconds=60)
    kubectl("annotate", "authorizationpolicy", GATEWAY, "--namespace", GATEWAYS, "a.example/b=c")
    # what the chart does not print is others'
    wait_until(lambda: not drift(), "an annotation of others is no drift", seconds=60)
    rules = '{"spec": {"rules": [{}]}}'
    kubectl("patch", "authorizationpolicy", GATEWAY, "--namespace", GATEWAYS, "--type=merge", f"--patch={rules}")
    assert "AuthorizationPolicy" in drift()
    helm("uninstall", "egress")
    claim = "what Flux compares to find drift is equal after autoscaler, webhooks and istiod have written"
    sent = "`kubectl diff --server-side` of the release; the same after somebody has opened a policy"
    proof.row(FLUX, claim, sent, "nothing", "no difference; the policy")


def helm(*arguments: str) -> str:
    """Helm 4, as Flux has it inside."""
    done = ask([str(tool("helm4")), *arguments, "--namespace", GATEWAYS], environment=environment())
    if done.returncode:
        raise MeshError(done.stderr)
    return done.stdout


def autoscaled() -> bool:
    """Whether the autoscaler has set how many pods there are."""
    return int(get("deployment", GATEWAY, "--namespace", GATEWAYS)["spec"]["replicas"]) == 3


def drift() -> str:
    """How the cluster differs from the release: a dry run of server-side apply, as Flux makes it."""
    command = [str(tool("kubectl")), "diff", "--server-side", "--force-conflicts", "--field-manager=helm-controller"]
    done = subprocess.run(
        [*command, "--filename=-"],
        input=helm("get", "manifest", "egress"),
        env=environment(),
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode > 1:
        raise MeshError(done.stderr)
    return done.stdout
