"""A gateway is Ready while its upstream answers as its entry wants, and nobody else is touched while it is not."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial
from threading import Event

import pytest
import yaml

from egressc.names import gateway_name
from tests.mesh import dns, gateway, settings
from tests.mesh.certificates import Authority, Certificate
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.errors import MeshError
from tests.mesh.fleet import (
    GatewayPod,
    case,
    common_name,
    credentials,
    gateways,
    key_pair,
    requests,
    secret,
    wait_answers,
    wait_ready,
)
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import READINESS, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "e2e-gateways", "e2e-apps"

HOSTS = [entry["host"] for entry in yaml.safe_load(case("readiness"))["hosts"]]
NEIGHBOUR = "neighbour.example.com"
#: Ready whatever the upstream does.
INDEPENDENT = ["gateway.example.com", "probe.example.com", NEIGHBOUR]
FOLLOWING = [host for host in HOSTS if host not in INDEPENDENT]
IN_CLEAR = ["clear.example.com", "database.example.com"]
#: Whose client certificate the upstream wants, and who cannot see that it is refused: bytes of TCP tell nothing.
MUTUAL = ["partner.example.com", "mutual-path.example.com", "mutual-files.example.com"]
DEAF = "broker.example.com"
#: Asked by HTTP.
HTTP = [
    "http.example.com",
    "path.example.com",
    "clear.example.com",
    "several.example.com",
    "spared.example.com",
    *MUTUAL,
]
TCP = ["database.example.com:5432", "cache.example.com:6379", "broker.example.com:1883"]
#: What there is to tell apart: by which protocol a host is asked, and how its gateway checks the upstream.
KINDS = {
    "http.example.com": "HTTP, checked by a TLS handshake",
    "path.example.com": "HTTP, checked by a path and the statuses that count",
    "http2.example.com": "HTTP/2, checked by a path over HTTP/2",
    "calls.example.com": "gRPC, checked by a TLS handshake",
    "clear.example.com": "HTTP without TLS, checked by a connection",
    "partner.example.com": "mutual TLS by a Secret, checked by a request",
    "mutual-path.example.com": "mutual TLS by a Secret, checked by a path",
    "mutual-files.example.com": "mutual TLS by mounted files, checked by a request",
    "passed.example.com": "passthrough, checked by a TLS handshake of the check's own",
    "database.example.com": "TCP without TLS, checked by a connection",
    "cache.example.com": "TCP by TLS, checked by a TLS handshake",
    "broker.example.com": "TCP by mutual TLS, checked by a TLS handshake",
    "several.example.com": "HTTP and TCP on two ports, each checked by a TLS handshake",
    "spared.example.com": "HTTP and TCP on two ports, the first checked by a TLS handshake",
}


@dataclass(frozen=True)
class Fleet:
    """The list of cases/readiness.yaml, installed; the upstream that changes, and the neighbour's that does not."""

    upstream: Upstream
    neighbour: Upstream
    shop: Client
    authority: Authority

    def faces(self, client_ca: str | None = None) -> list[Face]:
        """All that the upstream serves, to clients of an authority in PEM, the fleet's own by default."""
        trusted = self.authority.certificate if client_ca is None else client_ca
        return [
            Face(80),
            Face(443, tls="simple"),
            Face(8443, tls="mutual", client_ca=trusted),
            Face(5432, "tcp"),
            Face(5433, "tcp", tls="simple"),
            Face(5434, "tcp", tls="mutual", client_ca=trusted),
        ]

    def certificates(self) -> dict[str, Certificate]:
        """Good ones for every host."""
        return {host: self.authority.issue(host) for host in HOSTS}

    def restore(self) -> None:
        """Let the upstream be well again; when this returns every gateway is Ready."""
        self.upstream.certify(self.certificates())
        self.upstream.serve(*self.faces())
        wait_ready(GATEWAYS, HOSTS)


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    upstream, neighbour = start_upstreams(namespace("e2e-upstreams", "outside"), ["upstream", "neighbour"])
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop", account="shop"))
    fleet = Fleet(upstream, neighbour, shop, authority)
    for each in (upstream, neighbour):
        each.certify(fleet.certificates())
        each.serve(*fleet.faces())
    upstream.be_known_as(*HOSTS)
    neighbour.be_known_as(NEIGHBOUR)
    release = Release(GATEWAYS)
    release.apply(case("readiness"))
    yield fleet
    release.uninstall()
    dns.set_names({name: [] for name in HOSTS})


@pytest.fixture
def well(fleet: Fleet) -> Iterator[Fleet]:
    """The fleet with everything Ready, before the test and again after it; no pod was replaced or restarted."""
    before = gateways(GATEWAYS)
    assert all(pod.ready for pod in before.values())
    yield fleet
    fleet.restore()
    after = gateways(GATEWAYS)
    assert {name: (pod.name, pod.restarts) for name, pod in after.items()} == {
        name: (pod.name, 0) for name, pod in before.items()
    }


def untouched(hosts: list[str]) -> dict[str, GatewayPod]:
    """The gateways of these hosts, since when they are Ready among the rest."""
    pods = gateways(GATEWAYS)
    return {host: pods[gateway_name(host)] for host in hosts}


def test_upstream_dies_and_returns(well: Fleet, proof: Proof) -> None:
    before = untouched(INDEPENDENT)
    well.upstream.serve()
    wait_ready(GATEWAYS, FOLLOWING, ready=False)
    # within a second: nobody waits for a dead upstream
    dead = {host: ask(well.shop, host, seconds=1) for host in FOLLOWING}
    by_http = {*HTTP, "http2.example.com"}
    assert dead == {host: "503" if host in by_http else "no answer" for host in FOLLOWING}
    assert untouched(INDEPENDENT) == before
    neighbour = well.shop.curl(f"http://{NEIGHBOUR}/a")
    assert neighbour.status == 200
    claim = "the upstream dies: its gateways are NotReady and callers are told at once"
    proof.row(READINESS, claim, "`GET`, a line by TCP, within a second", "nothing: nothing listens", "503; closed")
    proof.row(
        READINESS, "the other gateways do not notice", f"`GET http://{NEIGHBOUR}/a`", "the request", got(neighbour)
    )
    for host in INDEPENDENT[:2]:
        answer = well.shop.curl(f"http://{host}/a")
        assert answer.status == 503
        mode = host.partition(".")[0]
        proof.row(READINESS, f"mode {mode}: the gateway stays Ready", f"`GET http://{host}/a`", "nothing", got(answer))
    well.restore()
    alive = {host: ask(well.shop, host) for host in FOLLOWING}
    assert set(alive.values()) == {"200", "an answer", "OK"}
    proof.row(
        READINESS, "the upstream returns: Ready, without a restart", "the same again", "all of it", "200; an echo"
    )
    for host in FOLLOWING:
        claim = f"NotReady while the upstream is dead, Ready once it lives: {KINDS[host]}"
        proof.row(READINESS, claim, f"one to `{host}`, dead and alive", "the second", f"{dead[host]}; {alive[host]}")


def ask(client: Client, host: str, seconds: float = 10) -> str:
    """What a client gets of a host of the list, by the host's own protocol."""
    if host == "calls.example.com":
        return got(client.grpc(f"{host}:80", "-timeout", f"{seconds:g}s"))
    for address in TCP:
        if address.startswith(f"{host}:"):
            return got(client.tcp(address, "-timeout", f"{seconds:g}s"))
    if host == "passed.example.com":
        return got(client.curl(f"https://{host}/a", "--insecure", seconds=seconds))
    return got(client.curl(f"http://{host}/a", seconds=seconds))


@pytest.mark.parametrize("wrong", ["expired", "of another name", "of another CA"])
def test_certificate_of_the_upstream(well: Fleet, proof: Proof, wrong: str) -> None:
    verifying = [host for host in FOLLOWING if host not in IN_CLEAR]
    before = untouched(IN_CLEAR)
    issuer = Authority() if wrong == "of another CA" else well.authority
    well.upstream.certify(
        {
            host: issuer.issue("wrong.example.com" if wrong == "of another name" else host, expired=wrong == "expired")
            for host in verifying
        }
    )
    wait_ready(GATEWAYS, verifying, ready=False)
    well.upstream.forget()
    asked = [host for host in HTTP if host in verifying]
    assert {host: got(well.shop.curl(f"http://{host}/a")) for host in asked} == dict.fromkeys(asked, "503")
    assert [seen for seen in requests(well.upstream) if seen["host"] in asked] == []
    assert untouched(IN_CLEAR) == before
    claim = f"the upstream's certificate is {wrong}: NotReady, also where the application speaks TLS itself"
    proof.row(READINESS, claim, f"`GET` to {len(asked)} hosts", "nothing", "503")


def test_client_certificate_is_refused(well: Fleet, proof: Proof) -> None:
    well.upstream.serve(*well.faces(client_ca=""))
    wait_ready(GATEWAYS, MUTUAL, ready=False)
    well.upstream.forget()
    assert {host: got(well.shop.curl(f"http://{host}/a")) for host in MUTUAL} == dict.fromkeys(MUTUAL, "503")
    assert gateways(GATEWAYS)[gateway_name("http.example.com")].ready
    claim = "the upstream refuses the client certificate: NotReady, with a path to ask for and without"
    proof.row(READINESS, claim, f"`GET` to {len(MUTUAL)} hosts", "nothing", "503")
    assert gateways(GATEWAYS)[gateway_name(DEAF)].ready
    outcome = well.shop.tcp(f"{DEAF}:1883")
    assert not outcome.ok
    assert requests(well.upstream) == []
    claim = "the same by TCP: Ready, because a handshake of TLS 1.3 ends before the refusal"
    proof.row(READINESS, claim, f"a line to `{DEAF}:1883`", "nothing", got(outcome))


def test_one_port_of_several_dies(well: Fleet, proof: Proof) -> None:
    well.upstream.serve(*(face for face in well.faces() if face.port != 5433))
    wait_ready(GATEWAYS, ["several.example.com", "cache.example.com"], ready=False)
    assert gateways(GATEWAYS)[gateway_name("http.example.com")].ready
    answer = well.shop.curl("http://several.example.com/a")
    claim = "one of a host's ports dies: its gateway is NotReady for all of them"
    proof.row(READINESS, claim, "`GET http://several.example.com/a`", "nothing", got(answer))
    assert gateways(GATEWAYS)[gateway_name("spared.example.com")].ready
    answer = well.shop.curl("http://spared.example.com/a")
    assert answer.status == 200, answer
    assert not well.shop.tcp("spared.example.com:7001").ok
    claim = "the same, where `readiness` of that port leaves it out: Ready, and the other port answers"
    proof.row(READINESS, claim, "`GET http://spared.example.com/a`", "the request", got(answer))


def test_node_can_be_drained(fleet: Fleet, proof: Proof) -> None:
    """A budget keeps a Ready pod where it is, and lets one go whose upstream is dead."""
    name = gateway_name("http.example.com")
    pod = gateways(GATEWAYS)[name]
    # the node has everything else of the cluster on it, too
    drain = ("drain", settings.NODE, f"--pod-selector={GATEWAY_LABEL}={name}", "--delete-emptydir-data")
    try:
        with pytest.raises(MeshError, match="disruption budget"):
            kubectl(*drain, "--timeout=2s")
        fleet.upstream.serve()
        wait_ready(GATEWAYS, ["http.example.com"], ready=False)
        kubectl(*drain, "--timeout=30s")
    finally:
        kubectl("uncordon", settings.NODE)
    wait_until(lambda: gateways(GATEWAYS).get(name, pod).name != pod.name, "a new pod", seconds=60)
    fleet.restore()
    claim = "a node can be drained while an upstream is dead"
    sent = "`kubectl drain`, which the budget of a Ready pod refuses"
    proof.row(READINESS, claim, sent, "nothing", "the pod is evicted")


def test_client_certificate_rolls_out_while_the_upstream_is_down(fleet: Fleet, proof: Proof) -> None:
    """The partner is down and comes back knowing the next client certificate alone; mounted files need a restart."""
    following = Authority()
    fleet.upstream.serve()
    wait_ready(GATEWAYS, MUTUAL, ready=False)
    pair = key_pair(following.issue("egress.example.com", subject="egress-next"))
    apply(secret(GATEWAYS, "client", {**pair, "ca.crt": fleet.authority.certificate}))
    deployment = gateway_name("mutual-files.example.com")
    kubectl("rollout", "restart", f"deployment/{deployment}", "--namespace", GATEWAYS)
    fleet.upstream.serve(*fleet.faces(client_ca=following.certificate))
    wait_ready(GATEWAYS, MUTUAL)
    kubectl("rollout", "status", f"deployment/{deployment}", "--namespace", GATEWAYS, "--timeout=60s")
    for host in ("partner.example.com", "mutual-files.example.com"):
        url = f"http://{host}/a"
        wait_answers([(fleet.shop, url)])  # a sidecar hears of the pod of the rollout later than kubectl
        answer = fleet.shop.curl(url)
        assert answer.status == 200, answer
        assert common_name(answer.seen) == "egress-next"
        way = "mounted files, after a restart" if "files" in host else "a Secret, without a restart"
        claim = f"a client certificate is renewed while the upstream is down: {way}"
        proof.row(READINESS, claim, f"`GET http://{host}/a`", "the new certificate", got(answer))
    apply(*credentials(GATEWAYS, fleet.authority))
    kubectl("rollout", "restart", f"deployment/{deployment}", "--namespace", GATEWAYS)
    fleet.restore()
    kubectl("rollout", "status", f"deployment/{deployment}", "--namespace", GATEWAYS, "--timeout=60s")


def test_addresses_change_under_load(well: Fleet, proof: Proof) -> None:
    host = "http.example.com"
    url = f"http://{host}/load/[1-40]"
    load = ["curl", "--silent", "--rate", "40/s", "--output", "/dev/null", "--write-out", "%{http_code}\n", url]
    enough = Event()

    def ask_on() -> list[str]:
        statuses: list[str] = []
        while not enough.is_set():
            statuses += well.shop.run(load).stdout.split()
        return statuses

    with ThreadPoolExecutor(1) as side:
        asked = side.submit(ask_on)
        try:
            for upstream in (well.neighbour, well.upstream) * 3:
                upstream.forget()
                upstream.be_known_as(host)
                wait_until(partial(requests, upstream), "a request at the new address", seconds=60)
        finally:
            enough.set()
    assert set(asked.result()) == {"200"}
    assert len(asked.result()) >= 80
    claim = "DNS answers with another address, six times, under load"
    proof.row(READINESS, claim, "40 `GET`s a second while the address changes", "every one", "200 each time")


def test_one_dead_address(well: Fleet, proof: Proof) -> None:
    host, dead = "http.example.com", "192.0.2.1"
    pod = gateways(GATEWAYS)[gateway_name(host)]
    dns.set_names({host: [dead, well.upstream.address]})
    cluster = f"{host};.membership_(total|healthy)"
    wait_until(
        lambda: sorted(gateway.stats(GATEWAYS, pod.name, cluster).values()) == [1, 2],
        "two addresses, of which one is healthy",
        seconds=60,
    )
    answers = [got(well.shop.curl(f"http://{host}/a")) for _ in range(20)]
    assert answers == ["200"] * 20
    after = gateways(GATEWAYS)[gateway_name(host)]
    assert (after.ready, after.since) == (True, pod.since)
    well.upstream.be_known_as(host)
    proof.row(READINESS, "one of two addresses is dead", "20 `GET`s", "every one", "200 each time")


def test_helm_waits_for_the_upstream(fleet: Fleet, proof: Proof) -> None:
    """`helm upgrade --install --wait` fails in time, but what it installed stays, and becomes Ready by itself."""
    host, port = "revived.example.com", 9443
    fleet.upstream.certify({host: fleet.authority.issue(host)})
    fleet.upstream.be_known_as(host)
    release = Release(GATEWAYS)
    with pytest.raises(MeshError, match="revived-example-com"):
        release.apply(
            f"{case('readiness')}- {{host: {host}, ports: [{{port: 80, upstreamPort: {port}}}]}}\n", seconds=15
        )
    assert [name for name, pod in gateways(GATEWAYS).items() if not pod.ready] == [gateway_name(host)]
    fleet.upstream.serve(*fleet.faces(), Face(port, tls="simple"))
    wait_ready(GATEWAYS, [host])
    answer = fleet.shop.curl(f"http://{host}/a")
    assert answer.status == 200
    release.apply(case("readiness"))
    dns.set_names({host: []})
    claim = "`helm upgrade --install --wait` with a dead upstream fails in time; its gateway is Ready once it lives"
    proof.row(READINESS, claim, f"`GET http://{host}/a` afterwards", "the request", got(answer))
