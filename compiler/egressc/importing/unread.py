"""What of the objects nobody has read: each key is a finding, so that nothing is lost in silence."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from egressc.findings import Finding
from egressc.hostname import short
from egressc.importing.calls import Mesh
from egressc.importing.objects import Object
from egressc.importing.registry import NOT_CARRIED


@dataclass(frozen=True, slots=True)
class _About:
    """What the hosts of the import have to do with: their rules' hosts, gateways by Service and by object, routes."""

    hosts: set[str]
    gateways: set[str]
    used: set[str]
    leading: set[Object]


def _about(mesh: Mesh) -> _About:
    known = {*mesh.services, *mesh.hops}
    hops = [hop for routes in mesh.hops.values() for hop in routes]
    return _About(
        hosts=known
        | {host for host in mesh.rules if host.startswith("*") and any(name.endswith(host[1:]) for name in known)},
        gateways={hop.to.partition(".")[0] for hop in hops if hop.to not in mesh.services}
        | {name.partition("/")[2] for name in mesh.stand_by},
        used={name for hop in hops for name in hop.gateways},
        leading={hop.rule for hop in hops if hop.to in mesh.services},
    )


def unread(mesh: Mesh) -> Iterator[Finding]:
    """What of the objects nobody has read."""
    about = _about(mesh)
    for kind, look in LOOKS.items():
        for one in mesh.objects.of_kind(kind):
            if one.of_the_chart:
                one.spec.part("trafficPolicy").skip("connectionPool")
            yield from look(one, about)
            for path, at in one.spec.unread():
                yield NOT_CARRIED(at, f"`{path}` of {one.title} is not carried over", "look whether the host needs it")


def _nothing(_: Object, __: "_About") -> Iterator[Finding]:
    yield from ()


def _destination_rule(one: Object, about: "_About") -> Iterator[Finding]:
    host = one.spec.text("host")
    if host in about.hosts:
        return
    one.spec.done()
    if host.partition(".")[0] not in about.gateways:
        message = f"{one.title} is about {short(host)}, for which there is no ServiceEntry"
        yield NOT_CARRIED(one.span, message, "import the ServiceEntry too, or leave the rule as it is")


def _gateway(one: Object, about: "_About") -> Iterator[Finding]:
    one.spec.done()
    if f"{one.namespace}/{one.name}" not in about.used:
        message = f"no VirtualService leads calls of the mesh through {one.title}"
        yield NOT_CARRIED(one.span, message, "leave it as it is, or import the VirtualService too")


def _virtual_service(one: Object, about: "_About") -> Iterator[Finding]:
    if one not in about.leading:
        one.spec.done()
        message = f"{one.title} leads to no host of a ServiceEntry"
        yield NOT_CARRIED(one.span, message, "leave it as it is, or import the ServiceEntry too")


def _envoy_filter(one: Object, _: "_About") -> Iterator[Finding]:
    if not one.of_the_chart:
        one.spec.done()
        yield NOT_CARRIED(one.span, f"{one.title} is not read", "look what it does to the gateways of these hosts")


def _sidecar(one: Object, _: "_About") -> Iterator[Finding]:
    one.spec.done()
    yield from ()


def _policy(one: Object, about: "_About") -> Iterator[Finding]:
    action = one.spec.text("action") or "ALLOW"
    if one.of_the_chart or action == "CUSTOM":
        one.spec.done()
    elif action == "AUDIT":
        yield NOT_CARRIED(one.span, f"{one.title} only writes to a log", "add `enforcement: report`, or leave it out")
    elif one.about is None:
        message = f"{one.title} is about other pods than those of an egress gateway"
        yield NOT_CARRIED(one.span, message, "leave it as it is")
    elif one.about and not one.about & about.hosts:
        yield NOT_CARRIED(one.span, f"{one.title} is about hosts that are not imported", "leave it as it is")
    else:
        return
    one.spec.done()


def _service(one: Object, _: "_About") -> Iterator[Finding]:
    if name := one.spec.text("externalName"):
        message = f"{one.title} is another name for {short(name)}"
        yield NOT_CARRIED(one.span, message, "let applications call the host by its own name")
    one.spec.done()


LOOKS: dict[str, Callable[[Object, "_About"], Iterator[Finding]]] = {
    "ServiceEntry": _nothing,
    "Gateway": _gateway,
    "VirtualService": _virtual_service,
    "DestinationRule": _destination_rule,
    "AuthorizationPolicy": _policy,
    "Sidecar": _sidecar,
    "Service": _service,
    "EnvoyFilter": _envoy_filter,
}
