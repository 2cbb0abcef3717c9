"""Objects of Istio → entries of a list: a ServiceEntry is a host, the others say how it is called and by whom."""

from typing import Any

from egressc.findings import Finding
from egressc.hostname import short
from egressc.importing import carried, clients, exposure, own, ports, unread, upstreams, ways
from egressc.importing.calls import HTTP, Call, Mesh
from egressc.importing.entry import Entry
from egressc.importing.gateway_protocol import gateway_protocol
from egressc.importing.objects import Objects
from egressc.importing.registry import NOT_CARRIED, Service
from egressc.importing.ways import Way

OF_THE_CHART = {
    "egressc.io/description": "description",
    "egressc.io/owner": "owner",
    "egressc.io/review-by": "reviewBy",
}


def entries(objects: Objects, findings: list[Finding]) -> tuple[list[Entry], Mesh]:
    """The entries of all hosts, and the mesh: it knows the trust domains and the gateways that the objects name."""
    findings += own.exposed(objects)
    mesh = Mesh(Objects(one for one in objects if not own.is_exposure(one)), findings)
    called = dict(mesh.services)
    for host, routes in mesh.hops.items():  # names that only a VirtualService knows
        to = next((hop for hop in routes if hop.to in mesh.services), None)
        if host not in called and to and "." in host and any(ways.MESH in hop.gateways for hop in routes):
            called[host] = Service(host, to.span, visible=None, objects=[to.rule])
    found = []
    inner = _upstream_only(mesh, called)
    for host, service in called.items():
        entry = _entry(mesh, service, inner)
        if entry:
            exposure.own_name(entry, mesh.hops.get(host, []), mesh.objects, mesh.services, findings)
            found.append(entry)
    findings += own.remarks(objects, mesh.stand_by)
    findings += unread.unread(mesh)
    return found, mesh


def _upstream_only(mesh: Mesh, called: dict[str, Service]) -> set[tuple[str, int]]:
    """Ports that only Envoy calls, since it speaks TLS there for a client port of another number."""
    inner = set()
    for host, service in called.items():
        for way in ways.ways(service, mesh.hops.get(host, []), mesh.services, []):
            if (way.upstream, way.upstream_port) != (host, way.port):
                found = upstreams.policies(mesh.rules, way.upstream, way.upstream_port, way.subset)
                if any(policy.originates for policy in found):
                    inner.add((way.upstream, way.upstream_port))
    return inner


def _entry(mesh: Mesh, service: Service, inner: set[tuple[str, int]]) -> Entry | None:
    host = service.host
    entry = Entry(host, service.span)
    all_ways = ways.ways(service, mesh.hops.get(host, []), mesh.services, mesh.findings)
    calls = [_call(mesh, service, way) for way in all_ways if not _is_inner(host, way, inner)]
    if not calls:
        return None
    _from_annotations(service, entry)
    if service.objects[0].of_the_chart and not service.in_sidecar:
        carried.carried(mesh, service, calls, entry)
        mesh.findings += own.of_the_host(mesh.objects, service, carried.used(service, calls))
    ports.ports(mesh, service, calls, entry)
    _where(mesh, service, calls, entry)
    _how(mesh, calls, entry)
    clients.clients(mesh, service, calls, entry)
    if "at" not in entry.settings:
        gateway_protocol(mesh, calls, entry)
    return entry


def _where(mesh: Mesh, service: Service, calls: list[Call], entry: Entry) -> None:
    """Puts into the entry where the upstream is."""
    places = {call.way.upstream for call in calls} - {service.host}
    upstream = mesh.services.get(next(iter(places), service.host), service)
    endpoints = upstream.endpoints or tuple(sorted(places))
    if endpoints and "*" not in endpoints[0]:
        entry.settings["endpoints"] = list(endpoints)
    if upstream.failover:
        entry.settings["failover"] = list(upstream.failover)
    if upstream.resolution == "DNS_ROUND_ROBIN":
        entry.settings["resolution"] = "DNS_ROUND_ROBIN"
    if service.addresses:
        entry.settings["addresses"] = list(service.addresses)


def _how(mesh: Mesh, calls: list[Call], entry: Entry) -> None:
    """Puts into the entry how the upstream is asked."""
    has_requests = any(call.protocol in HTTP for call in calls)
    for call in calls:
        said = upstreams.settings(call.policy, has_requests=has_requests) if call.policy else {}
        requests = ways.requests(call.way) if call.protocol in HTTP else {}
        for key, value in (*said.items(), *requests.items()):
            _once(mesh, entry, key, value, call)
    for key in ("timeouts", "retries", "connectionPool"):
        if entry.settings.get(key) == {}:
            del entry.settings[key]
    if entry.settings.get("outlierDetection") == {} and "failover" in entry.settings:
        del entry.settings["outlierDetection"]  # it goes with a second place


def _is_inner(host: str, way: Way, inner: set[tuple[str, int]]) -> bool:
    return not way.hops and (host, way.port) in inner


def _once(mesh: Mesh, entry: Entry, key: str, value: Any, call: Call) -> None:
    """Puts a setting of a port where a list has one for all ports; a finding if two ports differ."""
    known = entry.settings.get(key)
    if isinstance(known, dict) and isinstance(value, dict) and key in ("timeouts", "connectionPool"):
        entry.settings[key] = known | {name: one for name, one in value.items() if name not in known}
        differ = any(known[name] != value[name] for name in known.keys() & value.keys())
    else:
        entry.settings.setdefault(key, value)
        differ = known is not None and known != value
    if differ:
        span = call.policy.rule.span if call.policy else call.way.span or entry.span
        message = f"`{key}` of {short(f'{entry.host}:{call.way.port}')} differs from that of another port"
        mesh.findings.append(NOT_CARRIED(span, message, "a list has one for all ports of a host: look at it"))


def _call(mesh: Mesh, service: Service, way: Way) -> Call:
    upstream = mesh.services.get(way.upstream, service)
    port = upstream.ports.get(way.upstream_port)
    spoken = service.ports.get(way.port)
    family = {"http": "HTTP", "tls": "TLS", "tcp": "TCP"}.get(way.family, "")
    protocol = spoken.protocol if spoken and (not family or _same(family, spoken.protocol)) else family or "TCP"
    found = upstreams.policies(mesh.rules, way.upstream, way.upstream_port, way.subset)
    policy = upstreams.chosen(found, way.upstream, way.upstream_port, mesh.findings)
    return Call(way, protocol, port.target if port else way.upstream_port, policy)


def _same(family: str, protocol: str) -> bool:
    return protocol in (HTTP if family == "HTTP" else (family,))


def _from_annotations(service: Service, entry: Entry) -> None:
    first = service.objects[0]
    if not first.of_the_chart:
        return
    for annotation, key in OF_THE_CHART.items():
        if annotation in first.annotations:
            entry.settings[key] = first.annotations[annotation]
