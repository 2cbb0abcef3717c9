"""What upstreams see of a request: headers as the list says, and a credential that only its gateway knows."""

import gzip
import re
from base64 import b64decode
from collections.abc import Iterator
from dataclasses import dataclass

import pytest
import yaml

from tests.mesh import dns, versions
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import ADDED, case, secret, started, wait_answers, wait_ready
from tests.mesh.kubectl import apply, get
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import HEADERS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Seen, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "headers-gateways", "headers-apps"
CHANGED, TOKEN, KEY, NEIGHBOUR, CALLS, MISSING = (
    f"{name}.headers.example.com" for name in ("changed", "token", "key", "neighbour", "calls", "missing")
)
ONE = "one.any.headers.example.com"
#: Many a file has one: Envoy cuts it off, or refuses the request.
LINE_BREAK = "a credential that ends in a line break"
#: An older Envoy drops it, and sends the credential bare.
BEARER = "Bearer " if versions.can(versions.chosen(), "a credential's prefix") else ""
#: What curl sends of its own accord.
CURLS = {"accept", "user-agent"}
OWN = ("--header", "Authorization: Bearer my-own", "--header", "X-Api-Key: my-own")


@dataclass(frozen=True)
class Fleet:
    """The list of cases/headers.yaml, installed, with a client."""

    shop: Client
    hosts: str

    def seen(self, url: str, *options: str, kept: str = "") -> dict[str, list[str]]:
        """What `headers` has of what the upstream saw of a request."""
        answer = self.shop.curl(f"http://{url}", *options)
        assert answer.status == 200, answer
        return headers(answer.seen, kept)


def headers(seen: Seen, kept: str = "") -> dict[str, list[str]]:
    """The headers that an upstream saw, without what curl and proxies add, but for the one that the list keeps."""
    return {name: values for name, values in seen["headers"].items() if name not in (CURLS | ADDED) - {kept}}


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("headers-upstreams", "outside"), ["upstream"])
    hosts = case("headers")
    names = [entry["host"].replace("*", "one") for entry in yaml.safe_load(hosts)["hosts"]]
    upstream.certify({name: authority.issue(name) for name in names})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*names)
    apply(
        secret(namespace(GATEWAYS, "plain", RESTRICTED), "own-ca", {"ca.crt": authority.certificate}),
        secret(
            GATEWAYS,
            "partner",
            {
                "token": "first-token\n" if versions.can(versions.chosen(), LINE_BREAK) else "first-token",
                "api-key": "first-key",
            },
        ),
    )
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    release = Release(GATEWAYS, helm="helm4")
    release.apply(hosts, wait=False)
    wait_ready(GATEWAYS, [CHANGED, CALLS], seconds=90)
    wait_answers((shop, f"http://{host}/") for host in (TOKEN, KEY, NEIGHBOUR))
    yield Fleet(shop, hosts)
    release.uninstall()
    dns.set_names({name: [] for name in names})


def test_changed(fleet: Fleet, proof: Proof) -> None:
    trace = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"
    sent = {"x-api-version": "1", "x-debug": "yes", "x-own": "kept", "traceparent": trace, "tracestate": "vendor=1"}
    options = [part for name, value in sent.items() for part in ("--header", f"{name}: {value}")]
    expected = {
        "x-api-version": ["2026-11"],
        "x-discount": ["100% %REQ(x-debug)%"],
        "x-forwarded-proto": ["https"],
        "x-own": ["kept"],
    }
    for path in ("/a", "/fail-once?key=headers"):  # in a retry too
        seen = fleet.seen(f"{CHANGED}{path}", *options, kept="traceparent")
        (kept,) = seen.pop("traceparent")
        # the sidecar's span of the application's trace
        assert kept.split("-")[1] == trace.split("-")[1]
        assert seen == expected
    shown = fleet.shop.curl(f"http://{CHANGED}/a", *options).seen
    assert shown["host"] == "origin.headers.example.net"
    claim = "headers are set, removed and kept as the list says, in a retry too; % stands for itself"
    told = f"`GET http://{CHANGED}/a` with " + ", ".join(f"`{name}`" for name in sent)
    names = ", ".join(f"`{name}`" for name in sorted(shown["headers"].keys() - CURLS - {"traceparent"}))
    proof.row(
        HEADERS,
        claim,
        told,
        f"Host `origin.headers.example.net`, headers `traceparent`, {names}",
        "200",
    )


def test_answered(fleet: Fleet, proof: Proof) -> None:
    changed, plain = (fleet.shop.curl(f"http://{host}/a").headers for host in (CHANGED, NEIGHBOUR))
    assert changed["cache-control"] == ["no-store"]
    assert "content-type" not in changed
    assert "cache-control" not in plain
    assert "content-type" in plain
    proof.row(
        HEADERS,
        "the application gets the answer's headers as the list says",
        f"`GET http://{CHANGED}/a`",
        "1 request",
        "200, `cache-control` set, no `content-type`",
    )


def test_credential(fleet: Fleet, proof: Proof) -> None:
    for options in ((), OWN):
        own = {"authorization": ["Bearer my-own"], "x-api-key": ["my-own"]} if options else {}
        assert fleet.seen(f"{TOKEN}/a", *options) == own | {"authorization": [f"{BEARER}first-token"]}
        assert fleet.seen(f"{KEY}/a", *options) == own | {"x-api-key": ["first-key"]}
        # of the same pods
        assert fleet.seen(f"{NEIGHBOUR}/a", *options) == own
    claim = "a credential from a Secret is in its host's header, whatever the application sends there"
    credential = "the credential" if BEARER else "the credential, without its prefix"
    proof.row(HEADERS, claim, f"`GET http://{TOKEN}/a` with `Authorization` of its own", credential, "200")
    claim = "a credential stays with its host on a gateway that others share"
    proof.row(
        HEADERS, claim, f"`GET http://{NEIGHBOUR}/a`, `GET http://{KEY}/a`", "nothing; its own credential", "200; 200"
    )


def test_credential_of_calls(fleet: Fleet, proof: Proof) -> None:
    outcome = fleet.shop.grpc(f"{CALLS}:80")
    assert outcome.ok, outcome.error
    assert outcome.seen
    assert outcome.seen["headers"]["authorization"] == ["first-token"]
    claim = "a credential is in the metadata of a gRPC call"
    proof.row(HEADERS, claim, f"an echo call to `{CALLS}:80`", "the credential", "an answer")


@pytest.mark.since("a wildcard's denied ranges")
def test_wildcard(fleet: Fleet, proof: Proof) -> None:
    url = f"http://{ONE}/a"
    wait_until(lambda: fleet.shop.curl(url).status != 503, "the wildcard's gateway answers", seconds=60)
    answers = [fleet.shop.curl(url, *OWN) for _ in range(3)]
    allowed = [headers(answer.seen) for answer in answers if answer.status == 200]
    changed = {"authorization": ["Bearer first-token"], "x-api-key": ["my-own"], "x-api-version": ["2026-11"]}
    # the first answer of all may have been the one that was waited for
    assert allowed in ([changed], [changed] * 2)
    assert answers[-1].status == 429
    claim = "a name of a wildcard: headers, credential and limit are those of the wildcard"
    proof.row(HEADERS, claim, f"`GET {url}` until it is refused", "the credential, `x-api-version`", "200, then 429")


def test_renewed(fleet: Fleet, proof: Proof) -> None:
    before = started(GATEWAYS)
    apply(secret(GATEWAYS, "partner", {"token": "second-token", "api-key": "second-key"}))
    for url, name, value in ((TOKEN, "authorization", f"{BEARER}second-token"), (KEY, "x-api-key", "second-key")):
        wait_until(lambda: fleet.seen(f"{url}/a")[name] == [value], f"the second credential of {url}", seconds=60)  # noqa: B023
    assert started(GATEWAYS) == before
    claim = "a renewed credential is taken without a restart"
    proof.row(HEADERS, claim, f"`GET http://{TOKEN}/a` until it changes", "the second credential", "200")


@pytest.mark.before(LINE_BREAK)  # later the credential of all tests ends in one
def test_line_break(fleet: Fleet) -> None:
    apply(secret(GATEWAYS, "partner", {"token": "third-token\n", "api-key": "second-key"}))
    wait_until(lambda: fleet.shop.curl(f"http://{TOKEN}/a").status == 503, "the credential is refused", seconds=60)
    assert fleet.shop.curl(f"http://{KEY}/a").status == 200


def test_missing(fleet: Fleet, proof: Proof) -> None:
    assert fleet.shop.curl(f"http://{MISSING}/a").status == 503
    (pod,) = get("pods", "--namespace", GATEWAYS, "--selector=egressc.io/gateway=missing-headers-example-com")["items"]
    assert pod["status"]["phase"] == "Pending"
    claim = "without its Secret a gateway does not start: nothing is sent without the credential"
    proof.row(HEADERS, claim, f"`GET http://{MISSING}/a`", "nothing", "503")


@pytest.mark.usefixtures("fleet")
def test_secret(proof: Proof) -> None:
    releases = get("secrets", "--namespace", GATEWAYS, "--selector=owner=helm")["items"]
    assert releases
    for release in releases:
        kept = gzip.decompress(b64decode(b64decode(release["data"]["release"]))).decode()
        assert "credential_injector" in kept
        assert not re.search("(first|second)-(token|key)", kept)
    claim = "no credential is in Helm's release"
    proof.row(HEADERS, claim, "the release, unpacked", "nothing", "the filter, without a value")
