"""Client ports: each once, none that Istio keeps for itself, and what their upstreams can be."""

import zlib
from collections.abc import Iterator
from ipaddress import IPv4Address

from egressc.findings import Code, Finding
from egressc.hostname import is_ip
from egressc.model import Host, Inventory
from egressc.names import OPA_PORTS, RESERVED_PORTS

PORT_TWICE = Code(
    "EG205",
    "a client port is given twice",
    "The client port is how the gateway tells two ways to one host apart.",
)
RESERVED_PORT = Code(
    "EG206",
    "a reserved port",
    "Istio's sidecar listens on ports from 15000 to 15099 in every pod of the mesh, and does not carry them. An OPA "
    f"beside a gateway listens on {', '.join(map(str, OPA_PORTS[:-1]))} and {OPA_PORTS[-1]} of its pod.",
)
OWN_PORT = Code(
    "EG227",
    "an upstream port that is the gateway's own",
    "Whoever controls the upstream's DNS can say 127.0.0.1. Where no certificate tells the upstream from the gateway, "
    "a call would then reach what listens in the gateway's own pod: Envoy's administration, or the OPA.",
)
WHOLE_PORT = Code(
    "EG264",
    "a host that takes a whole port",
    "A sidecar tells TCP connections apart by their addresses. Without `addresses` a host gets every connection of its "
    "clients to this port number that no other host of the mesh has, whatever server the application meant. On the "
    "ports of the web that is an error. Sidecars with DNS capture answer the host's name with its `addresses`.",
    "warning",
)
UPSTREAM_PROTOCOL = Code(
    "EG288",
    "a protocol of the upstream that the port cannot have",
    "A gateway can make HTTP/2 of an application's HTTP/1.1. HTTP2 and GRPC are HTTP/2 already. What a gateway carries "
    "unread, it cannot change.",
)

VIRTUAL = IPv4Address("240.0.0.0")
WEB = {80: "HTTP", 443: "TLS"}


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Client ports that are taken, and upstream ports that could be the gateway's own."""
    seen: set[int] = set()
    for port in host.ports:
        if port.port in seen:
            fix = "keep one; a second way to the host needs another client port"
            yield PORT_TWICE(port.at("port"), f"{host.host} has client port {port.port} twice", fix)
        seen.add(port.port)
        taken = "Istio's sidecar keeps 15000 to 15099 for itself" if port.port in RESERVED_PORTS else ""
        if port.port in OPA_PORTS and _asks_opa(host):
            taken = "the OPA beside the gateway listens there"
        if taken:
            fix = f"write another client port, and `upstreamPort: {port.upstream_port}` beside it"
            yield RESERVED_PORT(port.at("port"), f"client port {port.port} is reserved: {taken}", fix)
        if port.says("upstreamProtocol") and port.protocol != "HTTP":
            unread = "carried unread" if not port.is_http else "HTTP/2 already"
            message = f"client port {port.port} speaks {port.protocol}, which is {unread}"
            fix = "remove `upstreamProtocol`, or write `protocol: HTTP` if applications speak HTTP/1.1"
            yield UPSTREAM_PROTOCOL(port.at("upstreamProtocol"), message, fix)
    yield from _own(host)
    yield from _whole(host)


def _own(host: Host) -> Iterator[Finding]:
    """Where DNS says that the upstream is 127.0.0.1, only its certificate tells it from the gateway."""
    if host.in_sidecar or host.by_socket or all(map(is_ip, host.places)):
        return
    for port in host.ports:
        verified = port.tls.originates and not port.tls.unverified
        if not verified and (
            port.upstream_port in RESERVED_PORTS or (_asks_opa(host) and port.upstream_port in OPA_PORTS)
        ):
            message = (
                f"nobody verifies {host.host}:{port.upstream_port}: if DNS says 127.0.0.1, it is the gateway's own port"
            )
            fix = "let the gateway speak TLS with `mode: simple`, or give the upstream another port"
            yield OWN_PORT(port.at("upstreamPort"), message, fix)


def _asks_opa(host: Host) -> bool:
    return host.external_authorization is not None and host.external_authorization.opa is not None


def _whole(host: Host) -> Iterator[Finding]:
    """One finding for all such ports of a host, at the worst of them: `addresses` is the cure of all."""
    ports = sorted(filter(host.takes_whole, host.ports), key=lambda port: port.port not in WEB)
    if not ports:
        return
    worst, who = ports[0], "the whole mesh" if host.seen_by_all else "its clients"
    *others, last = (str(port.port) for port in ports)
    numbers = f"client ports {', '.join(others)} and {last}" if others else f"client port {last}"
    message = (
        f"{host.host} takes all of {numbers}: any connection of {who} to {'them' if others else 'that port'} comes "
        "here, unless it is to an address of another host"
    )
    fix = _own_addresses(host)
    if worst.port not in WEB:
        yield WHOLE_PORT(worst.at("port"), message, fix)
        return
    if not worst.tls.own("mode"):
        fix = f"write `protocol: {WEB[worst.port]}` if applications speak it, or {fix}"
    yield WHOLE_PORT(worst.at("port"), message, fix, "error")


def _own_addresses(host: Host) -> str:
    """What to write so that sidecars know the host by its addresses: those that it has, or one that hardly any has."""
    if host.endpoints and all(map(is_ip, host.endpoints)):
        return f"add `addresses: [{', '.join(host.endpoints)}]`"
    # of 240.0.0.0/9: Istio itself allots addresses of 240.240.0.0/16
    virtual = VIRTUAL + zlib.crc32(host.host.encode()) % 2**23
    return f"add `addresses: [{virtual}]`, with which DNS or the sidecars' DNS capture answers clients"
