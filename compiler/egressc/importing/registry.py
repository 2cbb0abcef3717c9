"""ServiceEntries → the external hosts: ports, where the upstream is, and which namespaces know them."""

from collections.abc import Iterator
from dataclasses import dataclass, field

from egressc.findings import Code, Finding, Span
from egressc.hostname import normalise, short
from egressc.importing.objects import Object, Objects
from egressc.importing.part import Part

CONTRADICTION = Code(
    "EG406",
    "objects that contradict each other",
    "Two objects say different things of the same host, and Istio takes one of them by their age or their names. Keep "
    "the one that should hold, and import again.",
)
NOT_CARRIED = Code(
    "EG405",
    "a setting that is not carried over",
    "A host list has no such setting, or another object of egressc does its work. The gateway then behaves differently "
    "in this point.",
    "warning",
)
#: Protocols of Istio, as a list says them.
PROTOCOLS = {
    "HTTP": "HTTP",
    "HTTP_PROXY": "TCP",
    "HTTP2": "HTTP2",
    "GRPC": "GRPC",
    "GRPC-WEB": "HTTP",
    "HTTPS": "TLS",
    "TLS": "TLS",
}


@dataclass(frozen=True, slots=True)
class ServicePort:
    """A port that sidecars know, and the upstream's port behind it."""

    number: int
    protocol: str
    target: int
    span: Span


@dataclass(slots=True)
class Service:
    """An external host. `visible` are the namespaces that know it, None is all of them or unknown."""

    host: str
    span: Span
    ports: dict[int, ServicePort] = field(default_factory=dict)
    resolution: str = ""
    endpoints: tuple[str, ...] = ()
    failover: tuple[str, ...] = ()
    addresses: tuple[str, ...] = ()
    sans: tuple[str, ...] = ()
    visible: set[str] | None = None
    objects: list[Object] = field(default_factory=list)

    @property
    def in_sidecar(self) -> bool:
        """Whether egressc's chart has made it for sidecars."""
        return any("egressc.io/sidecar" in one.labels for one in self.objects)


def services(objects: Objects, findings: list[Finding]) -> dict[str, Service]:
    """The external hosts by their names."""
    found: dict[str, Service] = {}
    for one in objects.of_kind("ServiceEntry"):
        for service in _of(one, findings):
            if service.host in found:
                findings += _merge(found[service.host], service)
            else:
                found[service.host] = service
    return found


def _of(one: Object, findings: list[Finding]) -> Iterator[Service]:
    spec = one.spec
    location = spec.text("location") or "MESH_EXTERNAL"
    if location == "MESH_INTERNAL" or "workloadSelector" in spec:
        spec.done()
        message = f"{one.title} is about a Service inside of the mesh"
        findings.append(
            NOT_CARRIED(one.span, message, "leave it as it is: a host list is about hosts outside", "warning")
        )
        return
    ports = list(_ports(spec))
    endpoints = spec.parts("endpoints")
    targets = {port: number for endpoint in endpoints for port, number in endpoint.pairs("ports").items()}
    names = {item.text("name"): item.number("number") for item in spec.parts("ports")}
    moved = {names[name]: int(target) for name, target in targets.items() if name in names and target.isdecimal()}
    second = [endpoint for endpoint in endpoints if _is_second(one, endpoint)]
    hosts = spec.placed("hosts")
    failover = tuple(endpoint.text("address").rstrip(".") for endpoint in second)
    given = (endpoint.text("address").rstrip(".") for endpoint in endpoints if endpoint not in second)
    # a socket in the gateway's pod, one for each port: who listens there finds the upstream
    places = tuple(place for place in given if not place.startswith("unix:"))
    resolution = spec.text("resolution") or "NONE"
    sans = tuple(spec.texts("subjectAltNames"))
    addresses = tuple(_addresses(one, findings))
    visible = exported(one)
    for host, span in hosts:
        yield Service(
            host=normalise(host),
            span=span,
            ports={
                port.number: ServicePort(port.number, port.protocol, moved.get(port.number, port.target), port.span)
                for port in ports
            },
            resolution=resolution,
            endpoints=() if places == (normalise(host),) else tuple(place for place in places if place),
            failover=failover,
            addresses=addresses,
            sans=sans,
            visible=visible,
            objects=[one],
        )


def _addresses(one: Object, findings: list[Finding]) -> Iterator[str]:
    """The virtual addresses; a range is none."""
    for text, span in one.spec.placed("addresses"):
        address, _, length = text.partition("/")
        if length in ("", "32" if ":" not in address else "128"):
            yield address
        else:
            message = f"{short(text)} of {one.title} is a range, and a host has single addresses"
            findings.append(NOT_CARRIED(span, message, "list the addresses that applications call as `addresses`"))


def _is_second(one: Object, endpoint: Part) -> bool:
    """Whether egressc's chart has made the endpoint for `failover`."""
    return one.of_the_chart and endpoint.pairs("labels").get("egressc.io/endpoint") == "failover"


def _ports(spec: Part) -> Iterator[ServicePort]:
    for port in spec.parts("ports"):
        number = port.number("number")
        name = port.text("name")
        protocol = (port.text("protocol") or name.partition("-")[0]).upper()
        target = port.number("targetPort")
        if number:
            yield ServicePort(number, PROTOCOLS.get(protocol, "TCP"), target or number, port.at("number"))


def exported(one: Object) -> set[str] | None:
    """The namespaces that an object is exported to; None is all, or unknown where it does not say its own."""
    to = one.spec.texts("exportTo")
    if not to or "*" in to or ("." in to and not one.namespace):
        return None
    return {one.namespace if name == "." else name for name in to if name != "~"}


def _merge(known: Service, other: Service) -> Iterator[Finding]:
    """Adds what another ServiceEntry says of the host; yields what the two contradict each other in."""
    where = f"{known.objects[0].title} ({known.span.file}:{known.span.line})"
    for number, port in other.ports.items():
        before = known.ports.setdefault(number, port)
        if (before.protocol, before.target) != (port.protocol, port.target):
            here, there = (f"{one.protocol} to {one.target}" for one in (port, before))
            message = f"{short(known.host)} speaks {here} at port {number} here, and {there} in {where}"
            yield CONTRADICTION(port.span, message, "keep the one that is right")
    for name in ("resolution", "endpoints"):
        if getattr(known, name) != getattr(other, name):
            message = f"{short(known.host)} has another `{name}` here than in {where}"
            yield CONTRADICTION(other.objects[0].at(name), message, "keep the one that is right")
    known.addresses = tuple(dict.fromkeys((*known.addresses, *other.addresses)))
    both = known.visible is not None and other.visible is not None
    known.visible = (known.visible or set()) | (other.visible or set()) if both else None
    known.objects += other.objects
