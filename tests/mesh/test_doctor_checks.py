"""Checks of `egressc doctor` in both outcomes: of a fleet that is well, and after something was done to each host."""

import json
import sys
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egressc.names import gateway_name
from egressc.plan.needs import FILTERED
from egressc.rules.cost import MANY
from tests.mesh import settings
from tests.mesh.certificates import Authority
from tests.mesh.client import ClientPod, start_clients
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, gateways, secret, wait_ready
from tests.mesh.kubectl import Manifest, apply, environment, get, kubectl
from tests.mesh.namespaces import ALLOWED, RESTRICTED
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.release import SMALL, Release
from tests.mesh.waiting import wait_until
from tests.tools import tool

GATEWAYS, OFF, APPS, CUT, AMBIENT, BARE, NOWHERE = (
    f"checks-{name}" for name in ("gateways", "off", "apps", "cut", "ambient", "bare", "nowhere")
)
OWN, SCALED = gateway_name("own.checks.example.com"), gateway_name("scaled.checks.example.com")
EXTRA = "- {host: extra.checks.example.com, gateway: checks-shared}\n"
LOST = f"- {{host: lost.checks.example.org, namespace: {NOWHERE}}}\n"
RUN = "`egressc doctor`"
#: What is done, with the code and the words that it is told by afterwards.
TOLD = {
    "a namespace that does not exist": ("EG445", f"Namespace {NOWHERE} does not exist"),
    "a namespace that injects no proxies": ("EG446", f"Namespace {OFF} has the label istio-injection=disabled"),
    "clients in ambient mode": ("EG447", f"Namespace {AMBIENT} is in ambient mode"),
    "a client without a sidecar": ("EG448", f"Namespace {BARE} has pods without a sidecar: bare"),
    "a Secret that is missing": ("EG449", f"Secret {GATEWAYS}/lost is missing"),
    "a certificate that has expired": ("EG451", f"ca.crt of Secret {GATEWAYS}/stale has expired"),
    "a gateway without pods": ("EG452", f"Deployment {GATEWAYS}/{SCALED} is scaled to 0"),
    "a pod that no webhook has changed": ("EG453", f"Pod {GATEWAYS}/auto was made without a proxy"),
    "a pod that no node takes": ("EG455", f"Pod {GATEWAYS}/pending has no node"),
    "a container that does not start": ("EG456", f"Pod {GATEWAYS}/crashing does not keep its container istio-proxy"),
    "somebody's policy for gateway pods": ("EG463", f"AuthorizationPolicy {GATEWAYS}/audit selects"),
    "a Sidecar that leaves a host out": ("EG464", f"Sidecar {CUT}/narrow leaves out"),
    "an object that somebody has removed": ("EG466", f"PodDisruptionBudget {GATEWAYS}/{OWN} is not in the cluster"),
    "an object that somebody has changed": ("EG467", "differs from the list in spec.revisionHistoryLimit"),
    "a host that the list has no longer": ("EG468", "is not in the list"),
}


@dataclass(frozen=True)
class Doctor:
    """The command, with a list, in a folder of its own."""

    folder: Path

    def says(self, hosts: str, *options: str) -> dict[str, Any]:
        """What it says of a list, as JSON has it."""
        (self.folder / "hosts.yaml").write_text(hosts)
        command = [sys.executable, "-m", "egressc", "doctor", "--json", "--wait=0", f"--kubectl={tool('kubectl')}"]
        given = environment() | {"PATH": f"{self.folder}:{environment()['PATH']}"}
        values = f"--values={self.folder}/small.json"
        done = ask(
            [*command, values, "--namespace", GATEWAYS, *options, f"{self.folder}/hosts.yaml"], environment=given
        )
        assert not done.stderr.count("Traceback"), done.stderr
        said: dict[str, Any] = json.loads(done.stdout)
        return said


def told(said: Mapping[str, Any]) -> set[tuple[str, str]]:
    """The problems, each with its code."""
    return {(one["code"], one["message"]) for one in said["problems"]}


def is_told(said: Mapping[str, Any], code: str, words: str) -> bool:
    return any(one == code and words in message for one, message in told(said))


@pytest.fixture(scope="module")
def doctor(
    namespace: MakeNamespace, authority: Authority, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Doctor]:
    for name in (GATEWAYS, OFF):
        namespace(name, "plain", RESTRICTED)
    for name in (APPS, CUT, AMBIENT, BARE):
        namespace(name, "injected")
    ca = {"ca.crt": authority.certificate}
    apply(secret(GATEWAYS, "stale", ca), secret(GATEWAYS, "lost", ca))
    start_clients(APPS, ClientPod("shop"))
    folder = tmp_path_factory.mktemp("checks")
    (folder / "small.json").write_text(json.dumps(SMALL))
    (folder / "helm").symlink_to(tool("helm4"))
    release = Release(GATEWAYS)
    release.apply(case("checks") + EXTRA)
    wait_ready(GATEWAYS, ["own.checks.example.com", "scaled.checks.example.com"])
    yield Doctor(folder)
    release.uninstall()


@pytest.fixture(scope="module")
def before(doctor: Doctor) -> dict[str, Any]:
    """What is said of the fleet as it was installed."""
    return doctor.says(case("checks") + EXTRA)


@pytest.fixture(scope="module")
def after(doctor: Doctor, before: dict[str, Any], authority: Authority) -> dict[str, Any]:
    """What is said when something was done to each host."""
    assert before
    kubectl("label", "namespace", OFF, "istio-injection=disabled")
    kubectl("label", "namespace", AMBIENT, "istio.io/dataplane-mode=ambient")
    kubectl("scale", "deployment", SCALED, "--namespace", GATEWAYS, "--replicas=0")
    kubectl("delete", "secret", "lost", "--namespace", GATEWAYS)
    kubectl("delete", "poddisruptionbudget", OWN, "--namespace", GATEWAYS)
    kubectl("patch", "deployment", OWN, "--namespace", GATEWAYS, '--patch={"spec":{"revisionHistoryLimit":4}}')
    apply(
        secret(GATEWAYS, "stale", {"ca.crt": authority.issue("stale.checks.example.com", expired=True).chain}),
        istio("Sidecar", "networking", CUT, "narrow", {"egress": [{"hosts": ["./*"]}]}),
        istio("AuthorizationPolicy", "security", GATEWAYS, "audit", {"action": "AUDIT", "rules": [{}]}),
        pod("auto", image="auto"),
        pod("pending", nodeSelector={"egressc.test/no": "node"}),
        pod("crashing", command=["/nothing"]),
    )
    start_clients(BARE, ClientPod("bare", sidecar=False))
    wait_until(lambda: SCALED not in gateways(GATEWAYS), "no pod is left", seconds=60)
    for name, wanted in {"auto": ("ErrImage", "ImagePull"), "crashing": ("RunContainer", "CrashLoop")}.items():
        wait_until(lambda: reason(name).startswith(wanted), f"{name} waits", seconds=60)  # noqa: B023
    wait_until(lambda: "conditions" in get("pod", "--namespace", GATEWAYS, "pending")["status"], "it waits", seconds=60)
    return doctor.says(case("checks") + LOST)


def istio(kind: str, group: str, namespace: str, name: str, spec: Mapping[str, Any]) -> Manifest:
    """Somebody's object."""
    metadata = {"name": name, "namespace": namespace}
    return {"apiVersion": f"{group}.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def pod(name: str, image: str = "", command: list[str] | None = None, **spec: Any) -> Manifest:
    """A pod with the labels of a gateway that no webhook changes."""
    labels = {"egressc.io/gateway": OWN, "egressc.io/namespace": GATEWAYS, "sidecar.istio.io/inject": "false"}
    container = {
        "name": "istio-proxy",
        "image": image or settings.image("peer"),
        "imagePullPolicy": "IfNotPresent",
        "securityContext": {**ALLOWED, "runAsUser": 1337},
    } | ({"command": command} if command else {})
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "namespace": GATEWAYS, "labels": labels},
        "spec": {"terminationGracePeriodSeconds": 0, "containers": [container], **spec},
    }


def reason(name: str) -> str:
    """What a pod's container waits for."""
    containers = get("pod", "--namespace", GATEWAYS, name)["status"].get("containerStatuses", [])
    return next((one["state"]["waiting"]["reason"] for one in containers if "waiting" in one["state"]), "")


def test_nothing_of_it_is_told_of_a_fleet_that_is_well(before: dict[str, Any], proof: Proof) -> None:
    assert {code for code, _ in told(before)}.isdisjoint({code for code, _ in TOLD.values()}), told(before)
    proof.row(FAULTS, "`egressc doctor`: namespaces, clients, Secrets, pods and objects are well", RUN, "", "nothing")


@pytest.mark.parametrize("what", TOLD)
def test_each_is_told_afterwards(after: dict[str, Any], proof: Proof, what: str) -> None:
    code, words = TOLD[what]
    assert is_told(after, code, words), told(after)
    proof.row(FAULTS, f"`egressc doctor` finds {what}", RUN, "", f"{code}: {words}")


def test_another_trust_domain_and_a_caller_that_is_no_pod(doctor: Doctor, before: dict[str, Any], proof: Proof) -> None:
    said = doctor.says(
        f"{case('checks')}mesh: {{trustDomain: other.example}}\n",
        *("--from", f"{APPS}/nobody", "--host", "own.checks.example.com"),
    )
    for what, code, words in (
        ("another trust domain", "EG444", "says the trust domain cluster.local, and the list says other.example"),
        ("a caller that is no pod", "EG461", f"Namespace {APPS} has no pod of nobody"),
    ):
        assert is_told(said, code, words), told(said)
        assert not is_told(before, code, ""), told(before)
        proof.row(FAULTS, f"`egressc doctor` finds {what}", RUN, "", f"{code}: {words}")


def many(number: int) -> str:
    """A list with so many gateways in one namespace, of which the cluster has none."""
    hosts = ", ".join(f"n{index}.many.checks.example.com" for index in range(number))
    return f"version: 1\ndefaults: {{namespace: {OFF}, clients: [{APPS}]}}\nhosts: [{hosts}]\n"


def test_many_gateways_in_one_namespace(doctor: Doctor, before: dict[str, Any], proof: Proof) -> None:
    code, words = "EG443", f"lacks {FILTERED.what}: it tells each of the {MANY} gateways in {OFF} of all their hosts"
    assert is_told(doctor.says(many(MANY)), code, words)
    assert not is_told(before, code, FILTERED.what)
    claim = f"`egressc doctor` finds that istiod tells each of {MANY} gateways of all their hosts"
    proof.row(FAULTS, claim, RUN, "", f"{code}: {words}")
