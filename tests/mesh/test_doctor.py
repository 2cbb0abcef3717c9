"""`egressc doctor` finds the cause of each fault that is prepared, and nothing wrong where nothing is."""

import json
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from egressc.names import gateway_name
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, key_pair, secret, wait_ready
from tests.mesh.kubectl import Manifest, apply, environment, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.release import SMALL, Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until
from tests.tools import tool

GATEWAYS, APPS = "doctor-gateways", "doctor-apps"
HOSTS = [f"{name}.example.com" for name in ("well", "secret", "expired", "fenced", "diverted", "revoked", "full")]
EXPIRED = "expired.example.com"
IMAGE: dict[str, Any] = {"gateways": {"image-example-com": {"image": "mesh.test/nothing:e2e"}}}
DOES_NOT_BELONG = "tls.crt of Secret doctor-gateways/wrong and tls.key do not fit, or the key cannot be read"
#: The faults, each with its code and what is said of it.
TOLD = {
    "secret.example.com": ("EG450", DOES_NOT_BELONG),
    EXPIRED: ("EG457", "shows a certificate that has expired"),
    "fenced.example.com": ("EG465", "NetworkPolicy doctor-gateways/fence lets nothing to istiod through"),
    "unknown.example.com": ("EG457", "has no address: DNS does not know its name"),
    "diverted.example.com": ("EG462", "VirtualService doctor-apps/diverting is about diverted.example.com too"),
    "full.example.com": ("EG459", "for want of connections to full.example.com:443"),
    "dead.example.com": ("EG457", "dead.example.com:9443 refuses connections or ends them at once"),
    "image.example.com": ("EG454", "cannot get the image mesh.test/nothing:e2e"),
}


@dataclass(frozen=True)
class Said:
    """What the doctor says of the list, in a folder of its own."""

    folder: Path
    whole: dict[str, Any]

    def ask(self, *arguments: str) -> tuple[int, str]:
        """The exit code and the output of the command with these arguments."""
        paths = f"{self.folder}:{environment()['PATH']}"
        command = [sys.executable, "-m", "egressc", *arguments, f"--kubectl={tool('kubectl')}"]
        values = [f"--values={self.folder}/{name}.json" for name in ("small", "image")]
        done = ask(
            [*command, *values, "--namespace", GATEWAYS, f"{self.folder}/hosts.yaml"],
            environment={**environment(), "PATH": paths},
        )
        assert not done.stderr.count("Traceback"), done.stderr
        return done.returncode, done.stdout

    def of(self, host: str) -> list[tuple[str, str]]:
        """The errors of a host only, each with its code."""
        return [
            (one["code"], one["message"])
            for one in self.whole["problems"]
            if host in one["hosts"] and len(one["hosts"]) < 4 and one["level"] == "error"
        ]


@pytest.fixture(scope="module")
def said(namespace: MakeNamespace, authority: Authority, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Said]:
    folder = tmp_path_factory.mktemp("doctor")
    (upstream,) = start_upstreams(namespace("doctor-upstreams", "outside"), ["upstream"])
    upstream.certify({host: authority.issue(host) for host in HOSTS})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*HOSTS, "dead.example.com", "image.example.com")
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority), *faults(authority))
    release = Release(GATEWAYS)
    release.apply(case("doctor"), IMAGE, wait=False)
    (folder / "hosts.yaml").write_text(case("doctor"))
    for name, values in (("small", SMALL), ("image", IMAGE)):
        (folder / f"{name}.json").write_text(json.dumps(values))
    (folder / "helm").symlink_to(tool("helm4"))
    wait_ready(GATEWAYS, ["well.example.com", "full.example.com", "revoked.example.com", EXPIRED], seconds=90)
    wait_ready(GATEWAYS, ["dead.example.com", "unknown.example.com"], ready=False)
    expire(upstream, shop, authority)
    fill(shop)
    doctor = Said(folder, {})
    code, output = doctor.ask("doctor", "--json", "--wait=4")
    assert code == 1
    doctor.whole.update(json.loads(output))
    yield doctor
    release.uninstall()


def expire(upstream: Upstream, shop: Client, authority: Authority) -> None:
    """The certificate of an upstream expires while it is called."""
    upstream.certify({host: authority.issue(host, expired=host == EXPIRED) for host in HOSTS})

    def noticed() -> bool:
        shop.curl(f"http://{EXPIRED}/a", seconds=2)
        return not gateways(GATEWAYS)[gateway_name(EXPIRED)].ready

    wait_until(noticed, "the gateway notices that the certificate has expired", seconds=60)


def fill(shop: Client) -> None:
    """More requests at a time than the pool of a host allows."""
    with ThreadPoolExecutor(6) as pool:
        answers = [pool.submit(shop.curl, "http://full.example.com/slow?seconds=3") for _ in range(6)]
        assert 503 in {one.result().status for one in answers}


def faults(authority: Authority) -> list[Manifest]:
    """What is wrong before the gateways come."""
    pair = key_pair(authority.issue("egress.example.com"))
    other = key_pair(authority.issue("egress.example.com"))
    fenced = {"egressc.io/gateway": gateway_name("fenced.example.com")}
    return [
        secret(GATEWAYS, "wrong", pair | {"tls.key": other["tls.key"], "ca.crt": authority.certificate}),
        {
            "apiVersion": "networking.k8s.io/v1",
            "kind": "NetworkPolicy",
            "metadata": {"name": "fence", "namespace": GATEWAYS},
            "spec": {"podSelector": {"matchLabels": fenced}, "policyTypes": ["Egress"], "egress": []},
        },
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "diverting", "namespace": APPS},
            "spec": {"hosts": ["diverted.example.com"], "http": [{"directResponse": {"status": 418}}]},
        },
    ]


@pytest.mark.parametrize("host", TOLD)
def test_each_fault_is_told(said: Said, proof: Proof, host: str) -> None:
    code, message = TOLD[host]
    found = said.of(host)
    told = [text for name, text in found if name == code and message in text]
    assert told, found
    claim = f"`egressc doctor` finds the cause: {host.partition('.')[0]}"
    proof.row(FAULTS, claim, "`egressc doctor`", "", f"{code}: {message}")


def test_nothing_is_wrong_with_a_host_that_is_well(said: Said, proof: Proof) -> None:
    assert said.of("well.example.com") == []
    assert {one["check"] for one in said.whole["unknown"]} <= {"istio"}
    assert {"istiod runs", "the namespaces exist", "clients have sidecars"} <= {*said.whole["well"]}
    assert "EG467" not in {one["code"] for one in said.whole["problems"]}
    proof.row(
        FAULTS, "`egressc doctor` finds nothing wrong with a host that is well", "`egressc doctor`", "", "nothing"
    )


def test_a_revoked_caller_is_told_why(said: Said, proof: Proof) -> None:
    code, output = said.ask("doctor", "--json", "--wait=0", "--from", f"{APPS}/shop", "--host", "revoked.example.com")
    assert code == 1
    (problem,) = (one for one in json.loads(output)["problems"] if one["code"] == "EG460")
    assert f"no client of the list is the account {APPS}/shop" in problem["message"]
    code, output = said.ask("doctor", "--wait=0", "--from", f"{APPS}/shop", "--host", "well.example.com")
    assert f"Pod {APPS}/shop may call well.example.com: all ports" in output
    proof.row(
        FAULTS,
        "`egressc doctor` finds the cause: a revoked caller",
        "`--from shop`",
        "",
        f"EG460: {problem['message']}",
    )


def test_without_rights_the_doctor_says_which_are_missing(said: Said) -> None:
    kubeconfig = said.folder / "poor"
    kubeconfig.write_text(kubectl("config", "view", "--raw", "--flatten"))
    kubectl(
        "config", "set-credentials", "poor", f"--kubeconfig={kubeconfig}", f"--token={token()}",
    )  # fmt: skip
    kubectl("config", "set-context", "--current", "--user=poor", f"--kubeconfig={kubeconfig}")
    code, output = said.ask("doctor", "--json", "--wait=0", f"--kubeconfig={kubeconfig}")
    whole = json.loads(output)
    assert (code, whole["problems"]) == (3, [])
    assert {"the right to list namespaces in the whole cluster is missing"} <= {one["why"] for one in whole["unknown"]}


def token() -> str:
    """A token of a client's account, which has no rights."""
    return kubectl("create", "token", "shop", "--namespace", APPS).strip()
