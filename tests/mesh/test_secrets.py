"""A Secret that is missing, malformed or renewed concerns its own gateway alone, and needs no restart."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from itertools import count
from pathlib import Path

import pytest

from egressc.names import gateway_name
from tests.mesh import diagnostics, dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import GatewayPod, case, common_name, credentials, gateways, key_pair, secret, wait_ready
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import FAULTS, SECRETS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "e2e-gateways", "e2e-apps"
NEIGHBOUR, LATER = "neighbour.example.com", "later.example.com"
#: Whose Secret is a CA alone: one by which the gateway verifies, one by which only its check does.
LATER_CA = ["later-ca.example.com", "later-passed.example.com"]
HOSTS = [NEIGHBOUR, LATER, *LATER_CA]


@dataclass(frozen=True)
class Fleet:
    """The list of cases/secrets.yaml, installed while the Secret of all but the neighbour is missing."""

    upstream: Upstream
    shop: Client
    authority: Authority
    #: The gateways' pods as they were first.
    first: dict[str, GatewayPod]
    #: When that was (RFC 3339).
    since: str

    def pair(self, subject: str) -> dict[str, str]:
        """A client certificate and what verifies the upstream, as a Secret keeps them."""
        pair = key_pair(self.authority.issue("egress.example.com", subject=subject))
        return {**pair, "ca.crt": self.authority.certificate}

    def present(self, data: Mapping[str, str], subject: str) -> None:
        """Let the Secret hold this certificate; when this returns, the upstream has seen its subject."""
        apply(secret(GATEWAYS, "later", dict(data)))
        wait_until(lambda: self._presented() == subject, f"the certificate of {subject}", seconds=60)

    def present_touched(self, data: Mapping[str, str], subject: str) -> None:
        """The same, and until then istiod is made to send the Secret again and again.

        Envoy takes a Secret's key and CA one after the other, in any order: a good key is refused beside the malformed
        CA from before, and with it all of the answer. In the next answer the key is no news, and the CA is taken.
        """
        apply(secret(GATEWAYS, "later", dict(data)))
        touches = count()

        def presented() -> bool:
            kubectl("annotate", "secret", "later", f"touched={next(touches)}", "--overwrite", "--namespace", GATEWAYS)
            return self._presented() == subject

        wait_until(presented, f"the certificate of {subject}", seconds=60, every=1)

    def _presented(self) -> str:
        answer = self.shop.curl(f"http://{LATER}/a")
        return common_name(answer.seen) if answer.status == 200 else ""

    def check_neighbour(self) -> None:
        """Assert that the neighbour's pod answers and has been Ready since it first was, and nobody was restarted."""
        assert self.shop.curl(f"http://{NEIGHBOUR}/a").status == 200
        now = gateways(GATEWAYS)
        name = gateway_name(NEIGHBOUR)
        assert now[name] == self.first[name]
        assert {each: (pod.name, pod.restarts) for each, pod in now.items()} == {
            each: (pod.name, 0) for each, pod in self.first.items()
        }


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("e2e-upstreams", "outside"), ["upstream"])
    upstream.certify({host: authority.issue(host) for host in HOSTS})
    upstream.serve(Face(443, tls="simple"), Face(8443, tls="mutual", client_ca=authority.certificate))
    upstream.be_known_as(*HOSTS)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    release = Release(GATEWAYS, helm="helm3")
    release.apply(case("secrets"), wait=False)
    wait_ready(GATEWAYS, [NEIGHBOUR], seconds=60)
    # a pod whose Secret is missing runs all the same, and is NotReady
    wait_until(
        lambda: all(pod.since for pod in gateways(GATEWAYS).values()) and len(gateways(GATEWAYS)) == len(HOSTS),
        "a pod for each gateway",
        seconds=60,
    )
    yield Fleet(upstream, shop, authority, gateways(GATEWAYS), datetime.now(UTC).isoformat())
    release.uninstall()
    dns.set_names({name: [] for name in HOSTS})


def test_missing(fleet: Fleet, proof: Proof) -> None:
    pods = gateways(GATEWAYS)
    assert [host for host in HOSTS if pods[gateway_name(host)].ready] == [NEIGHBOUR]
    assert fleet.shop.curl(f"http://{LATER}/a").status == 503
    fleet.check_neighbour()
    claim = "a Secret is missing: its gateway is NotReady, its neighbour answers"
    proof.row(
        SECRETS, claim, f"`GET http://{LATER}/a`, `GET http://{NEIGHBOUR}/a`", "the neighbour's alone", "503; 200"
    )


def test_created_later(fleet: Fleet, proof: Proof) -> None:
    apply(
        secret(GATEWAYS, "later", fleet.pair("later")),
        secret(GATEWAYS, "later-ca", {"ca.crt": fleet.authority.certificate}),
    )
    wait_ready(GATEWAYS, HOSTS)
    answer = fleet.shop.curl(f"http://{LATER}/a")
    assert (answer.status, common_name(answer.seen)) == (200, "later")
    assert fleet.shop.curl(f"http://{LATER_CA[0]}/a").status == 200
    fleet.check_neighbour()
    claim = "a Secret is created later: Ready, without a restart"
    proof.row(SECRETS, claim, f"`GET http://{LATER}/a`", "the Secret's certificate", "200")


def test_renewed(fleet: Fleet, proof: Proof) -> None:
    """Three times: the third renewal is where mounted files have failed."""
    for number in range(1, 4):
        fleet.present(fleet.pair(f"renewed-{number}"), f"renewed-{number}")
        fleet.check_neighbour()
    assert gateways(GATEWAYS)[gateway_name(LATER)].ready
    claim = "a Secret is renewed, three times: the new certificate is presented, without a restart"
    proof.row(SECRETS, claim, f"`GET http://{LATER}/a`", "the third new certificate", "200")


MALFORMED: Mapping[str, Mapping[str, str]] = {
    "no PEM": {"tls.crt": "not a certificate", "tls.key": "not a key"},
    "a certificate without its key": {"tls.key": ""},
    "a CA that is no certificate": {"ca.crt": "not a certificate"},
}


@pytest.mark.parametrize("what", MALFORMED)
def test_malformed(fleet: Fleet, proof: Proof, what: str) -> None:
    """What cannot be read is not taken: the gateway keeps what it has until something good follows."""
    good = fleet.pair("good")
    fleet.present(good, "good")
    apply(secret(GATEWAYS, "later", {**good, **MALFORMED[what]}))
    fleet.check_neighbour()
    answer = fleet.shop.curl(f"http://{LATER}/a")
    assert (answer.status, common_name(answer.seen)) == (200, "good")
    if "ca.crt" in MALFORMED[what]:
        fleet.present_touched(fleet.pair("good again"), "good again")
    else:
        fleet.present(fleet.pair("good again"), "good again")
    fleet.check_neighbour()
    assert gateways(GATEWAYS)[gateway_name(LATER)].ready
    repair = "a good one that is touched once more" if "ca.crt" in MALFORMED[what] else "the next good one"
    claim = f"a Secret becomes malformed ({what}): its gateway keeps what it had until {repair}"
    proof.row(SECRETS, claim, f"`GET http://{LATER}/a` before the repair", "the last good certificate", "200")


def test_what_explains_a_failure(fleet: Fleet, proof: Proof, tmp_path: Path) -> None:
    """What is written when a test fails, here after istiod was told that a gateway refuses its Secret."""
    written = {file.name: file.read_text() for file in diagnostics.collect(tmp_path / "evidence", fleet.since)}
    pod = fleet.first[gateway_name(LATER)].name
    assert "GET /a" in written[f"{GATEWAYS}-{pod}.log"]
    assert f"outbound|80||{LATER}" in written[f"{GATEWAYS}-{pod}.json"]
    assert "Failed to load trusted CA certificates" in written["istiod.log"]
    claim = "a test that fails leaves each gateway's log and configuration, and istiod's complaints, in build/e2e"
    proof.row(FAULTS, claim, "a malformed CA", "nothing", "the refusal in istiod.log; the host's cluster; the requests")


def test_deleted(fleet: Fleet, proof: Proof) -> None:
    """Deleted while it is in use: the gateway keeps it for as long as its pod lives."""
    fleet.present(fleet.pair("last"), "last")
    kubectl("delete", "secret", "later", "--namespace", GATEWAYS)
    fleet.check_neighbour()
    answer = fleet.shop.curl(f"http://{LATER}/a")
    assert (answer.status, common_name(answer.seen)) == (200, "last")
    claim = "a Secret is deleted: its gateway keeps what it had"
    proof.row(SECRETS, claim, f"`GET http://{LATER}/a`", "the last certificate", "200")
