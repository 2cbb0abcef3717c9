"""An account is removed from the list while its connections are open: how long each of them goes on."""

import time
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from threading import Event, Thread

import pytest
from typing_extensions import override

from tests.mesh import dns
from tests.mesh.attacker import Attacker, Stream, http1, take_over
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, gateways, wait_answers
from tests.mesh.http2 import Http2
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import REVOKED, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "rev-gateways", "rev-apps"
OWN, SHARED, NEIGHBOUR = HOSTS = [f"{name}.rev.example.com" for name in ("own", "shared", "neighbour")]
PODS = {OWN: "own-rev-example-com", SHARED: "rev-shared", NEIGHBOUR: "rev-shared"}
HTTP = 8080
TCP = {OWN: 5432, SHARED: 15432}
LEAVER, STAYER = (f"{{namespace: {APPS}, serviceAccount: {name}}}" for name in ("leaver", "stayer"))
#: A WebSocket's opening, and a text in it under a mask of zeros.
UPGRADE = ("Upgrade: websocket", "Sec-WebSocket-Version: 13", "Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==")
TEXT = b"\x81\x85\0\0\0\0hello"
NEW = "new ones"
#: How often each says something, how long requests may go on once the gateway refuses new ones, and how long all are
#: looked at, in seconds: an old listener drains for 45.
EVERY = 0.1
GRACE, LIMIT = 2.0, 60.0

#: Says something on a connection that is open; whether it was answered.
Say = Callable[[], bool]


def keeps_http1(stream: Stream, host: str) -> Say:
    """Requests on one connection, whatever `connection: close` says."""
    return lambda: http1(stream, host, "GET /a", close=False).status == 200


def keeps_http2(stream: Stream, host: str) -> Say:
    """Requests on one connection, whatever GOAWAY says."""
    connection = Http2(stream.send, stream.receive)
    return lambda: connection.ask("GET", host, "/a")[0] == 200


def keeps_websocket(stream: Stream, host: str) -> Say:
    """Texts that come back."""
    headers = "\r\n".join((f"Host: {host}", "Connection: Upgrade", *UPGRADE))
    stream.send(f"GET /a HTTP/1.1\r\n{headers}\r\n\r\n".encode())
    assert b" 101 " in stream.receive()
    return lambda: _echoed(stream, TEXT)


def keeps_tcp(stream: Stream, _host: str) -> Say:
    """Lines that come back."""
    return lambda: _echoed(stream, b"hello\n")


def _echoed(stream: Stream, data: bytes) -> bool:
    stream.send(data)
    return stream.receive() != b""


KEPT: dict[str, tuple[tuple[str, ...], Callable[[Stream, str], Say]]] = {
    "HTTP/1.1": (("http/1.1",), keeps_http1),
    "HTTP/2": (("h2",), keeps_http2),
    "WebSocket": (("http/1.1",), keeps_websocket),
    "TCP": ((), keeps_tcp),
}


class Conversation(Thread):
    """Talks on one connection until it is refused, or until nobody listens any more."""

    def __init__(self, say: Say, over: Event) -> None:
        super().__init__(daemon=True)
        self._say, self._over = say, over
        #: When it was last answered, and how often.
        self.last, self.answers = time.monotonic(), 0

    @override
    def run(self) -> None:
        try:
            while not self._over.is_set() and self._say():
                self.last, self.answers = time.monotonic(), self.answers + 1
                time.sleep(EVERY)
        except (OSError, EOFError, ValueError):
            pass


#: How long a conversation went on after new ones were refused, by account, host and kind; LIMIT: to the end.
Figures = dict[tuple[str, str, str], float]


@pytest.fixture(scope="module")
def figures(namespace: MakeNamespace, public_authority: Authority) -> Iterator[Figures]:
    (upstream,) = start_upstreams(namespace("rev-upstreams", "outside"), ["upstream"])
    upstream.certify({host: public_authority.issue(host) for host in HOSTS})
    upstream.serve(Face(443, tls="simple"), Face(5432, "tcp"))
    upstream.be_known_as(*HOSTS)
    pods = start_clients(namespace(APPS, "injected"), *(ClientPod(name, account=name) for name in ("leaver", "stayer")))
    release = Release(namespace(GATEWAYS, "plain", RESTRICTED))
    release.apply(case("revoked", clients=f"{LEAVER}, {STAYER}"))
    wait_answers((pod, f"http://{SHARED}/") for pod in pods)
    yield measured({pod.name: pod for pod in pods}, release)
    release.uninstall()
    dns.set_names({host: [] for host in HOSTS})


def measured(pods: dict[str, Client], release: Release) -> Figures:
    """Remove the leaver while everybody talks."""
    addresses = {host: gateways(GATEWAYS)[name].addresses[0] for host, name in PODS.items()}
    over = Event()
    talks: dict[tuple[str, str, str], Conversation] = {}
    with ExitStack() as stack:
        for who, pod in pods.items():
            for host in (OWN, SHARED):
                for kind, (alpn, keep) in KEPT.items():
                    port = TCP[host] if kind == "TCP" else HTTP
                    stream = stack.enter_context(take_over(pod).connect(addresses[host], port, host, alpn))
                    talks[who, host, kind] = Conversation(keep(stream, host), over)
                talks[who, host, NEW] = Conversation(opens(take_over(pod), addresses[host], host), over)
        for talk in talks.values():
            talk.start()
        wait_until(lambda: all(talk.answers for talk in talks.values()), "all talk", seconds=60)
        release.apply(case("revoked", clients=STAYER), wait=False)
        new = {host: talks["leaver", host, NEW] for host in (OWN, SHARED)}
        wait_until(lambda: not any(talk.is_alive() for talk in new.values()), "new ones are refused", seconds=60)
        end = time.monotonic() + LIMIT
        wait_until(
            lambda: time.monotonic() > end or not any(talk.is_alive() for talk in talks.values()),
            "the end",
            seconds=LIMIT + 5,
        )
        figures = {
            (who, host, kind): LIMIT if talk.is_alive() else talk.last - new[host].last
            for (who, host, kind), talk in talks.items()
        }
        over.set()
    for (who, host, kind), seconds in figures.items():
        print(f"{who:8}{host:24}{kind:10}{seconds:8.2f} s{' (to the end)' if seconds == LIMIT else ''}")
    return figures


def opens(attacker: Attacker, address: str, host: str) -> Say:
    """Requests on a new connection each."""
    return lambda: attacker.http(address, HTTP, host, "GET /a").status == 200


@pytest.mark.parametrize("host", [OWN, SHARED])
@pytest.mark.parametrize("kind", ["HTTP/1.1", "HTTP/2"])
def test_requests_end_at_once(figures: Figures, proof: Proof, host: str, kind: str) -> None:
    assert figures["leaver", host, kind] <= GRACE
    claim = f"a removed account's open {kind} connection, {host.partition('.')[0]} gateway"
    proof.row(REVOKED, claim, "requests, whatever the gateway says of closing", "none after it", "refused within 2 s")


@pytest.mark.parametrize("host", [OWN, SHARED])
def test_lines_end(figures: Figures, proof: Proof, host: str) -> None:
    assert figures["leaver", host, "TCP"] < LIMIT
    claim = f"a removed account's open TCP connection, {host.partition('.')[0]} gateway"
    proof.row(REVOKED, claim, "lines, as long as they come back", "them", "closed when the old listener has drained")


@pytest.mark.parametrize("host", [OWN, SHARED])
def test_websocket(figures: Figures, proof: Proof, host: str) -> None:
    """A WebSocket is one request: what becomes of it is told, whatever it is."""
    lives = figures["leaver", host, "WebSocket"] == LIMIT
    claim = f"a removed account's open WebSocket, {host.partition('.')[0]} gateway"
    told = "it goes on" if lives else "closed when the old listener has drained"
    proof.row(REVOKED, claim, "texts, as long as they come back", "them", told)


@pytest.mark.parametrize("host", [OWN, SHARED])
@pytest.mark.parametrize("kind", ["HTTP/1.1", "HTTP/2", "WebSocket"])
def test_who_stays_notices_nothing(figures: Figures, proof: Proof, host: str, kind: str) -> None:
    assert figures["stayer", host, kind] == LIMIT
    claim = f"another account's open {kind} connection at the same host, {host.partition('.')[0]} gateway"
    proof.row(REVOKED, claim, "requests and texts", "them", "it goes on")
