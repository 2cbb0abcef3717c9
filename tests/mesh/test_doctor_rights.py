"""`egressc doctor` as a service account: what examples/doctor gives it is enough, and of anything less it says what."""

import json
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mesh.certificates import Authority
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import secret
from tests.mesh.kubectl import Manifest, apply, environment, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.release import SMALL, Release
from tests.mesh.waiting import wait_until
from tests.tools import tool

GATEWAYS, APPS = "rights-gateways", "rights-apps"
READER, POLICY = "rights-reader", "rights.unbound"
#: Nobody answers there, so that the doctor has to ask the gateway why it is not Ready.
INSTALLED = f"""
version: 1
defaults: {{namespace: {GATEWAYS}, clients: [{APPS}], tls: {{secret: own-ca}}}}
hosts: [dead.rights.example.com]
"""
#: With policies, which are not installed: they would judge the objects of all tests.
LIST = f"{INSTALLED}companions: {{admission: {{}}}}\n"
ROLES = list(yaml.safe_load_all((Path(__file__).parents[2] / "examples" / "doctor" / "cluster-role.yaml").read_text()))
#: What the account may not read, and how the doctor says so.
MISSING = {
    "validatingadmissionpolicies": "list validatingadmissionpolicies.admissionregistration.k8s.io in the whole cluster",
    "deployments": "list deployments.apps in the whole cluster",
    "secrets": f"get secrets in the namespace {GATEWAYS}",
    "pods/exec": f"create pods/exec in the namespace {GATEWAYS}",
}


def policy() -> Manifest:
    """A policy as the chart makes them, for nobody's objects: it shows that somebody had the right to install it."""
    rule = {"apiGroups": ["egressc.test"], "apiVersions": ["*"], "resources": ["none"], "operations": ["CREATE"]}
    return {
        "apiVersion": "admissionregistration.k8s.io/v1",
        "kind": "ValidatingAdmissionPolicy",
        "metadata": {"name": POLICY, "labels": {"app.kubernetes.io/name": "egress-gateways"}},
        "spec": {"matchConstraints": {"resourceRules": [rule]}, "validations": [{"expression": "true"}]},
    }


@pytest.fixture(scope="module")
def folder(namespace: MakeNamespace, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Where the list is, and the kubeconfig of the account."""
    namespace(APPS, "injected")
    apply(
        secret(namespace(GATEWAYS, "plain", RESTRICTED), "own-ca", {"ca.crt": authority.certificate}),
        {"apiVersion": "v1", "kind": "ServiceAccount", "metadata": {"name": READER, "namespace": APPS}},
        policy(),
    )
    folder = tmp_path_factory.mktemp("rights")
    (folder / "hosts.yaml").write_text(LIST)
    (folder / "small.json").write_text(json.dumps(SMALL))
    (folder / "helm").symlink_to(tool("helm4"))
    kubeconfig = folder / "kubeconfig"
    kubeconfig.write_text(kubectl("config", "view", "--raw", "--flatten"))
    token = kubectl("create", "token", READER, "--namespace", APPS).strip()
    kubectl("config", "set-credentials", READER, f"--kubeconfig={kubeconfig}", f"--token={token}")
    kubectl("config", "set-context", "--current", f"--user={READER}", f"--kubeconfig={kubeconfig}")
    release = Release(GATEWAYS)
    release.apply(INSTALLED, wait=False)
    wait_until(runs, "the gateway runs", seconds=90)
    yield folder
    release.uninstall()
    kubectl("delete", "clusterrole", *(own(role) for role in ROLES))
    kubectl("delete", "clusterrolebinding", READER)
    kubectl("delete", "validatingadmissionpolicy", POLICY)


def runs() -> bool:
    """Whether the gateway's proxy can be asked."""
    pods = get("pods", "--namespace", GATEWAYS)["items"]
    states = [one["state"] for pod in pods for one in pod["status"].get("containerStatuses", [])]
    return any("running" in state for state in states)


def own(role: Manifest) -> str:
    """The name of a role of the example, for this module."""
    return f"rights.{role['metadata']['name']}"


def unknown(folder: Path, *without: str) -> list[str]:
    """Why the doctor cannot find something out for an account with the example's roles, but for these resources."""
    everywhere, within = (lessened(role, without) for role in ROLES)
    apply(
        everywhere,
        within,
        binding("ClusterRoleBinding", {"name": READER}, everywhere),
        binding("RoleBinding", {"name": READER, "namespace": GATEWAYS}, within),
    )
    command = [sys.executable, "-m", "egressc", "doctor", "--json", "--wait=0", f"--kubectl={tool('kubectl')}"]
    options = [f"--kubeconfig={folder}/kubeconfig", f"--values={folder}/small.json", "--namespace", GATEWAYS]
    given = environment() | {"PATH": f"{folder}:{environment()['PATH']}"}
    done = ask([*command, *options, f"{folder}/hosts.yaml"], environment=given)
    assert not done.stderr.count("Traceback"), done.stderr
    return [one["why"] for one in json.loads(done.stdout)["unknown"]]


def lessened(role: Manifest, without: tuple[str, ...]) -> dict[str, Any]:
    """A role of this module, without some resources."""
    kept = [[one for one in rule["resources"] if one not in without] for rule in role["rules"]]
    rules = [{**rule, "resources": ones} for rule, ones in zip(role["rules"], kept, strict=True) if ones]
    return {**role, "metadata": {"name": own(role)}, "rules": rules}


def binding(kind: str, metadata: dict[str, str], role: Manifest) -> Manifest:
    """What gives a role to the account."""
    group = "rbac.authorization.k8s.io"
    return {
        "apiVersion": f"{group}/v1",
        "kind": kind,
        "metadata": metadata,
        "roleRef": {"apiGroup": group, "kind": "ClusterRole", "name": role["metadata"]["name"]},
        "subjects": [{"kind": "ServiceAccount", "name": READER, "namespace": APPS}],
    }


def test_the_rights_of_the_example_are_enough(folder: Path, proof: Proof) -> None:
    found = unknown(folder)
    assert not [why for why in found if "the right to" in why or "no policy is there yet" in why], found
    claim = "`egressc doctor` with the rights that examples/doctor gives: it finds out all"
    proof.row(FAULTS, claim, "`egressc doctor` as a service account", "", "no right is missing")


def test_each_right_that_is_missing_is_told(folder: Path, proof: Proof) -> None:
    found = unknown(folder, *MISSING)
    for resource, what in MISSING.items():
        why = f"the right to {what} is missing"
        assert any(why in one for one in found), found
        claim = f"`egressc doctor` without the right to {resource}: it says which is missing"
        proof.row(FAULTS, claim, "`egressc doctor` as a service account", "", why)
