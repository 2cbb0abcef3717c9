"""examples/flux: Flux knows every field, and its values give the manifests of the list."""

import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc import emit
from tests.chart import Helm
from tests.lists import compile_text
from tests.tools import kubeconform, tool

ROOT = Path(__file__).parents[1]
EXAMPLES = ROOT / "examples" / "flux"
HOSTS, VALUES = EXAMPLES / "hosts.yaml", EXAMPLES / "values.yaml"
Object = dict[str, Any]


def built() -> list[Object]:
    """What Flux applies of the folder."""
    command = [str(tool("kubectl")), "kustomize", str(EXAMPLES)]
    text = subprocess.run(command, capture_output=True, text=True, check=True).stdout
    return list(yaml.safe_load_all(text))


def objects(name: str) -> list[Object]:
    """The objects of a file."""
    return list(yaml.safe_load_all((EXAMPLES / name).read_text(encoding="utf-8")))


def the(kind: str, among: list[Object]) -> Object:
    """The one object of this kind."""
    (found,) = (one for one in among if one["kind"] == kind)
    return found


def own_values() -> Object:
    """The list, compiled."""
    plan = compile_text(HOSTS.read_text(encoding="utf-8")).plan
    assert plan
    return emit.values(plan)


def test_the_list_is_compiled() -> None:
    assert VALUES.read_text(encoding="utf-8") == emit.dump(own_values())


def test_flux_knows_every_field() -> None:
    for some in (built(), objects("sync.yaml"), objects("chart-in-git.yaml")):
        assert kubeconform(yaml.safe_dump_all(some)) == []


@pytest.mark.parametrize("kind", ["HelmRelease", "OCIRepository", "GitRepository", "Kustomization"])
def test_a_field_that_flux_does_not_know_is_found(kind: str) -> None:
    one = the(kind, [*built(), *objects("sync.yaml")])
    one["spec"]["prunes"] = True
    (line,) = kubeconform(yaml.safe_dump(one))
    assert "additional properties 'prunes' not allowed" in line


def test_the_release_finds_its_chart_and_its_values() -> None:
    everything = built()
    release, chart, values = (the(kind, everything) for kind in ("HelmRelease", "OCIRepository", "ConfigMap"))
    assert {one["metadata"]["namespace"] for one in everything} == {"flux-system"}
    assert release["spec"]["chartRef"] == {"kind": "OCIRepository", "name": chart["metadata"]["name"]}
    assert release["spec"]["valuesFrom"] == [{"kind": "ConfigMap", "name": values["metadata"]["name"]}]
    assert list(values["data"]) == ["values.yaml"]  # the key that is read if none is named


def test_the_values_give_the_manifests_of_the_list(helm4: Helm) -> None:
    everything = built()
    release, config = the("HelmRelease", everything)["spec"], the("ConfigMap", everything)
    namespace = release["targetNamespace"]
    wanted = helm4.render(own_values(), {"autoscaling": {"minReplicas": 3}}, namespace=namespace)
    given = yaml.safe_load(config["data"]["values.yaml"])
    assert helm4.render(given, release["values"], namespace=namespace) == wanted


def test_the_chart_in_git_has_all_its_values() -> None:
    spec = the("HelmRelease", objects("chart-in-git.yaml"))["spec"]["chart"]["spec"]
    assert spec["sourceRef"]["name"] == the("GitRepository", objects("chart-in-git.yaml"))["metadata"]["name"]
    # Flux reads a chart's own values.yaml only where it is named
    assert spec["valuesFiles"] == [f"{spec['chart']}/values.yaml", "values/values.yaml"]
    assert all((ROOT / file).is_file() for file in spec["valuesFiles"])


@pytest.mark.parametrize("file", ["release.yaml", "chart-in-git.yaml"])
def test_one_dead_upstream_fails_no_release_and_drift_is_undone(file: str) -> None:
    spec = the("HelmRelease", objects(file))["spec"]
    assert spec["install"]["disableWait"] is spec["upgrade"]["disableWait"] is True
    assert spec["driftDetection"] == {"mode": "enabled"}
