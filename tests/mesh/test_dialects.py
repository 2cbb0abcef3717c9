"""Hosts and upstreams that spell a name, a header or a path otherwise than most, or speak another version."""

import ssl
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority, Certificate
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, requests, secret, wait_ready
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.old_tls import served
from tests.mesh.proof import DIALECTS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams

GATEWAYS = "dialects-gateways"
PLAIN, SPOKEN, PORTED, NAME, LISTED = (
    f"{name}.dialects.example.com" for name in ("plain", "spoken", "ported", "one.names", "listed.names")
)
REVOKED = [f"{name}.crl.dialects.example.com" for name in ("secret", "file", "passed", "passed-file")]
NEW, CAPPED, OLD, TOO_OLD = (f"{name}.tls.dialects.example.com" for name in ("new", "capped", "old", "refused"))
NAMES = (PLAIN, SPOKEN, PORTED, NAME, LISTED, *REVOKED, NEW, CAPPED)


@dataclass(frozen=True)
class Fleet:
    """The list of cases/dialects.yaml, installed."""

    upstream: Upstream
    shop: Client
    good: dict[str, Certificate]
    revoked: Certificate


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("dialects-upstreams", "outside"), ["upstream"])
    good, revoked = {name: authority.issue(name) for name in NAMES}, authority.issue(*REVOKED)
    upstream.certify(good)
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*NAMES)
    revoking = {"ca.crt": authority.certificate, "ca.crl": authority.revoke(revoked)}
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority), secret(GATEWAYS, "revoking", revoking))
    (shop,) = start_clients(namespace("dialects-apps", "injected"), ClientPod("shop"))
    release = Release(GATEWAYS)
    with served(11443, ssl.TLSVersion.TLSv1_1, authority.issue(OLD, TOO_OLD)) as node:
        release.apply(case("dialects", node=node))
        wait_ready(GATEWAYS, [PLAIN, SPOKEN, PORTED, "*.names.dialects.example.com", *REVOKED, NEW, CAPPED, OLD])
        yield Fleet(upstream, shop, good, revoked)
        release.uninstall()
    dns.set_names({name: [] for name in NAMES})


@pytest.mark.parametrize("host", [PLAIN, pytest.param(NAME, marks=pytest.mark.since("a wildcard's denied ranges"))])
def test_a_last_dot_is_no_other_host(fleet: Fleet, proof: Proof, host: str) -> None:
    answer = fleet.shop.curl(f"http://{host}./a")
    assert answer.status == 200, answer
    assert (answer.seen["host"], answer.seen["tls"]["sni"]) == (host, host)
    claim = f"{host} with its last dot"
    proof.row(DIALECTS, claim, f"`GET http://{host}./a`", saw(answer.seen), got(answer))


def test_a_last_dot_is_no_way_round_a_listed_host(fleet: Fleet, proof: Proof) -> None:
    fleet.upstream.forget()
    asked = {dots: fleet.shop.curl(f"http://{NAME}/a", "--header", f"Host: {LISTED}{dots}") for dots in ("", ".", "..")}
    assert {dots: answer.status for dots, answer in asked.items()} == {"": 403, ".": 403, "..": 502}
    assert requests(fleet.upstream) == []
    claim = "a listed host below a wildcard, with its last dot, by a client of the wildcard only"
    proof.row(DIALECTS, claim, f"`GET http://{NAME}/a`, `Host: {LISTED}.`", "nothing", "403")


def test_host_keeps_the_port_that_the_application_wrote(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.shop.curl(f"http://{PORTED}:8080/a")
    assert answer.status == 200, answer
    assert answer.seen["host"] == f"{PORTED}:8080"
    claim = "a client port that is not the upstream's: Host goes on as the application wrote it"
    proof.row(DIALECTS, claim, f"`GET http://{PORTED}:8080/a`", saw(answer.seen), got(answer))


def test_an_upstream_gets_http2_from_an_application_of_http1(fleet: Fleet, proof: Proof) -> None:
    fleet.upstream.forget()
    answers = {host: fleet.shop.curl(f"http://{host}/a", "--http1.1") for host in (PLAIN, SPOKEN)}
    assert {host: answer.status for host, answer in answers.items()} == {PLAIN: 200, SPOKEN: 200}
    assert [answer.seen["protocol"] for answer in answers.values()] == ["HTTP/1.1", "HTTP/2.0"]
    claim = "`upstreamProtocol: HTTP2`, an application of HTTP/1.1"
    answer = answers[SPOKEN]
    proof.row(DIALECTS, claim, f"`GET http://{SPOKEN}/a`", saw(answer.seen), got(answer))


def test_a_revoked_certificate_is_refused(fleet: Fleet, proof: Proof) -> None:
    by_gateway = REVOKED[:2]
    assert [fleet.shop.curl(f"http://{host}/a").status for host in by_gateway] == [200, 200]
    fleet.upstream.certify(fleet.good | dict.fromkeys(REVOKED, fleet.revoked))
    wait_ready(GATEWAYS, REVOKED, ready=False)
    fleet.upstream.forget()
    assert [fleet.shop.curl(f"http://{host}/a").status for host in by_gateway] == [503, 503]
    assert requests(fleet.upstream) == []
    fleet.upstream.certify(fleet.good)
    wait_ready(GATEWAYS, REVOKED)
    claim = "the upstream's certificate is revoked: NotReady, with a list in a Secret, in a file, and for passthrough"
    proof.row(DIALECTS, claim, f"`GET` to {len(by_gateway)} hosts", "nothing", "503")


def test_versions_of_tls(fleet: Fleet, proof: Proof) -> None:
    for host, version, says in (
        (NEW, "TLS 1.3", "minProtocolVersion: TLSV1_3"),
        (CAPPED, "TLS 1.2", "maxProtocolVersion: TLSV1_2"),
    ):
        answer = fleet.shop.curl(f"http://{host}/a")
        assert answer.status == 200, answer
        assert answer.seen["tls"]["version"] == version
        proof.row(DIALECTS, f"`{says}`", f"`GET http://{host}/a`", version, got(answer))
    old = fleet.shop.curl(f"http://{OLD}/a", "--connect-to", "::192.0.2.1:80")
    assert (old.status, old.body) == (200, "TLSv1.1"), old
    proof.row(
        DIALECTS,
        "an upstream of TLS 1.1 only, with `minProtocolVersion: TLSV1_1`",
        f"`GET http://{OLD}/a`",
        "TLS 1.1",
        got(old),
    )
    refused = fleet.shop.curl(f"http://{TOO_OLD}/a", "--connect-to", "::192.0.2.1:80")
    assert refused.status == 503, refused
    proof.row(DIALECTS, "the same without it", f"`GET http://{TOO_OLD}/a`", "no request", got(refused))
