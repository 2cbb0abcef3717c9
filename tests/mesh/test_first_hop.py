"""HTTP/2 between a client's sidecar and its gateway: nothing is lost that HTTP/1.1 had there, and nothing opens."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest

from egressc.names import gateway_name
from tests.mesh import dns, gateway, settings
from tests.mesh.attacker import Attacker, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import adopted, case, config_map, credentials, gateways, requests, secret, wait_answers
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import FIRST_HOP, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.steady import asked
from tests.mesh.upstream import Face, Seen, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, ADOPTED, APPS, RUNNING = "hop-gateways", "hop-adopted", "hop-apps", "hop-running"
NAMES = (
    *("fast", "plain", "cased", "mixed", "one", "two", "there", "name.wild"),
    *("ruled", "posted", "denied", "reported", "limited", "judged"),
)
FAST, PLAIN, CASED, MIXED, ONE, TWO, THERE, NAME, RULED, POSTED, DENIED, REPORTED, LIMITED, JUDGED = (
    f"{name}.hop.example.com" for name in NAMES
)
HTTP = 8080
#: Who lets in GET of what is below /open, and nothing else.
POLICY = """
package envoy.authz

default allow := false

allow if {
    input.attributes.request.http.method == "GET"
    startswith(input.attributes.request.http.path, "/open")
}
"""
KEEPS = "proxyHeaders: {preserveHttp1HeaderCase: true}\n"
SHOP = f"spiffe://cluster.local/ns/{APPS}/sa/shop"
RANGES = pytest.mark.since("a wildcard's denied ranges")
pytestmark = pytest.mark.since("a DestinationRule's HTTP/2 keepalive")


@dataclass(frozen=True)
class Fleet:
    """The list of cases/first-hop.yaml: clients, one whose sidecar keeps the case of headers, one that may not call."""

    upstream: Upstream
    shop: Client
    cart: Client
    keeps: Client
    attacker: Attacker
    stranger: Attacker

    def address(self, host: str) -> str:
        """The address of a gateway's pod that carries a host."""
        name = "partners" if host in (ONE, TWO) else gateway_name(host)
        return gateways(GATEWAYS)[name].addresses[0]

    def logged(self, host: str, path: str) -> dict[str, Any]:
        """The line of the gateway's log about the request for a path, which is asked for once."""
        pods = gateway.pods(GATEWAYS, f"egressc.io/gateway={gateway_name(host)}")
        found: list[dict[str, Any]] = []

        def there() -> bool:
            found[:] = [line for pod in pods for line in gateway.access_log(GATEWAYS, pod) if line.get("path") == path]
            return bool(found)

        wait_until(there, f"the gateway of {host} has logged {path}", seconds=30)
        (line,) = found
        return line

    def got(self, path: str) -> list[Seen]:
        """What came to the upstream for a path."""
        return requests(self.upstream, lambda seen: seen.get("path") == path)


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("hop-upstreams", "outside"), ["upstream"])
    upstream.certify({name: authority.issue(name) for name in (FAST, PLAIN, CASED, MIXED, ONE, TWO, NAME, *RULES)})
    upstream.serve(Face(443, tls="simple"), Face(80))
    upstream.be_known_as(FAST, PLAIN, CASED, MIXED, ONE, TWO, THERE, NAME, *RULES)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    apply(config_map(GATEWAYS, "policy", {"envoy.rego": POLICY}), adopted(namespace(ADOPTED), RUNNING))
    apply(secret(ADOPTED, "own-ca", {"ca.crt": authority.certificate}))
    shop, cart, keeps, stranger = start_clients(
        namespace(APPS, "injected"),
        *(ClientPod(name, account=name) for name in ("shop", "cart")),
        ClientPod("keeps", account="shop", proxy=KEEPS),
        ClientPod("stranger", account="stranger"),
    )
    kubectl("rollout", "status", f"deployment/{RUNNING}", "--namespace", ADOPTED, "--timeout=90s")
    release = Release(GATEWAYS)
    release.apply(case("first-hop", image=settings.image("opa")), seconds=240)
    answering = (FAST, PLAIN, CASED, MIXED, ONE, TWO, THERE)
    wait_answers((who, f"http://{host}/") for host in answering for who in (shop, keeps))
    wait_answers([(cart, f"http://{FAST}/"), (shop, f"http://{JUDGED}/open")])
    yield Fleet(upstream, shop, cart, keeps, take_over(shop), take_over(stranger))
    release.uninstall()
    dns.set_names({f"{name}.hop.example.com": [] for name in NAMES})


RULES = (RULED, POSTED, DENIED, REPORTED, LIMITED, JUDGED)


@pytest.mark.parametrize(
    ("who", "host", "protocol"),
    [
        ("shop", FAST, "HTTP/2"),
        ("keeps", FAST, "HTTP/2"),
        ("shop", MIXED, "HTTP/2"),
        ("shop", PLAIN, "HTTP/1.1"),
        ("shop", CASED, "HTTP/1.1"),
        ("keeps", CASED, "HTTP/1.1"),
    ],
)
def test_what_the_gateway_is_spoken_to(fleet: Fleet, proof: Proof, who: str, host: str, protocol: str) -> None:
    path = f"/spoken-{who}"
    answer: Answer = getattr(fleet, who).curl(f"http://{host}{path}")
    assert answer.status == 200, answer
    assert answer.seen["protocol"] == "HTTP/1.1"
    line = fleet.logged(host, path)
    assert (line["protocol"], line["status"], line["client"]) == (protocol, 200, SHOP)
    claim = f"{protocol} to the gateway: {host}, from the sidecar of {who}"
    proof.row(FIRST_HOP, claim, f"`GET http://{host}{path}`", saw(answer.seen), got(answer))


#: Requests as an application of HTTP/1.1 sends them: path, and curl's options.
SENT = {
    "GET": ("/a?b=c", ()),
    "HEAD": ("/head", ("--head",)),
    "POST with a body": ("/posted", ("--data", "some text")),
    "a body in chunks": ("/chunks", ("--header", "Transfer-Encoding: chunked", "--data", "some text")),
    "`Expect: 100-continue`": ("/continued", ("--header", "Expect: 100-continue", "--data", "some text")),
    "`Connection: close`": ("/closed", ("--header", "Connection: close")),
    "a method of its own": ("/found", ("--request", "PROPFIND")),
    "a slow answer": ("/slow?seconds=3", ()),
    "404": ("/status/404", ()),
    "headers of all kinds": (
        "/headers",
        ("--header", "Cookie: a=1; b=2", "--header", "TE: trailers", "--header", "X-A;"),
    ),
}


@pytest.mark.parametrize("sent", SENT)
def test_the_upstream_sees_the_same(fleet: Fleet, proof: Proof, sent: str) -> None:
    """Whatever is spoken to the gateway, the upstream gets the same request, and the application the same answer."""
    path, options = SENT[sent]
    told: dict[str, tuple[Any, ...]] = {}
    for host in (FAST, PLAIN):
        fleet.upstream.forget()
        answer = fleet.shop.curl(f"http://{host}{path}", "--http1.1", *options)
        (seen,) = requests(fleet.upstream)
        of_connection = ("host", "peer", "tls")
        known = {key: value for key, value in seen.items() if key not in of_connection}
        told[host] = (answer.status, sorted(answer.headers), known)
    assert told[FAST] == told[PLAIN]
    claim = f"over HTTP/2 the upstream gets what it gets over HTTP/1.1: {sent}"
    proof.row(FIRST_HOP, claim, f"`{path}` of both", "the same", f"{told[FAST][0]}")


def test_a_large_answer(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.shop.curl(f"http://{FAST}/bytes?count=20000000", "--output", "/dev/null", seconds=60)
    assert (answer.status, answer.code) == (200, 0), answer
    proof.row(FIRST_HOP, "20 MB over HTTP/2", f"`GET http://{FAST}/bytes`", "the request", got(answer))


@pytest.mark.parametrize("host", [FAST, PLAIN, MIXED, ONE, THERE, pytest.param(NAME, marks=RANGES)])
def test_websocket(fleet: Fleet, proof: Proof, host: str) -> None:
    outcome = fleet.shop.websocket(f"ws://{host}/socket")
    assert (outcome.ok, outcome.status, outcome.echo) == (True, "101", "hello"), outcome
    assert outcome.seen
    assert (outcome.seen["method"], outcome.seen["protocol"]) == ("GET", "HTTP/1.1")
    assert not {":protocol", "protocol"} & {*outcome.seen["headers"]}
    proof.row(FIRST_HOP, f"a WebSocket: {host}", f"`ws://{host}/socket`", saw(outcome.seen), got(outcome))


def test_websocket_of_a_sidecar_that_keeps_the_case(fleet: Fleet, proof: Proof) -> None:
    outcome = fleet.keeps.websocket(f"ws://{FAST}/socket")
    assert (outcome.ok, outcome.echo) == (True, "hello"), outcome
    claim = "a WebSocket from a sidecar with `preserveHttp1HeaderCase`"
    proof.row(FIRST_HOP, claim, f"`ws://{FAST}/socket`", "a WebSocket", got(outcome))


def test_a_quiet_websocket_lives(fleet: Fleet, proof: Proof) -> None:
    """Other requests come and go on the same connection, which is asked every ten seconds whether it lives."""
    outcome = fleet.shop.websocket(f"ws://{FAST}/socket", "-quiet=20s", "-timeout=40s")
    assert (outcome.ok, outcome.echo) == (True, "hello"), outcome
    proof.row(FIRST_HOP, "a WebSocket that is quiet for 20 s", f"`ws://{FAST}/socket`", "its text", got(outcome))


def test_grpc_beside_it(fleet: Fleet, proof: Proof) -> None:
    outcome = fleet.shop.grpc(f"{MIXED}:9000")
    assert outcome.ok, outcome
    proof.row(FIRST_HOP, "gRPC, at a port beside", f"`{MIXED}:9000`", "the call", got(outcome))


class Judged(NamedTuple):
    """A WebSocket, which is judged as the GET that it is."""

    claim: str
    host: str
    path: str
    status: str


JUDGEMENTS = [
    Judged("an allowed path", RULED, "/open/socket", "101"),
    Judged("another path", RULED, "/closed", "403"),
    Judged("POST is allowed", POSTED, "/socket", "403"),
    Judged("GET is denied", DENIED, "/socket", "403"),
    Judged("an OPA that allows GET below /open", JUDGED, "/open/socket", "101"),
    Judged("an OPA, another path", JUDGED, "/closed", "403"),
]


@pytest.mark.parametrize("one", JUDGEMENTS, ids=lambda one: one.claim)
def test_a_websocket_is_judged_as_a_get(fleet: Fleet, proof: Proof, one: Judged) -> None:
    fleet.upstream.forget()
    url = f"ws://{one.host}{one.path}"
    outcome = fleet.shop.websocket(url)
    assert outcome.status == one.status, outcome
    opens = one.status == "101"
    assert len(requests(fleet.upstream)) == opens
    seen = "a WebSocket" if opens else "nothing"
    proof.row(FIRST_HOP, f"a WebSocket over HTTP/2: {one.claim}", f"`{url}`", seen, one.status)


def test_a_websocket_is_reported_as_a_get(fleet: Fleet, proof: Proof) -> None:
    outcome = fleet.shop.websocket(f"ws://{REPORTED}/reported-socket")
    assert outcome.ok, outcome
    line = fleet.logged(REPORTED, "/reported-socket")
    assert (line["method"], line["would_allow"], line["protocol"]) == ("GET", "denied", "HTTP/2")
    claim = "`enforcement: report`, a WebSocket where POST is allowed: a GET that would be denied"
    proof.row(FIRST_HOP, claim, f"`ws://{REPORTED}/reported-socket`", "a WebSocket", "101")


def test_a_websocket_counts_in_a_client_s_limit(fleet: Fleet, proof: Proof) -> None:
    assert fleet.shop.websocket(f"ws://{LIMITED}/socket").status == "101"
    assert [fleet.shop.curl(f"http://{LIMITED}/a").status for _ in range(3)] == [200, 200, 429]
    assert fleet.shop.websocket(f"ws://{LIMITED}/socket").status == "429"
    assert fleet.cart.curl(f"http://{LIMITED}/a").status == 200
    claim = "a limit of 3 for each client, over HTTP/2: one WebSocket and two GET, and another client's own"
    proof.row(FIRST_HOP, claim, f"`ws://{LIMITED}/socket`, `GET http://{LIMITED}/a`", "4 requests", "101, 200; 429")


SOCKET = (":protocol", "websocket")
OPENING = (("sec-websocket-version", "13"), ("sec-websocket-key", "dGhlIHNhbXBsZSBub25jZQ=="))
UPGRADED = ("Connection: Upgrade, HTTP2-Settings", "Upgrade: h2c", "HTTP2-Settings: AAMAAABkAAQAAP__")


class Smuggled(NamedTuple):
    """What somebody writes to a gateway's address in HTTP/2: to the host of the SNI, with further fields."""

    claim: str
    host: str
    request: str
    fields: tuple[tuple[str, str], ...] = ()
    authority: str = ""
    who: str = "attacker"


SMUGGLED = [
    Smuggled("a stranger's WebSocket", FAST, "CONNECT /smuggled", (SOCKET,), who="stranger"),
    *(
        Smuggled(f"CONNECT for `{name}`", FAST, "CONNECT /smuggled", ((":protocol", name),))
        for name in ("h2c", "connect-udp", "connect-ip", "tls", "bytestream", "")
    ),
    Smuggled("CONNECT to the host", FAST, "CONNECT", authority=f"{FAST}:443"),
    Smuggled("CONNECT to Envoy's admin port", FAST, "CONNECT", authority="127.0.0.1:15000"),
    Smuggled("CONNECT with a path, and without a protocol", FAST, "CONNECT /smuggled"),
    Smuggled("GET with a protocol", FAST, "GET /smuggled", (SOCKET,)),
    Smuggled("GET with `upgrade: websocket`", FAST, "GET /smuggled", (("upgrade", "websocket"),)),
    Smuggled("GET with `upgrade: h2c`", FAST, "GET /smuggled", (("upgrade", "h2c"), ("http2-settings", "AAMAAABk"))),
    Smuggled("a WebSocket to another path", RULED, "CONNECT /smuggled", (SOCKET,)),
    Smuggled("a WebSocket where GET is denied", DENIED, "CONNECT /smuggled", (SOCKET,)),
    Smuggled("a WebSocket where POST is allowed", POSTED, "CONNECT /smuggled", (SOCKET,)),
    Smuggled("a WebSocket past an OPA", JUDGED, "CONNECT /smuggled", (SOCKET,)),
    Smuggled("a WebSocket in HTTP/2 where sidecars speak HTTP/1.1", PLAIN, "CONNECT /smuggled", (SOCKET,)),
    Smuggled("another host of the gateway", ONE, "GET /smuggled", authority=TWO),
    Smuggled("a WebSocket to another host of the gateway", ONE, "CONNECT /smuggled", (SOCKET,), TWO),
    Smuggled("a host of another gateway", FAST, "GET /smuggled", authority=PLAIN),
]


@pytest.mark.parametrize("one", SMUGGLED, ids=lambda one: one.claim)
def test_smuggled(fleet: Fleet, proof: Proof, one: Smuggled) -> None:
    fleet.upstream.forget()
    sender: Attacker = getattr(fleet, one.who)
    authority = one.authority or one.host
    answer = sender.http2(fleet.address(one.host), HTTP, one.host, one.request, authority, *one.fields)
    assert answer.status in (0, 400, 403, 404, 421), answer
    assert requests(fleet.upstream) == []
    fields = " ".join(f"`{name}: {value}`" for name, value in one.fields)
    sent = f"HTTP/2, SNI `{one.host}`: `{one.request}`, `:authority: {authority}` {fields}".strip()
    proof.row(FIRST_HOP, f"refused: {one.claim}", sent, "nothing", str(answer.status or "reset"))


def test_the_same_with_a_right_to_it(fleet: Fleet) -> None:
    """What is refused above is well written: with a right to it the WebSocket opens."""
    fleet.upstream.forget()
    fleet.attacker.http2(fleet.address(FAST), HTTP, FAST, "CONNECT /right", FAST, SOCKET, *OPENING)
    assert [seen["method"] for seen in fleet.got("/right")] == ["GET"]


@pytest.mark.parametrize("host", [FAST, PLAIN])
def test_upgrade_to_http2_in_clear(fleet: Fleet, proof: Proof, host: str) -> None:
    """Envoy drops this upgrade: the request stays one of HTTP/1.1, and the upstream hears nothing of it."""
    fleet.upstream.forget()
    answer = fleet.attacker.http(fleet.address(host), HTTP, host, "GET /clear", "X-A: 1", *UPGRADED)
    assert answer.status == 200, answer
    (seen,) = fleet.got("/clear")
    assert seen["protocol"] == "HTTP/1.1"
    assert not {"upgrade", "http2-settings", "connection"} & {*seen["headers"]}
    claim = f"`Upgrade: h2c` to the gateway of {host} changes no protocol"
    proof.row(FIRST_HOP, claim, "`GET /clear`, `Upgrade: h2c`", saw(seen), got(answer))


@pytest.mark.parametrize("host", [FAST, PLAIN])
def test_a_killed_pod_loses_no_request(fleet: Fleet, proof: Proof, host: str) -> None:
    """One of two pods ends at once, while its client asks."""
    selector = f"egressc.io/gateway={gateway_name(host)}"

    def both() -> bool:
        found = get("pods", "--namespace", GATEWAYS, f"--selector={selector}")["items"]
        return sum(all(one["ready"] for one in pod["status"].get("containerStatuses", ())) for pod in found) >= 2

    wait_until(both, f"two pods of {host} are Ready", seconds=60)
    pod = gateway.pods(GATEWAYS, selector)[0]
    with asked(fleet.shop, "killed", f"http://{host}/a") as answers:
        kubectl("delete", "pod", pod, "--namespace", GATEWAYS, "--grace-period=0", "--force")
        wait_until(both, f"two pods of {host} are Ready again", seconds=60)
    assert set(answers) == {"200"}, answers
    claim = f"one of two pods is killed: {host}"
    proof.row(FIRST_HOP, claim, f"`GET http://{host}/a`, all the time", "all of them", "200")
