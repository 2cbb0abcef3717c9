"""What the chart prints for the example lists is taken by the API server and by Istio's webhook, and stays as it is."""

import json
import subprocess
from pathlib import Path

import pytest

from tests.cases import CASES
from tests.chart import Helm, parsed
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, environment, kubectl
from tests.mesh.page import CLOSED
from tests.mesh.proof import ADMISSION, Proof
from tests.tools import tool

VALID = sorted((CASES / "valid").iterdir())
#: What only newer kinds know, with the field.
KEEPALIVE, FIELD = "a DestinationRule's HTTP/2 keepalive", "http2KeepAlive"
NEWER = [case for case in VALID if FIELD.lower() in (case / "values.yaml").read_text().lower()]

#: A namespace that istiod does not look into, and where no pod starts: the objects are all that matters.
NAMESPACE = "e2e-admission"
NO_PODS = {
    "apiVersion": "v1",
    "kind": "ResourceQuota",
    "metadata": {"name": "no-pods", "namespace": NAMESPACE},
    "spec": {"hard": {"pods": "0"}},
}


@pytest.fixture(scope="module")
def admission(namespace: MakeNamespace) -> None:
    namespace(NAMESPACE, "outside")
    apply(NO_PODS)


def placed(case: Path, helm: Helm) -> str:
    """The case's manifests, all in the test's namespace."""
    documents = parsed(helm.text(case / "values.yaml"))
    # in force it would judge the objects of all tests; test_admission_policies.py has it so
    documents = [document for document in documents if document["kind"] != "ValidatingAdmissionPolicyBinding"]
    for document in documents:
        metadata = document["metadata"]
        if "egressc.io/companion" in metadata["labels"]:  # each namespace has one of the name
            metadata["name"] += f".{metadata.get('namespace', 'cluster')}"
        if document["kind"] != "ValidatingAdmissionPolicy":
            metadata["namespace"] = NAMESPACE
    return json.dumps({"apiVersion": "v1", "kind": "List", "items": documents})


def known(case: Path) -> object:
    return pytest.param(case, marks=pytest.mark.since(KEEPALIVE)) if case in NEWER else case


@pytest.mark.usefixtures("admission")
@pytest.mark.parametrize("case", [known(case) for case in VALID], ids=lambda case: case.name)
def test_applied_twice(proof: Proof, helm4: Helm, case: Path) -> None:
    """Taken by a server-side dry run, then for good; a second time changes nothing."""
    manifests = placed(case, helm4)
    kubectl("apply", "--server-side", "--dry-run=server", "--filename=-", text=manifests)
    kubectl("apply", "--server-side", "--filename=-", text=manifests)
    command = [str(tool("kubectl")), "diff", "--server-side", "--filename=-"]
    difference = subprocess.run(
        command, input=manifests, capture_output=True, text=True, env=environment(), timeout=120, check=False
    )
    assert (difference.returncode, difference.stdout) == (0, ""), difference.stderr
    kubectl("delete", "--filename=-", "--ignore-not-found", "--wait=false", text=manifests)
    claim = f"tests/cases/valid/{case.name}: taken by the API server and istiod; applied again, nothing changes"
    proof.row(ADMISSION, claim, "the printed objects, twice", "nothing", "no difference")


@pytest.mark.before(KEEPALIVE)
@pytest.mark.usefixtures("admission")
@pytest.mark.parametrize("case", NEWER, ids=lambda case: case.name)
def test_a_field_that_older_kinds_do_not_know_is_refused(proof: Proof, helm4: Helm, case: Path) -> None:
    with pytest.raises(MeshError, match=f'unknown field "{FIELD}"'):
        kubectl("apply", "--server-side", "--dry-run=server", "--filename=-", text=placed(case, helm4))
    claim = f"{CLOSED} tests/cases/valid/{case.name}: refused for `{FIELD}`, not taken without it"
    proof.row(ADMISSION, claim, "the printed objects", "nothing", "an error that names the field")
