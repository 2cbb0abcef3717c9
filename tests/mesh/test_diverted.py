"""What another team's objects do to clients: those without a Sidecar of the list are led to it, those with one are not.

The team is called so that its namespace comes before the gateways': Istio takes the first where it has a choice.
"""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.proof import COMPANIONS, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

TEAM, GATEWAYS, APPS, OPEN, OUTSIDE = (f"diverted-{name}" for name in ("a-team", "gateways", "apps", "open", "outside"))
WEB, DB, CARRIED = (f"{name}.diverted.example.com" for name in ("web", "db", "carried"))
PORTS = [
    {"number": 80, "name": "tcp-80", "protocol": "TCP"},
    {"number": 443, "name": "tcp-443", "protocol": "TCP"},
    {"number": 5439, "name": "tcp-5439", "protocol": "TCP"},
]


@dataclass
class Fleet:
    """Clients with and without a Sidecar, their upstream, and the server of the team that would like to be it."""

    upstream: Upstream
    thief: Upstream
    kept: Client
    open: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    upstream, thief = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream", "thief"])
    for server in (upstream, thief):
        server.certify({host: authority.issue(host) for host in (WEB, DB, CARRIED)})
    upstream.serve(Face(443, tls="simple"), Face(5433, "tcp", tls="simple"))
    thief.serve(Face(80), Face(443, tls="simple"), Face(5439, "tcp"))
    upstream.be_known_as(WEB, DB, CARRIED)
    for one in (TEAM, GATEWAYS, APPS, OPEN):
        namespace(one, "injected")
    apply(*credentials(GATEWAYS, authority))
    release = Release(GATEWAYS)
    release.apply(case("diverted"))
    (kept,), (free,) = (start_clients(one, ClientPod("app")) for one in (APPS, OPEN))
    fleet = Fleet(upstream, thief, kept, free)
    well = dict.fromkeys((WEB, DB, CARRIED), "upstream")
    wait_until(lambda: served(fleet, kept) == well == served(fleet, free), "all is well", seconds=60)
    yield fleet
    release.uninstall()
    dns.set_names({name: [] for name in (WEB, DB, CARRIED)})


def served(fleet: Fleet, client: Client) -> dict[str, str]:
    """Who gets what the client sends to each host: the upstream, the thief, or nobody."""
    for server in (fleet.upstream, fleet.thief):
        server.forget()
    result = {}
    asks: dict[str, Callable[[], object]] = {
        WEB: lambda: client.curl(f"http://{WEB}/diverted", seconds=10),
        DB: lambda: client.tcp(f"{DB}:5439"),
        CARRIED: lambda: client.curl(f"https://{CARRIED}/diverted", "--insecure", seconds=10),
    }
    for host, ask in asks.items():
        ask()
        got = [name for name in ("upstream", "thief") if any(map(is_ours, getattr(fleet, name).seen()))]
        result[host] = " and ".join(got) or "nobody"
        for server in (fleet.upstream, fleet.thief):
            server.forget()
    return result


def is_ours(seen: dict[str, Any]) -> bool:
    """Whether an application sent it, and no check."""
    return bool(seen.get("text")) or "/diverted" in json.dumps(seen)


def entry(host: str, fleet: Fleet, **spec: Any) -> Manifest:
    """The team's ServiceEntry, whose server is the thief."""
    default = {
        "hosts": [host],
        "location": "MESH_EXTERNAL",
        "resolution": "STATIC",
        "ports": PORTS,
        "endpoints": [{"address": fleet.thief.address}],
    }
    return _object("ServiceEntry", default | spec)


def _object(kind: str, spec: Any) -> Manifest:
    metadata = {"name": "take", "namespace": TEAM}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}


def by_address(fleet: Fleet) -> list[Manifest]:
    return [entry("take.team.example.com", fleet, addresses=[fleet.upstream.address])]


def by_address_as_a_service(fleet: Fleet) -> list[Manifest]:
    return [entry("take.svc.cluster.local", fleet, addresses=[fleet.upstream.address])]


def by_the_gateway_s_service(fleet: Fleet) -> list[Manifest]:
    ports = [{"number": 8080, "name": "http-80", "protocol": "HTTP", "targetPort": 80}]
    return [entry(f"web-diverted-example-com.{GATEWAYS}.svc.cluster.local", fleet, ports=ports)]


def by_the_host(fleet: Fleet) -> list[Manifest]:
    ports = [{"number": 80, "name": "http-80", "protocol": "HTTP"}]
    server = entry("take.team.example.com", fleet, ports=ports)
    route = {"route": [{"destination": {"host": "take.team.example.com", "port": {"number": 80}}}]}
    return [server, _object("VirtualService", {"hosts": [WEB], "http": [route], "exportTo": [".", APPS, OPEN]})]


def by_subnets(fleet: Fleet) -> list[Manifest]:
    ports = [{"number": 443, "name": "tls-443", "protocol": "TLS"}]
    server = entry("take.team.example.com", fleet, ports=ports)
    match = [{"sniHosts": [CARRIED], "destinationSubnets": [f"{fleet.upstream.address}/32"], "port": 443}]
    route = {"match": match, "route": [{"destination": {"host": "take.team.example.com", "port": {"number": 443}}}]}
    return [server, _object("VirtualService", {"hosts": [CARRIED], "tls": [route]})]


#: What the team writes, and which hosts of a client without a Sidecar it takes by that.
ATTACKS = {
    "a ServiceEntry with the upstream's address": (by_address, {WEB, DB, CARRIED}),
    "the same, called like a Service": (by_address_as_a_service, {WEB, DB, CARRIED}),
    "a ServiceEntry called like the gateway's Service": (by_the_gateway_s_service, set()),
    "a VirtualService for the host": (by_the_host, set()),
    "a VirtualService for the host and the upstream's address": (by_subnets, {CARRIED}),
}


@pytest.mark.parametrize("what", ATTACKS)
def test_the_sidecar_keeps_its_clients(fleet: Fleet, proof: Proof, what: str) -> None:
    write, takes = ATTACKS[what]
    objects = write(fleet)
    apply(*objects)
    try:
        wanted = {host: "thief" if host in takes else "upstream" for host in (WEB, DB, CARRIED)}
        wait_until(lambda: served(fleet, fleet.open) == wanted, f"{what} takes {takes or 'nothing'}", seconds=60)
        assert served(fleet, fleet.kept) == dict.fromkeys((WEB, DB, CARRIED), "upstream")
    finally:
        kubectl("delete", "serviceentry,virtualservice", "--namespace", TEAM, "--all")
        wait_until(lambda: "thief" not in served(fleet, fleet.open).values(), "all is well again", seconds=60)
    claim = f"a Sidecar for the clients: {what}, by another team, for the whole mesh"
    proof.row(COMPANIONS, claim, "app: HTTP, TCP and TLS to listed hosts", "all of it", "the upstream's answers")
