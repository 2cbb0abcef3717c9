"""What is weaker about a host than it could be, by the list's own words."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Literal

from egressc.model import OLD_VERSIONS, Client, Host, is_prefix
from egressc.plan.decisions.exposed import exposed_url
from egressc.plan.decisions.lines import client_line, port_lines
from egressc.plan.decisions.tls import in_words, verified
from egressc.plan.pods import CallerPods
from egressc.plan.way import GatewayWay
from egressc.positions import Lines


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is allowed and that a person should have seen; `port` is None where it is about the whole host."""

    host: str
    port: int | None
    says: str
    lines: Lines

    @property
    def kind(self) -> str:
        """What hosts have in common that have such a remark."""
        return self.says.partition(": ")[0]

    @property
    def detail(self) -> str:
        """What is this host's own."""
        return self.says.partition(": ")[2]


def unverified(host: Host, speaker: Literal["gateway", "sidecar"]) -> Iterator[Remark]:
    """The ports of `host` whose upstream nobody verifies."""
    for port in host.ports:
        who = verified(port.tls, speaker)
        if who.by == "nobody":
            yield Remark(host.host, port.port, f"verified by {who.text}", who.lines)


def unused(host: Host) -> Iterator[Remark]:
    """The ports of `host` that no client may use."""
    for port in host.ports:
        if not any(client.covers(port.port) for client in host.callers):
            yield Remark(host.host, port.port, "no client may use this port", port_lines(port))


def whole_port(host: Host) -> Iterator[Remark]:
    """The ports of `host` that it takes from all that is not listed."""
    for port in host.ports:
        if host.takes_whole(port):
            says = "without `addresses` it takes whatever clients send to this port"
            yield Remark(host.host, port.port, says, port_lines(port))


def whole_mesh(host: Host, clients: Iterable[Client]) -> Iterator[Remark]:
    """The clients of `host` that are every pod of the mesh."""
    for client in clients:
        if client.whole_mesh and not client.pod_labels:
            yield Remark(host.host, None, "the whole mesh may call", (client_line(client),))


def _by_prefix(host: Host) -> Iterator[Remark]:
    """The clients of `host` that are namespaces which do not exist yet."""
    for client in host.clients:
        if is_prefix(client.namespace):
            says = f"whoever may create a namespace {client.namespace} is a client; every namespace sees the host"
            yield Remark(host.host, None, says, (client_line(client),))


def through_gateway(way: GatewayWay) -> Iterator[Remark]:
    """What is weaker about a host behind a gateway, whoever's pods these are."""
    host = way.host
    yield from unused(host)
    yield from unverified(host, "gateway")
    yield from whole_port(host)
    yield from _old_versions(host)
    yield from _unjudged(host)
    yield from _kept_slashes(way)
    yield from _inner_names(way)
    yield from _doors(way)
    yield from whole_mesh(host, host.callers)
    yield from _by_prefix(host)
    yield from _told_apart(way)
    if expose := host.expose:
        says = f"whoever reaches an ingress gateway may call it: {exposed_url(expose)}, at {expose.gateway.namespace}"
        yield Remark(host.host, None, says, host.said("expose"))
    if host.reports:
        nobody = "no rule refuses anybody" if host.external_authorization else "nobody is refused"
        says = f"{nobody}: callers are only reported, and every namespace sees the host"
        yield Remark(host.host, None, says, host.said("enforcement"))
    if not way.pods.ours:
        yield from _left_to_others(way)
    if outside := host.external_authorization:
        if outside.fail_open:
            yield Remark(host.host, None, "what OPA does not answer is let through", outside.said("failOpen"))
        if outside.provider:
            says = f"the mesh's configuration must have the extension provider {outside.provider}"
            yield Remark(host.host, None, says, outside.said("provider"))
    yield from _readiness(way)


def _old_versions(host: Host) -> Iterator[Remark]:
    for port in host.ports:
        if (oldest := port.tls.min_protocol_version) in OLD_VERSIONS:
            says = f"takes {in_words(str(oldest))}, which is broken"
            yield Remark(host.host, port.port, says, port.tls.said("minProtocolVersion"))


def _kept_slashes(way: GatewayWay) -> Iterator[Remark]:
    host = way.host
    if way.strict_paths and host.keeps_slashes:
        detail = "allowed and denied paths hold, whether the upstream reads %2F as a slash or not"
        if host.external_authorization:
            detail = "the authorizer must read %2F as the upstream does"
        yield Remark(host.host, None, f"escaped slashes go on: {detail}", host.said("escapedSlashes"))


def _inner_names(way: GatewayWay) -> Iterator[Remark]:
    """The ports whose connections may be for another name of the upstream's, or no TLS at all."""
    for port in way.ports:
        if port.protocol == "TLS" and not way.filtered:
            says = "nobody checks the name inside of the application's TLS"
            yield Remark(way.host.host, port.client_port, says, port_lines(port.settled))


def _doors(way: GatewayWay) -> Iterator[Remark]:
    """What policies cannot tell from the gateway's own listeners: another Gateway at the pods' address."""
    if way.host.shares_policies and not way.guarded:
        says = (
            "another team's Gateway can lead its clients to other hosts of the pods: only `companions.admission`, or "
            "PILOT_SCOPE_GATEWAY_TO_NAMESPACE=true on istiod, keeps it off them"
        )
        yield Remark(way.host.host, None, says, way.host.said("gateway"))


def _unjudged(host: Host) -> Iterator[Remark]:
    for port in host.ports:
        if port.tls.mode == "mutual" and not port.is_http and port in host.checked:
            # the check sends no bytes, and TLS 1.3 clients finish before the server has judged their certificate
            says = "Ready does not show whether the upstream takes the client certificate"
            yield Remark(host.host, port.port, says, port.tls.said("mode"))


def _readiness(way: GatewayWay) -> Iterator[Remark]:
    """What Ready does not show, and what one dead port does to the others."""
    host = way.host
    if not way.checks_upstream:
        if host.shares_policies and not host.readiness.said("mode"):
            says = "nobody checks the upstream: on shared pods only an EnvoyFilter could let the proxy do it"
            yield Remark(host.host, None, says, host.said("gateway"))
        if not host.readiness.said("mode"):
            return  # of a wildcard it cannot, and nobody can act on that
        says = f"Ready does not follow the upstream: readiness is {host.readiness.mode}"
        yield Remark(host.host, None, says, host.readiness.said("mode"))
        return
    for port in host.ports:
        if port not in host.checked:
            says = "Ready does not follow the upstream of this port"
            yield Remark(host.host, port.port, says, port.readiness.said("mode"))
    numbers = sorted({port.upstream_port for port in host.checked})
    if way.pods.single and len(numbers) > 1:
        which = ", ".join(map(str, numbers))
        says = f"while one of the upstream ports {which} is dead, nobody may use the others: see `ports.readiness`"
        yield Remark(host.host, None, says, host.said("ports"))


def _left_to_others(way: GatewayWay) -> Iterator[Remark]:
    """What the chart gives its own pods, and what adopted ones must bring themselves."""
    lines, pods, host = way.host.said("gateway"), f"the pods of {way.pods.name}", way.host.host
    yield Remark(host, None, f"{pods} must keep back trace headers and attempt counts themselves", lines)
    if way.fetches_key:
        says = f"{pods} need a service account that may list the Secrets of {way.namespace}"
        yield Remark(host, None, says, lines)
    for port in way.ports:
        for volume in port.tls.files.volumes if port.tls.files else ():
            says = f"{pods} must mount {volume.secret or volume.config_map} at {volume.mount_path}"
            yield Remark(host, port.client_port, says, port.tls.said("files"))


def _told_apart(way: GatewayWay) -> Iterator[Remark]:
    for client in way.host.callers:
        pods = CallerPods(client.namespace, client.pod_labels)
        if pods.labels and any(pods in port.callers for port in way.ports):
            labels = ",".join(f"{key}={value}" for key, value in pods.labels)
            says = f"labels are no identity: only the sidecars of {client.who} hold {labels}"
            yield Remark(way.host.host, None, says, client.said("podLabels"))
