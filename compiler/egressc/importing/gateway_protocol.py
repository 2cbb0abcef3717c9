"""What clients' sidecars speak to a gateway → `gatewayProtocol`."""

from collections.abc import Sequence

from egressc.hostname import short
from egressc.importing import upstreams
from egressc.importing.calls import Call, Mesh
from egressc.importing.entry import Entry
from egressc.importing.registry import NOT_CARRIED

#: Protocols of a Service's port to which Istio always speaks HTTP/2.
OVER_HTTP2 = ("http2", "kubernetes.io/h2c", "grpc", "grpc-web")


def gateway_protocol(mesh: Mesh, calls: Sequence[Call], entry: Entry) -> None:
    """Puts HTTP/2 into the entry, if sidecars speak it to the gateway on all ports of protocol HTTP."""
    asked = [call for call in calls if call.way.gateway and call.protocol == "HTTP"]
    over = [call for call in asked if _over_http2(mesh, call)]
    if over and len(over) == len(asked):
        entry.settings["gatewayProtocol"] = "HTTP2"
    elif over:
        what = short(f"{entry.host}:{over[0].way.port}")
        message = f"sidecars speak HTTP/2 to the gateway for {what}, and HTTP/1.1 for another port"
        fix = "write `gatewayProtocol: HTTP2`, if all ports shall have it"
        mesh.findings.append(NOT_CARRIED(over[0].way.span or entry.span, message, fix))


def _over_http2(mesh: Mesh, call: Call) -> bool:
    """Whether it is certain: a mesh may have a policy for all Services, which no object says."""
    way = call.way
    port = way.gateway_port or way.port
    rules = upstreams.policies(mesh.rules, way.gateway, port, way.hops[0].subset)
    said = [rule.part("connectionPool").part("http") for rule in rules]
    if any(rule.rule.of_the_chart for rule in rules):
        return any("http2KeepAlive" in one for one in said)  # the chart says it there for this protocol only
    if any(one.flag("useClientProtocol") for one in said):
        return False
    protocol = _protocol(mesh, way.gateway, way.hops[0].rule.namespace, port)
    return protocol in OVER_HTTP2 or (protocol == "http" and bool(rules) and all(rule.upgrades for rule in rules))


def _protocol(mesh: Mesh, service: str, namespace: str, port: int) -> str:
    """The protocol of a Service's port, as Istio finds it; empty if the Service is not there, or says none."""
    name, *rest = service.split(".")
    for one in mesh.objects.named("Service", f"{rest[0] if rest else namespace}/{name}"):
        for part in one.spec.parts("ports"):
            if part.number("port") == port:
                return (part.text("appProtocol") or part.text("name").partition("-")[0]).lower()
    return ""
