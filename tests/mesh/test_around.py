"""Ways around a gateway: what clients, and teams in their own namespaces, reach past it; each row says what is open."""

import json
import socket
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import pytest

from egressc.names import gateway_name
from tests.mesh import dns, gateway
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, peer, requests, senders, wait_ready
from tests.mesh.kubectl import Manifest, apply, get, kubectl
from tests.mesh.proof import AROUND, Proof
from tests.mesh.release import Release
from tests.mesh.settings import NODE_ADDRESS
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

TEAM, GATEWAYS, APPS, OPEN, OUTSIDE = (f"around-{name}" for name in ("a-team", "gateways", "apps", "open", "outside"))
WEB, OLDER, UNLISTED = (f"{name}.around.example.com" for name in ("web", "older", "unlisted"))
ISTIO = "networking.istio.io/v1"
FALSE_CERTIFICATE, FALSE_KEY = (f"/tmp/false.{part}" for part in ("crt", "key"))  # noqa: S108  in a container


@dataclass(frozen=True)
class Fleet:
    """The list of cases/around.yaml, installed.

    Clients with the list's Sidecar and without it, an application of another team, and a pod without a sidecar.
    """

    upstream: Upstream
    thief: Upstream
    kept: Client
    open: Client
    team: Client
    plain: Client

    def asked(self, client: Client, url: str) -> str:
        """Who gets it: the upstream, by the `gateway` or `straight` from the client; the `thief`; or `nobody`."""
        for server in (self.upstream, self.thief):
            server.forget()
        client.curl(url, "--insecure", seconds=4)
        if requests(self.thief):
            return "thief"
        seen = requests(self.upstream)
        if not seen:
            return "nobody"
        return "gateway" if peer(seen[0]) in senders(GATEWAYS) else "straight"


def entry(namespace: str, name: str, host: str, address: str, *ports: dict[str, Any], to: str = "*") -> Manifest:
    """A team's ServiceEntry with one address."""
    spec = {
        "hosts": [host],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "ports": list(ports),
        "endpoints": [{"address": address}],
        "exportTo": [to],
    }
    return _object("ServiceEntry", namespace, name, spec)


def port(number: int, protocol: str, target: int = 0) -> dict[str, Any]:
    target_port = {"targetPort": target} if target else {}
    return {"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol, **target_port}


def _object(kind: str, namespace: str, name: str, spec: Any) -> Manifest:
    return {
        "apiVersion": ISTIO,
        "kind": kind,
        "metadata": {"name": name, "namespace": namespace, "labels": {"around": "team"}},
        "spec": spec,
    }


@contextmanager
def written(*objects: Manifest) -> Iterator[None]:
    """These objects of a team, until the end of the block."""
    apply(*objects)
    try:
        yield
    finally:
        for namespace in {one["metadata"]["namespace"] for one in objects}:
            kinds = "serviceentry,virtualservice,destinationrule"
            kubectl("delete", kinds, "--namespace", namespace, "--selector=around=team")


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    outside = namespace(OUTSIDE, "outside")
    upstream, thief = start_upstreams(outside, ["upstream", "thief"])
    for server in (upstream, thief):
        server.certify({host: authority.issue(host) for host in (WEB, OLDER, UNLISTED)})
        server.serve(Face(80), Face(443, tls="simple"))
    upstream.be_known_as(WEB, OLDER, UNLISTED)
    for one in (TEAM, GATEWAYS, APPS, OPEN):
        namespace(one, "injected")
    # older than the list's own, and for the whole mesh
    apply(entry(TEAM, "older", OLDER, thief.address, port(80, "HTTP"), port(443, "TLS")))
    apply(*credentials(GATEWAYS, authority))
    release = Release(GATEWAYS)
    release.apply(case("around"))
    (kept,), (free,), (team,) = (start_clients(one, ClientPod("app")) for one in (APPS, OPEN, TEAM))
    (plain,) = start_clients(OUTSIDE, ClientPod("plain", sidecar=False))
    fleet = Fleet(upstream, thief, kept, free, team, plain)
    wait_until(lambda: fleet.asked(kept, f"http://{WEB}/a") == "gateway", "the way by the gateway", seconds=60)
    yield fleet
    release.uninstall()
    dns.set_names({name: [] for name in (WEB, OLDER, UNLISTED)})


def own_entry(host: str) -> Callable[[Fleet], list[Manifest]]:
    """The upstream itself, as a client's team writes it into its own namespace."""
    ports = (port(80, "HTTP"), port(443, "TLS"))
    return lambda fleet: [entry(APPS, "own", host, fleet.upstream.address, *ports, to=".")]


def own_route(_: Fleet) -> list[Manifest]:
    """A client's own route to the host itself, and not to its gateway."""
    route = {"route": [{"destination": {"host": WEB, "port": {"number": 80}}}]}
    return [_object("VirtualService", APPS, "own", {"hosts": [WEB], "exportTo": ["."], "http": [route]})]


def own_rule(host: str, **tls: Any) -> Manifest:
    """A client's own TLS to a host."""
    spec = {"host": host, "exportTo": ["."], "trafficPolicy": {"tls": tls}}
    return _object("DestinationRule", APPS, "own", spec)


def own_route_and_rule(fleet: Fleet) -> list[Manifest]:
    return [*own_route(fleet), own_rule(WEB, mode="SIMPLE", insecureSkipVerify=True)]


def own_clear_rule(_: Fleet) -> list[Manifest]:
    return [own_rule(f"{gateway_name(WEB)}.{GATEWAYS}.svc.cluster.local", mode="DISABLE")]


#: What a client's team writes into its own namespace, what its application then asks for, and who gets it.
OWN = {
    "a ServiceEntry for a host that nobody lists": (own_entry(UNLISTED), f"http://{UNLISTED}/a", "straight"),
    "a ServiceEntry for a listed host, with port 443": (own_entry(WEB), f"https://{WEB}/a", "straight"),
    "a VirtualService and a DestinationRule for a listed host": (own_route_and_rule, f"http://{WEB}/a", "straight"),
    "a VirtualService for a listed host": (own_route, f"http://{WEB}/a", "nobody"),
    "a DestinationRule for the gateway, without TLS": (own_clear_rule, f"http://{WEB}/a", "nobody"),
}


@pytest.mark.parametrize("what", OWN)
def test_what_a_client_s_team_writes(fleet: Fleet, proof: Proof, what: str) -> None:
    """What is `straight` here, only `companions.admission` and an enforced NetworkPolicy stop."""
    write, url, who = OWN[what]
    before = fleet.asked(fleet.kept, url)
    assert before in ("gateway", "nobody")
    with written(*write(fleet)):
        wait_until(lambda: fleet.asked(fleet.kept, url) == who, f"{who} gets {url}", seconds=60)
    wait_until(lambda: fleet.asked(fleet.kept, url) == before, "all is well again", seconds=60)
    open_way = who == "straight"
    saw = "the request, from the client itself: **open**" if open_way else "nothing"
    proof.row(
        AROUND, f"a client's team writes {what}", f"app: `GET {url}`", saw, "200" if open_way else "no answer or 503"
    )


@pytest.mark.parametrize("url", [f"http://{OLDER}/a", f"https://{OLDER}/a"])
def test_an_older_entry_of_another_team(fleet: Fleet, proof: Proof, url: str) -> None:
    assert fleet.asked(fleet.team, f"http://{OLDER}/a") == "thief", "the team's own application follows its entry"
    expected = "gateway" if url.startswith("http:") else "nobody"
    for client in (fleet.kept, fleet.open):
        assert fleet.asked(client, url) == expected
    claim = f"another team's ServiceEntry for the host, older and for the whole mesh, {url.partition(':')[0]}"
    saw = "the request, from the gateway" if expected == "gateway" else "nothing"
    proof.row(AROUND, claim, f"app, with the list's Sidecar and without: `GET {url}`", saw, "as without it")


def test_an_address_by_tcp(fleet: Fleet, proof: Proof) -> None:
    for client in (fleet.kept, fleet.open):
        for scheme in ("http", "https"):
            assert fleet.asked(client, f"{scheme}://{fleet.upstream.address}/a") == "nobody"
    proof.row(
        AROUND, "the upstream's address, by TCP", "app: `GET http://` and `https://ADDRESS`", "nothing", "no answer"
    )


def test_a_pod_without_a_sidecar(fleet: Fleet, proof: Proof) -> None:
    assert fleet.asked(fleet.plain, f"https://{WEB}/a") == "straight"
    saw = "the request, from the pod itself: **open**"
    proof.row(AROUND, "a pod without a sidecar", f"plain: `GET https://{WEB}/a`", saw, "200")


@pytest.mark.parametrize("number", [443, 8443, 53])
def test_udp_passes_the_sidecar(fleet: Fleet, proof: Proof, number: int) -> None:
    """A sidecar takes TCP only: QUIC and another resolver are reached past it, unless the network refuses."""
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as outside:
        outside.bind((NODE_ADDRESS, number))
        outside.settimeout(5)
        sent = f"printf around > /dev/udp/{NODE_ADDRESS}/{number}"
        fleet.kept.run(["bash", "-c", sent])
        assert outside.recv(100) == b"around"
    claim = f"UDP to port {number} of an address outside of the mesh"
    proof.row(AROUND, claim, "app: a datagram", "the datagram: **open**", "-")


def test_other_ports_of_the_gateway(fleet: Fleet, proof: Proof) -> None:
    address = gateways(GATEWAYS)[gateway_name(WEB)].addresses[0]
    fleet.upstream.forget()
    for number in (22, 80, 443, 8443, 9444, 15000, 15001, 15004, 15006, 15053):
        answer = fleet.plain.curl(f"http://{address}:{number}/", seconds=3)
        assert (answer.status, "Couldn't connect" in answer.error) == (0, True), number
    assert not requests(fleet.upstream)
    claim = "a port of the gateway that no host has, also Envoy's own pages"
    proof.row(AROUND, claim, "plain: `GET /` at the pod's address", "nothing", "nothing listens")


def test_a_certificate_of_another_root(fleet: Fleet, authority: Authority, proof: Proof) -> None:
    """The upstream's root, which the gateway trusts for the upstream only."""
    address = gateways(GATEWAYS)[gateway_name(WEB)].addresses[0]
    pair = authority.issue(WEB)
    fleet.plain.write(FALSE_CERTIFICATE, pair.chain)
    fleet.plain.write(FALSE_KEY, pair.key)
    fleet.upstream.forget()
    answer = fleet.plain.curl(
        f"https://{WEB}:8080/a",
        "--insecure",
        "--tls-max",
        "1.2",  # there the alert comes inside of the handshake
        "--cert",
        FALSE_CERTIFICATE,
        "--key",
        FALSE_KEY,
        "--connect-to",
        f"::{address}:8080",
        seconds=5,
    )
    assert (answer.status, "alert unknown ca" in answer.error) == (0, True), answer
    assert not requests(fleet.upstream)
    claim = "a client certificate of another root, at the gateway's address"
    proof.row(AROUND, claim, "plain: a TLS handshake", "nothing", "TLS alert: unknown CA")


def test_the_sidecar_asks_for_the_gateway_s_account(fleet: Fleet, proof: Proof) -> None:
    """Also what stands behind the gateway's name is no gateway without this account's certificate."""
    asked = json.dumps(gateway.config_dump(APPS, fleet.kept.name))
    names = f'"match_subject_alt_names": [{{"exact": "spiffe://cluster.local/ns/{GATEWAYS}/sa/{gateway_name(WEB)}"}}]'
    assert names in asked
    claim = "a false gateway: the sidecar takes only the certificate of the gateway's own account"
    proof.row(AROUND, claim, "the sidecar's configuration", "-", "the account of one gateway")


def test_a_gateway_that_is_gone(fleet: Fleet, proof: Proof) -> None:
    place, name = ("--namespace", GATEWAYS), f"deployment/{gateway_name(WEB)}"
    kubectl("scale", *place, name, "--replicas=0")
    try:
        wait_until(lambda: gateway_name(WEB) not in gateways(GATEWAYS), "no pod of the gateway", seconds=40)
        for scheme in ("http", "https"):
            assert fleet.asked(fleet.kept, f"{scheme}://{WEB}/a") == "nobody"
    finally:
        kubectl("scale", *place, name, "--replicas=1")
        wait_ready(GATEWAYS, [WEB], seconds=60)
    proof.row(
        AROUND, "a gateway without pods", f"app: `GET http://` and `https://{WEB}/a`", "nothing", "503, no answer"
    )


def test_network_policies_are_taken(fleet: Fleet, proof: Proof) -> None:  # noqa: ARG001  its objects are looked at
    """By the API server; nothing enforces them here."""
    for namespace, number in ((APPS, 1), (OPEN, 0)):
        found = get("networkpolicies", "--namespace", namespace)["items"]
        assert [policy["spec"]["policyTypes"] for policy in found] == [["Egress"]] * number
    claim = "`companions.clientNetworkPolicies`: taken by the API server; nothing enforces them in this mesh"
    proof.row(AROUND, claim, "the printed objects", "nothing", "no error")
