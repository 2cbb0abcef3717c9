"""What is weaker about a host than it could be, by the list's own words."""

from collections.abc import Iterator
from dataclasses import dataclass

from egressc.explain.facts import Facts
from egressc.explain.lines import Lines
from egressc.explain.objects import exposed_url
from egressc.plan import Gateway, Source


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is allowed and that a person should have seen; `port` is None where it is about the whole host."""

    host: str
    port: int | None
    says: str
    lines: Lines


def remarks(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    """What about `gateway` is weaker than it could be, by the list's own words."""
    yield from _about_ports(gateway, about)
    for client, caller in zip(gateway.host.callers, about.clients, strict=True):
        if client.whole_mesh and not client.pod_labels:
            yield Remark(about.host, None, "the whole mesh may call", (caller.line,))
        source = Source(client.namespace, client.pod_labels)
        if caller.pod_labels and any(source in port.sources for port in gateway.ports):
            says = f"only the sidecars of {caller.who} hold {caller.labels}: labels are no identity"
            yield Remark(about.host, None, says, client.said("podLabels"))
    if expose := gateway.host.expose:
        says = f"whoever reaches the ingress gateway of {expose.gateway.namespace} may call it: {exposed_url(expose)}"
        yield Remark(about.host, None, says, gateway.host.said("expose"))
    if gateway.host.reports:
        nobody = "no rule refuses anybody" if gateway.host.external_authorization else "nobody is refused"
        says = f"{nobody}: callers are only reported, and every namespace sees the host"
        yield Remark(about.host, None, says, gateway.host.said("enforcement"))
    if gateway.pods.kind == "adopted":
        yield from _left_to_others(gateway, about)
    yield from _left_to_authorizers(gateway, about)
    if not gateway.checks_upstream:
        says = f"Ready does not follow the upstream: readiness is {gateway.host.readiness.mode}"
        yield Remark(about.host, None, says, gateway.host.readiness.said("mode"))


def _about_ports(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    for port, way in zip(gateway.ports, about.ports, strict=True):
        if way.verified.by == "nobody":
            yield Remark(about.host, way.port, f"verified by {way.verified.text}", way.verified.lines)
        if way.tls == "mutual" and not port.port.is_http and gateway.checks_upstream:
            # the check sends no bytes, and TLS 1.3 clients finish before the server has judged their certificate
            says = "Ready does not show whether the upstream takes the client certificate"
            yield Remark(about.host, way.port, says, port.port.tls.said("mode"))


def _left_to_authorizers(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    outside = gateway.host.external_authorization
    if outside and outside.fail_open:
        says = "what OPA does not answer is let through"
        yield Remark(about.host, None, says, outside.said("failOpen"))
    if outside and outside.provider:
        says = f"the mesh's configuration must have the extension provider {outside.provider}"
        yield Remark(about.host, None, says, outside.said("provider"))


def _left_to_others(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    """What the chart gives its own pods, and what adopted ones must bring themselves."""
    lines = gateway.host.said("gateway")
    pods = f"the pods of {gateway.pods.name}"
    yield Remark(about.host, None, f"{pods} must keep back trace headers and attempt counts themselves", lines)
    if gateway.fetches_key:
        says = f"{pods} need a service account that may list the Secrets of {gateway.namespace}"
        yield Remark(about.host, None, says, lines)
    for port in gateway.ports:
        for volume in port.port.tls.files.volumes if port.port.tls.files else ():
            says = f"{pods} must mount {volume.secret or volume.config_map} at {volume.mount_path}"
            yield Remark(about.host, port.port.port, says, port.port.tls.said("files"))
