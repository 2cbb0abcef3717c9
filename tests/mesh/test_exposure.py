"""Hosts under names of one's own, from outside by an ingress gateway, from inside by a sidecar."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import pytest

from egressc.names import gateway_name
from tests.mesh import dns, gateway
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, key_pair, peer, requests, secret, senders, wait_answers, wait_ready
from tests.mesh.ingress import Ingress, selector, start_ingress
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import EXPOSURE, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, INGRESS = "exposed-gateways", "exposed-apps", "exposed-ingress"
NAMES = ("all", "bank", "rates", "calls")
HOSTS = [f"{name}.exposed.example.com" for name in NAMES]
OWN, CALLS, AROUND = "own.example.net", "calls.example.net", "around.example.net"
CA = "/tmp/ca.crt"  # noqa: S108  in the client's container


@dataclass(frozen=True)
class Fleet:
    """The list of cases/exposure.yaml, installed beside an ingress gateway, and who asks."""

    upstream: Upstream
    ingress: Ingress
    clients: dict[str, Client]

    def outside(self, url: str, *options: str) -> Answer:
        """What a client outside of the mesh gets at the ingress gateway."""
        return self.clients["outside"].curl(
            url, "--cacert", CA, *self.ingress.led_to(OWN), *self.ingress.led_to(CALLS), *options
        )

    def led(self, host: str) -> int:
        """How many requests the ingress gateway has led to the egress gateway of `host`."""
        (pod,) = gateway.pods(INGRESS)
        return gateway.requests_to(INGRESS, pod, f"{gateway_name(host)}.{GATEWAYS}.svc.cluster.local")

    def by(self, answer: Answer) -> str:
        """The gateway from which the upstream got the request that this answers."""
        return senders(GATEWAYS)[peer(answer.seen)]


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    outside = namespace("exposed-outside", "outside")
    (upstream,) = start_upstreams(outside, ["upstream"])
    upstream.certify({host: authority.issue(host) for host in HOSTS})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*HOSTS)
    apply(
        *credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority),
        secret(namespace(INGRESS), "own", key_pair(authority.issue(OWN))),
        secret(INGRESS, "calls", key_pair(authority.issue(CALLS))),
    )
    ingress = start_ingress(INGRESS)
    # the names lead to the ingress gateway, as public DNS does: a sidecar must not go there
    dns.set_names({OWN: [ingress.address], CALLS: [ingress.address]})
    clients = [
        *start_clients(outside, ClientPod("outside", sidecar=False)),
        *start_clients(
            namespace(APPS, "injected"),
            ClientPod("shop", account="shop"),
            ClientPod("teller", labels={"role": "teller"}),
        ),
        *start_clients(namespace("exposed-elsewhere", "injected"), ClientPod("elsewhere")),
    ]
    clients[0].write(CA, authority.certificate)
    release = Release(GATEWAYS)
    release.apply(case("exposure"))
    wait_ready(GATEWAYS, HOSTS)
    fleet = Fleet(upstream, ingress, {client.name: client for client in clients})
    wait_until(lambda: fleet.outside(f"https://{OWN}/").status == 200, "the certificate of the own name", seconds=60)
    wait_answers([(fleet.clients["shop"], f"http://{OWN}/bank/v1")])
    yield fleet
    release.uninstall()
    dns.set_names({name: [] for name in (*HOSTS, OWN, CALLS)})


def test_in_clear(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.outside(f"http://{OWN}/bank?q=1")
    assert (answer.status, answer.headers["location"]) == (301, [f"https://{OWN}/bank?q=1"])
    proof.row(
        EXPOSURE, "in clear from outside: sent to `https://`", f"outside: `GET http://{OWN}/bank`", "nothing", "301"
    )


def test_outside(fleet: Fleet, proof: Proof) -> None:
    led = fleet.led(HOSTS[1])
    answer = fleet.outside(f"https://{OWN}/bank/v1?q=1")
    seen = answer.seen
    assert fleet.led(HOSTS[1]) == led + 1
    assert (seen["host"], seen["target"], seen["tls"]["sni"]) == (HOSTS[1], "/v1?q=1", HOSTS[1])
    assert sorted(seen["headers"]) == ["accept", "user-agent"]
    assert fleet.by(answer) == "bank-exposed-example-com"
    claim = (
        "from outside: by the egress gateway, as the upstream's own name, without the prefix and without mesh headers"
    )
    proof.row(EXPOSURE, claim, f"outside: `GET https://{OWN}/bank/v1`", saw(seen), got(answer))


@pytest.mark.parametrize(
    ("path", "gateway", "target"),
    [
        ("/", "all", "/"),
        ("/v1", "all", "/v1"),
        ("/bank", "bank", "/"),
        ("/bank?q=1", "bank", "/?q=1"),
        ("/bank/", "bank", "/"),
        ("/bankrupt", "all", "/bankrupt"),
        ("/bank/rates/today", "rates", "/today"),
        ("/bank/ratesheet", "bank", "/ratesheet"),
        ("/bank/../v1", "all", "/v1"),
        ("/x/%2e%2e/bank/rates/", "rates", "/"),
    ],
)
def test_paths(fleet: Fleet, path: str, gateway: str, target: str) -> None:
    answer = fleet.outside(f"https://{OWN}{path}")
    assert (fleet.by(answer), answer.seen["target"]) == (f"{gateway}-exposed-example-com", target)


def test_paths_of_one_name(fleet: Fleet, proof: Proof) -> None:
    asked = ("/bank/rates/a", "/bank/a", "/a")
    seen = [fleet.outside(f"https://{OWN}{path}").seen for path in asked]
    assert [one["host"] for one in seen] == [HOSTS[2], HOSTS[1], HOSTS[0]]
    proof.row(
        EXPOSURE,
        "three hosts under one name: the longest path decides, `/bankrupt` is not below `/bank`",
        ", ".join(f"`{path}`" for path in (*asked, "/bankrupt")),
        ", ".join(f"Host `{one['host']}`" for one in [*seen, fleet.outside(f"https://{OWN}/bankrupt").seen]),
        "200 each time",
    )


def test_one_name_on_the_connection_of_another(fleet: Fleet, proof: Proof) -> None:
    """What browsers do where two names share a certificate (EG317)."""
    assert fleet.outside(f"https://{CALLS}/").status == 200
    fleet.upstream.forget()
    answer = fleet.outside(f"https://{CALLS}/bank/v1", "--http2", "--header", f"Host: {OWN}")
    assert answer.status == 404
    assert not requests(fleet.upstream)
    claim = "from outside: one name on a connection that was opened for another"
    proof.row(EXPOSURE, claim, f"SNI `{CALLS}`, `:authority` `{OWN}`", "nothing", got(answer))


def test_inside(fleet: Fleet, proof: Proof) -> None:
    led = fleet.led(HOSTS[1])
    answer = fleet.clients["shop"].curl(f"http://{OWN}/bank/v1")
    assert (answer.seen["host"], answer.seen["target"]) == (HOSTS[1], "/v1")
    assert (fleet.by(answer), fleet.led(HOSTS[1])) == ("bank-exposed-example-com", led)
    claim = "from inside: by the egress gateway, without the ingress gateway"
    proof.row(EXPOSURE, claim, f"shop: `GET http://{OWN}/bank/v1`", saw(answer.seen), got(answer))


REFUSED_INSIDE = {
    "an account that is no client of the host": ("teller", f"http://{OWN}/bank/v1", 403),
    "a pod without the labels of the host's clients": ("shop", f"http://{OWN}/bank/rates/v1", 403),
    "a namespace that has no clients": ("elsewhere", f"http://{OWN}/v1", 502),
    "by `https://`, where the sidecar would have to let it out to the ingress gateway": (
        "shop",
        f"https://{OWN}/v1",
        0,
    ),
}


@pytest.mark.parametrize("claim", REFUSED_INSIDE)
def test_refused_inside(fleet: Fleet, proof: Proof, claim: str) -> None:
    who, url, status = REFUSED_INSIDE[claim]
    fleet.upstream.forget()
    answer = fleet.clients[who].curl(url, "--insecure")
    assert answer.status == status
    assert not requests(fleet.upstream)
    proof.row(EXPOSURE, f"from inside: {claim}", f"{who}: `GET {url}`", "nothing", got(answer))


def test_labels_inside(fleet: Fleet) -> None:
    answer = fleet.clients["teller"].curl(f"http://{OWN}/bank/rates/v1")
    assert (answer.seen["host"], answer.seen["target"]) == (HOSTS[2], "/v1")


def test_grpc(fleet: Fleet, proof: Proof) -> None:
    outcome = fleet.clients["shop"].grpc(f"{CALLS}:80")
    assert outcome.ok, outcome
    assert outcome.seen
    assert outcome.seen["host"] == HOSTS[3]
    proof.row(EXPOSURE, "gRPC, from inside", f"shop: a call to `{CALLS}`", saw(outcome.seen), got(outcome))


def around(host: str, service: str, port: int) -> list[Manifest]:
    """Somebody's own name and route at the ingress gateway, beside the list's."""

    def named(kind: str, spec: Mapping[str, Any]) -> Manifest:
        metadata = {"name": "around", "namespace": INGRESS}
        return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}

    server = {"port": {"name": "http", "number": 80, "protocol": "HTTP"}, "hosts": [AROUND]}
    route = {"destination": {"host": service, "port": {"number": port}}}
    return [
        named("Gateway", {"selector": selector(INGRESS), "servers": [server]}),
        named(
            "VirtualService",
            {
                "hosts": [AROUND],
                "gateways": ["around"],
                "http": [{"name": f"to-{port}", "rewrite": {"authority": host}, "route": [route]}],
            },
        ),
    ]


WAYS_AROUND = {
    "a route of the ingress gateway straight to the upstream": (HOSTS[3], 80, 503),
    "a route of the ingress gateway to a port of the egress gateway that is not exposed": (
        f"calls-exposed-example-com.{GATEWAYS}.svc.cluster.local",
        8081,
        403,
    ),
}


@pytest.mark.parametrize("claim", WAYS_AROUND)
def test_no_way_around(fleet: Fleet, proof: Proof, claim: str) -> None:
    service, port, status = WAYS_AROUND[claim]
    objects = around(HOSTS[3], service, port)
    apply(*objects)
    fleet.upstream.forget()
    asked = partial(fleet.outside, f"http://{AROUND}/a", *fleet.ingress.led_to(AROUND))
    wait_until(lambda: asked().status == status, f"{status} by somebody's route", seconds=60)
    answer = asked()
    kubectl("delete", "--filename=-", text=json.dumps({"apiVersion": "v1", "kind": "List", "items": objects}))
    assert not requests(fleet.upstream)
    proof.row(EXPOSURE, claim, f"outside: `GET http://{AROUND}/a`", "nothing", got(answer))


def test_without_its_virtual_service(fleet: Fleet, proof: Proof) -> None:
    kubectl("delete", "virtualservice", "--namespace", INGRESS, "own-example-net-exposure")
    inside = wait_until(
        lambda: (answer := fleet.clients["shop"].curl(f"http://{OWN}/")).status != 200 and answer,
        "no route",
        seconds=60,
    )
    fleet.upstream.forget()
    outside = wait_until(
        lambda: (answer := fleet.outside(f"https://{OWN}/")).status != 200 and answer, "no route", seconds=60
    )
    assert inside
    assert outside
    assert (inside.status, outside.status) == (503, 404)
    assert not requests(fleet.upstream)
    claim = "an own name without its VirtualService leads nowhere"
    proof.row(EXPOSURE, claim, f"shop: `GET http://{OWN}/`; outside: `GET https://{OWN}/`", "nothing", "503; 404")
