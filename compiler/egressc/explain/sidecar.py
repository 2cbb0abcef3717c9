"""A host without a gateway: two hops, and what its clients' own pods decide."""

from collections.abc import Iterable, Iterator

from egressc.explain import facts as known
from egressc.explain.decision import Decision
from egressc.explain.facts import Facts, Way
from egressc.explain.hops import (
    RESOLUTIONS,
    Hop,
    limits,
    pods_of,
    requests,
    spoken_tls,
    to_sidecar,
    to_upstream,
    verification,
)
from egressc.explain.layout import socket
from egressc.explain.lines import client_line, host_line
from egressc.explain.load import Checks, Pods
from egressc.explain.needs import Reading, needs, read_for
from egressc.explain.objects import Object
from egressc.explain.path import Note, Path
from egressc.explain.remarks import Remark
from egressc.hostname import is_ip
from egressc.model import Port
from egressc.plan import EVERYBODY, Placement, Sidecar

RELEASE = "the release's namespace"


def facts(sidecar: Sidecar) -> Facts:
    """What is true of `sidecar`."""
    host = sidecar.host
    return Facts(
        host=host.host,
        gateway=None,
        namespace=None,
        service=None,
        description=known.plain(host.description),
        owner=known.plain(host.owner),
        review_by=host.review_by,
        resolution=host.kind,
        endpoints=host.endpoints,
        failover=host.failover,
        addresses=host.addresses,
        pods=Pods(0, 0, scaled=False, counted=False, lines=host.said("at")),
        ports=tuple(_way(port) for port in host.ports),
        clients=tuple(known.caller(client, None) for client in host.clients),
        denied=(),
        enforcement=host.enforcement,
        access_log=None,
        line=host_line(host),
    )


def path(sidecar: Sidecar) -> Path:
    """The path of requests that the clients' sidecars carry."""
    about = facts(sidecar)
    ports = zip(sidecar.host.ports, about.ports, strict=True)
    return Path(
        about=about,
        hops=tuple(_hops(sidecar, port, way) for port, way in ports),
        readiness=(),
        exposure=(),
        name_resolution=tuple(_name_resolution(sidecar)),
        objects=tuple(_objects(sidecar)),
        needs=needs(reads([sidecar])),
        remarks=tuple(remarks(sidecar, about)),
    )


def reads(sidecars: Iterable[Sidecar]) -> Iterator[Reading]:
    """What the sidecars read for their TLS, in each client namespace."""
    for sidecar in sidecars:
        for placement in sidecar.placements:
            for port in placement.ports:
                if port.port.tls.originates and placement.namespace != EVERYBODY:
                    yield from read_for(port.port.tls, placement.namespace, sidecar.host.host)


def namespaces(sidecars: Iterable[Sidecar]) -> tuple[str, ...]:
    """The namespaces that must exist before the installation."""
    places = {placement.namespace for sidecar in sidecars for placement in sidecar.placements}
    return tuple(sorted(places - {EVERYBODY}))


def remarks(sidecar: Sidecar, about: Facts) -> Iterator[Remark]:
    """What about `sidecar` is weaker than with a gateway, and weaker than it could be."""
    at = sidecar.host.said("at")
    says = "no gateway: the sidecars of its clients keep what the list says, and nothing keeps it for them"
    yield Remark(about.host, None, says, at)
    for port, way in zip(sidecar.host.ports, about.ports, strict=True):
        if way.verified.by == "nobody":
            yield Remark(about.host, way.port, f"verified by {way.verified.text}", way.verified.lines)
        if port.is_http:
            yield Remark(about.host, way.port, "the upstream sees trace headers, where the mesh traces", at)
    for placement in sidecar.placements:
        if placement.accounts:
            accounts = ", ".join(placement.accounts)
            says = f"applications of {accounts} may list all Secrets of {placement.namespace} by the Kubernetes API"
            lines = tuple(line for client in sidecar.host.clients for line in client.said("serviceAccount"))
            yield Remark(about.host, None, says, lines)
    if any(client.whole_mesh and not client.pod_labels for client in sidecar.host.clients):
        lines = tuple(client_line(client) for client in sidecar.host.clients if client.whole_mesh)
        yield Remark(about.host, None, "the whole mesh may call", lines)


def _way(port: Port) -> Way:
    tls = port.tls
    return Way(
        port=port.port,
        protocol=port.protocol,
        gateway_port=None,
        upstream_port=port.upstream_port,
        tls=tls.mode,
        sni=tls.sni if tls.originates else None,
        client_certificate=known.client_certificate(tls),
        verified=known.verified(tls, "sidecar"),
        ready_when="no gateway",
        checks_per_minute=Checks(0, 0, "upstream", None),
        lines=known.port_lines(port),
    )


def _hops(sidecar: Sidecar, port: Port, way: Way) -> tuple[Hop, Hop]:
    host = sidecar.host
    upstream = " or ".join(socket(name, way.upstream_port) for name in host.places)
    seen = (decision for place in sidecar.placements for decision in _seen(sidecar, place, way))
    return (
        to_sidecar(host, way, seen),
        Hop(
            "its sidecar",
            "upstream",
            f"{to_upstream(way)}, to {upstream}",
            verification(way),
            tuple(_carried(sidecar, port, way)),
        ),
    )


def _seen(sidecar: Sidecar, place: Placement, way: Way) -> Iterator[Decision]:
    entry, route = _object("ServiceEntry", sidecar, place), _object("VirtualService", sidecar, place)
    port = next((port for port in place.ports if port.port.port == way.port), None)
    if port is None:
        return
    who = "every namespace" if place.namespace == EVERYBODY else place.namespace
    here = (client for client in sidecar.host.clients if place.namespace in (EVERYBODY, client.namespace))
    lines = tuple(client_line(client) for client in here)
    yield Decision(entry, f"sidecars of {who} know {sidecar.host.host} on port {way.port}", lines)
    for source in port.sources:
        lines = tuple(
            line
            for client in sidecar.host.clients
            if client.pod_labels == source.pod_labels and source.namespace in (None, client.namespace)
            for line in client.said("podLabels") or (client_line(client),)
        )
        yield Decision(route, f"lets {pods_of(source, who)} through", lines)
    if port.sources:
        refused = "answers 403 to all other pods" if port.port.is_http else "closes the connections of all other pods"
        yield Decision(route, refused, ())


def _carried(sidecar: Sidecar, port: Port, way: Way) -> Iterator[Decision]:
    host = sidecar.host
    place = next(place for place in sidecar.placements if any(one.port is port for one in place.ports))
    if port.is_http:
        route = _object("VirtualService", sidecar, place)
        yield from requests(host, route)
        yield Decision(route, "keeps back x-envoy-*, x-forwarded-* and x-request-id, and no trace headers", ())
    entry, rule = _object("ServiceEntry", sidecar, place), _object("DestinationRule", sidecar, place)
    reached = port.said("upstreamPort") or way.lines
    yield Decision(entry, f"client port {way.port} is upstream port {way.upstream_port}", reached)
    found = RESOLUTIONS[host.kind].replace("checked and used", "used")
    yield Decision(entry, found, host.said("endpoints") + host.said("resolution"))
    secret = port.tls.said("secret")
    if place.accounts and port.tls.mode == "mutual":
        says = f"lets Istio hand the sidecars of {', '.join(place.accounts)} the Secret {port.tls.secret}"
        yield Decision(_object("Role", sidecar, place), says, secret)
    yield from spoken_tls(port, way, rule)
    yield from limits(host, port, rule)
    if place.pods and port.tls.secret and port.tls.originates:
        others = _object("DestinationRule", sidecar, place, ".others")
        yield Decision(others, "gives all other pods TLS that cannot succeed", secret)


def _name_resolution(sidecar: Sidecar) -> Iterator[Note]:
    host = sidecar.host
    names = [name for name in host.places if not is_ip(name)]
    if names:
        endpoints = host.said("endpoints")
        yield Note(f"DNS must know {' and '.join({*names, host.host})} for the clients' pods", endpoints)
    else:
        yield Note(f"DNS must answer clients for {host.host}, with any address: the sidecar does not go by it", ())


def _objects(sidecar: Sidecar) -> Iterator[Object]:
    for place in sidecar.placements:
        yield _object("ServiceEntry", sidecar, place)
        if any(port.port.is_http or port.sources for port in place.ports):
            yield _object("VirtualService", sidecar, place)
        for index in range(max(1, len(place.pods))):
            yield _object("DestinationRule", sidecar, place, f".{index + 1}" if index else "")
        if place.pods:
            yield _object("DestinationRule", sidecar, place, ".others")
        if place.accounts:
            yield _object("Role", sidecar, place)
            yield _object("RoleBinding", sidecar, place)


def _object(kind: str, sidecar: Sidecar, place: Placement, suffix: str = "") -> Object:
    where = RELEASE if place.namespace == EVERYBODY else place.namespace
    return Object(kind, where, sidecar.name + suffix)
