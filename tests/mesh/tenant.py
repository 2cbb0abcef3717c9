"""What a team may create in its own namespace: Gateways with the labels of our pods, and ways behind them."""

import contextlib
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.mesh import gateway
from tests.mesh.attacker import Attacker, anybody
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.errors import MeshError
from tests.mesh.http2 import PREFACE
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.waiting import wait_until

ISTIO = "networking.istio.io/v1"
TEAM = "ten-team"
#: Names that the team gives its server and its door.
SERVER, DOOR = "server.team.example", "door.team.example"
#: The port of a door of its own.
DOORS = 9444
EVERYWHERE = ".".join("0000")
SDS = "unix:///var/run/secrets/workload-spiffe-uds/socket"
XDS = "unix:///etc/istio/proxy/XDS"


@dataclass(frozen=True)
class Ground:
    """Where the team's objects stand: our pods, their address, and the address of the team's server."""

    pods: str
    address: str
    server: str


#: The team's objects, made for where they stand.
Objects = Callable[[Ground], list[Manifest]]


#: What the team tries at the address of our pods: whatever comes back is its booty.
Attempt = Callable[[Mapping[str, Attacker], str], str]


@dataclass(frozen=True)
class Attack:
    """The team's objects at the pods of a host, and what it tries then."""

    claim: str
    host: str
    objects: Objects
    attempt: Attempt = lambda _who, _address: ""


def asks(host: str, path: str = "/v1/a", port: int = DOORS, who: str = "team") -> Attempt:
    """A request through the door."""

    def attempt(attackers: Mapping[str, Attacker], address: str) -> str:
        others = {"anybody": Attacker(anybody()), "nobody": Attacker(None)}  # without a certificate, in clear
        attacker = {**attackers, **others}[who]
        answer = attacker.http(address, port, host, f"GET {path}")
        return f"200 {answer.body}" if answer.status == 200 else ""

    return attempt


def speaks(
    host: str, data: bytes = PREFACE, port: int = DOORS, who: str = "team", alpn: tuple[str, ...] = ()
) -> Attempt:
    """Bytes through the door: the beginning of gRPC, if nothing else is said."""
    return lambda attackers, address: attackers[who].raw(address, port, host, data, alpn).decode("latin-1")


def takes(host: str, port: int, kind: str, bind: str = "") -> Objects:
    """The team's server behind the name, the port and, where it binds to it, the address of our pods."""
    protocol, _, mode = kind.partition("/")
    target, named = {"HTTPS": (80, "HTTP"), "TLS": (5432, "TCP")}[protocol] if not mode else (443, "TLS")

    def objects(ground: Ground) -> list[Manifest]:
        bound = {"": "", "address": ground.address, "everywhere": EVERYWHERE}[bind]
        door = server(port, protocol, host, mode=mode or "ISTIO_MUTUAL", bind=bound)
        return [place(ground.server, target, named), gate(ground, door), route(named, host, SERVER, target)]

    return objects


def opens(host: str, to: str, port: int = DOORS, number: int = 80, **rule: Any) -> Objects:
    """A door of the team's own for a name: to a host of the list, or, with HTTP or bytes, to an address."""

    def objects(ground: Ground) -> list[Manifest]:
        raw = to.startswith("unix:")
        door = server(port, "TLS" if raw else "HTTPS", host)
        if to.endswith(".example.com"):
            return [gate(ground, door), route("HTTP", host, to, number, **rule)]
        kind = "TCP" if raw else "HTTP"
        return [place(to, number, kind), gate(ground, door), route(kind, host, SERVER, number, **rule)]

    return objects


def passes(port: int) -> Objects:
    """A chain that carries whatever comes to whatever Istio knows: Istio puts no policy into it."""

    def objects(ground: Ground) -> list[Manifest]:
        inside = place(ground.server, 443, "TLS", inside=True)
        return [inside, gate(ground, server(port, "TLS", "*.team.example", mode="AUTO_PASSTHROUGH"))]

    return objects


def serves(port: int, host: str, to: str) -> Objects:
    """TLS with the partner's key, for whoever comes."""

    def objects(ground: Ground) -> list[Manifest]:
        door = server(port, "HTTPS", host, mode="SIMPLE", credentialName="client")
        return [place(ground.server, 80, "HTTP"), gate(ground, door), route("HTTP", host, to, 80)]

    return objects


def clear(port: int, host: str, to: str = SERVER) -> Objects:
    """A port at all addresses, in clear."""

    def objects(ground: Ground) -> list[Manifest]:
        door = server(port, "HTTP", "*", mode="", bind=EVERYWHERE)
        return [place(ground.server, 80, "HTTP"), gate(ground, door), route("HTTP", host, to, 80)]

    return objects


def server(port: int, protocol: str, host: str, *, mode: str = "ISTIO_MUTUAL", bind: str = "", **tls: str) -> Any:
    """One server of a Gateway."""
    made: dict[str, Any] = {"port": {"number": port, "name": f"{protocol.lower()}-door", "protocol": protocol}}
    return (
        made | {"hosts": [host]} | ({"tls": {"mode": mode, **tls}} if mode else {}) | ({"bind": bind} if bind else {})
    )


def gate(ground: Ground, *servers: Any) -> Manifest:
    """A Gateway of the team that selects our pods."""
    return _object("Gateway", {"selector": {GATEWAY_LABEL: ground.pods}, "servers": list(servers)})


def route(kind: str, host: str, to: str, port: int, **rule: Any) -> Manifest:
    """The way from the team's Gateway: for requests, for TLS that is carried unread, or for bytes."""
    match = {"match": [{"sniHosts": [host]}]} if kind == "TLS" else {}
    way = {**match, **rule, "route": [{"destination": {"host": to, "port": {"number": port}}}]}
    return _object("VirtualService", {"hosts": [host], "gateways": ["door"], "exportTo": ["*"], kind.lower(): [way]})


def place(address: str, port: int, kind: str, inside: bool = False) -> Manifest:
    """A ServiceEntry that gives an address, or a Unix domain socket, a name that all of the mesh knows."""
    endpoint = {"address": address} | ({"labels": {"security.istio.io/tlsMode": "istio"}} if inside else {})
    where = {"location": "MESH_INTERNAL" if inside else "MESH_EXTERNAL", "resolution": "STATIC"}
    ports = [{"number": port, "name": f"p-{port}", "protocol": kind}]
    return _object("ServiceEntry", {"hosts": [SERVER], **where, "ports": ports, "endpoints": [endpoint]})


@contextmanager
def standing(namespace: str, pod: str, objects: list[Manifest]) -> Iterator[None]:
    """While this lasts, the objects are there; it begins when the Envoy of this pod has heard of them, if ever."""

    def pushes() -> dict[str, int]:
        return gateway.stats(namespace, pod, "(lds|rds.*).update_(success|rejected)")

    before = pushes()
    try:
        apply(*objects)
        with contextlib.suppress(MeshError):  # what istiod does not send does no harm
            wait_until(lambda: pushes() != before, "the gateway hears of the objects", seconds=4)
        yield
    finally:
        names = [f"{item['kind'].lower()}/{item['metadata']['name']}" for item in objects]
        kubectl("delete", "--namespace", TEAM, "--ignore-not-found", *names)


def _object(kind: str, spec: dict[str, Any]) -> dict[str, Any]:
    return {"apiVersion": ISTIO, "kind": kind, "metadata": {"name": "door", "namespace": TEAM}, "spec": spec}
