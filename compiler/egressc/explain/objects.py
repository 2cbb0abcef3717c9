"""Which Kubernetes objects a gateway consists of, which others it needs, and what about it a person should look at."""

from collections import defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Literal

from egressc import emit
from egressc.explain.facts import Facts
from egressc.explain.lines import Lines, said
from egressc.explain.load import pods
from egressc.model import Exposure, Files, Host, Tls
from egressc.names import exposure_name
from egressc.plan import Companions, Gateway, Source


@dataclass(frozen=True, slots=True)
class Object:
    """A Kubernetes object."""

    kind: str
    namespace: str
    name: str

    @property
    def text(self) -> str:
        """`Service egress/api-example-com`."""
        return f"{self.kind} {self.namespace}/{self.name}"


@dataclass(frozen=True, slots=True, order=True)
class Need:
    """An object that must exist before the installation, with at least these keys, for these hosts."""

    namespace: str
    kind: Literal["Secret", "ConfigMap"]
    name: str
    keys: tuple[str, ...]
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Remark:
    """Something that is allowed and that a person should have seen; `port` is None where it is about the whole host."""

    host: str
    port: int | None
    says: str
    lines: Lines


#: A Secret or ConfigMap, its namespace first, with keys that it must have, and the host that it is read for.
Reading = tuple[str, Literal["Secret", "ConfigMap"], str, set[str], str]

#: What a gateway's pods have, whoever's they are; all else is the host's own.
POD_KINDS = (
    "Telemetry",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Role",
    "RoleBinding",
)

#: Values that have an object of their own, its kind, and how its name ends.
OF_REQUESTS = (
    ("provider", "AuthorizationPolicy", ".external-authorization"),
    ("opa", "EnvoyFilter", ".external-authorization"),
    ("rateLimit", "EnvoyFilter", ".rate-limit"),
    ("credential", "EnvoyFilter", ".credential"),
    ("credential", "ConfigMap", ".credential"),
)


def objects(gateway: Gateway) -> tuple[Object, ...]:
    """All that the chart prints for `gateway`, in the order of a request's way."""
    adopted = gateway.pods.kind == "adopted"
    values = emit.gateway_values(gateway)
    filters = gateway.checks_upstream or gateway.has_paths or "streamTimeout" in values
    kinds = {
        "ServiceEntry": True,
        "VirtualService": True,
        "DestinationRule": True,
        "Service": True,
        "Gateway": True,
        "AuthorizationPolicy": not adopted,
        "NetworkPolicy": gateway.isolated,
        "EnvoyFilter": filters,
        "Telemetry": True,
        "Deployment": True,
        "HorizontalPodAutoscaler": pods(gateway).scaled,
        "PodDisruptionBudget": True,
        "ServiceAccount": True,
        "Role": gateway.fetches_key,
        "RoleBinding": gateway.fetches_key,
    }
    named = [
        named_object(gateway, kind) for kind, exists in kinds.items() if exists and not (adopted and kind in POD_KINDS)
    ]
    more = {
        ("AuthorizationPolicy", ".report"): gateway.reports_beside_others,
        ("AuthorizationPolicy", ".deny"): gateway.denials,
        ("AuthorizationPolicy", ".fleet-deny"): gateway.fleet_denials,
        ("EnvoyFilter", ".access-log"): gateway.host.reports or gateway.host.access_log,
    }
    named += [named_object(gateway, kind, suffix) for (kind, suffix), exists in more.items() if exists]
    for key, kind, suffix in OF_REQUESTS:
        if key in (values | values.get("externalAuthorization", {})):
            named.append(named_object(gateway, kind, suffix))
    named += [named_object(gateway, "DestinationRule", suffix) for suffix in (".direct", ".upstream")]
    if gateway.host.by_socket:
        named += [named_object(gateway, "ServiceEntry", f".{port.name}") for port in gateway.ports[1:]]
    if gateway.host.expose:
        named += [exposed_object(gateway.host.expose, kind) for kind in ("Gateway", "VirtualService", "ServiceEntry")]
    if gateway.host.by_socket:
        named.append(named_object(gateway, "EnvoyFilter", ".proxy" if gateway.host.proxy else ".wildcard"))
    return tuple(named)


def named_object(gateway: Gateway, kind: str, suffix: str = "") -> Object:
    """The object of this kind that belongs to `gateway`, or to the pods that carry it."""
    name = gateway.pods.name if kind in POD_KINDS else gateway.name
    return Object(kind, gateway.namespace, name + suffix)


def exposed_object(expose: Exposure, kind: str) -> Object:
    """The object of this kind that belongs to an own name, and so to all hosts that are exposed under it."""
    return Object(kind, expose.gateway.namespace, exposure_name(expose.host))


def companion_objects(companions: Companions) -> tuple[Object, ...]:
    """All that the chart prints for whole namespaces, beside the objects of gateways."""
    return (
        *(Object("PeerAuthentication", namespace, "default") for namespace in companions.strict),
        *(Object("Sidecar", sidecar.namespace, "default") for sidecar in companions.sidecars),
        *(Object("NetworkPolicy", namespace, "all.gateways") for namespace in companions.isolated),
        *(Object("NetworkPolicy", namespace, "all.denied") for namespace in companions.denied),
    )


def exposed_url(expose: Exposure) -> str:
    """What callers outside of the mesh ask for."""
    return f"https://{expose.host}{expose.path}"


def namespaces(gateways: Iterable[Gateway]) -> tuple[str, ...]:
    """The namespaces that must exist before the installation."""
    chosen = list(gateways)
    exposed = {gateway.host.expose.gateway.namespace for gateway in chosen if gateway.host.expose}
    return tuple(sorted({gateway.namespace for gateway in chosen} | exposed))


def reads(gateways: Iterable[Gateway]) -> Iterator[Reading]:
    """What the gateways read."""
    for gateway in gateways:
        for port in gateway.ports:
            yield from read_for(port.port.tls, gateway.namespace, gateway.host.host)
        for kind, name, keys in _mounted_for(gateway.host):
            yield gateway.namespace, kind, name, keys, gateway.host.host
        if expose := gateway.host.expose:
            yield expose.gateway.namespace, "Secret", expose.secret, {"tls.crt", "tls.key"}, expose.host


def needs(readings: Iterable[Reading]) -> tuple[Need, ...]:
    """What must be there for `readings`, in the order of the names."""
    keys: dict[tuple[str, Literal["Secret", "ConfigMap"], str], set[str]] = defaultdict(set)
    hosts: dict[tuple[str, str, str], set[str]] = defaultdict(set)
    for namespace, kind, name, wanted, host in readings:
        keys[namespace, kind, name] |= wanted
        hosts[namespace, kind, name].add(host)
    return tuple(sorted(Need(*which, tuple(sorted(keys[which])), tuple(sorted(hosts[which]))) for which in keys))


def remarks(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    """What about `gateway` is weaker than it could be, by the list's own words."""
    yield from _about_ports(gateway, about)
    for rule, caller in zip(gateway.rules, about.clients, strict=True):
        if rule.client.whole_mesh and not rule.client.pod_labels:
            yield Remark(about.host, None, "the whole mesh may call", (caller.line,))
        source = Source(rule.client.namespace, rule.client.pod_labels)
        if caller.pod_labels and any(source in port.sources for port in gateway.ports):
            says = f"only the sidecars of {caller.who} hold {caller.labels}: labels are no identity"
            yield Remark(about.host, None, says, said(rule.client.source, "podLabels"))
    if expose := gateway.host.expose:
        says = f"whoever reaches the ingress gateway of {expose.gateway.namespace} may call it: {exposed_url(expose)}"
        yield Remark(about.host, None, says, said(gateway.host.source, "expose"))
    if gateway.host.reports:
        nobody = "no rule refuses anybody" if gateway.host.external_authorization else "nobody is refused"
        says = f"{nobody}: callers are only reported, and every namespace sees the host"
        yield Remark(about.host, None, says, said(gateway.host.source, "enforcement"))
    if gateway.pods.kind == "adopted":
        yield from _left_to_others(gateway, about)
    yield from _left_to_authorizers(gateway, about)
    if not gateway.checks_upstream:
        says = f"Ready does not follow the upstream: readiness is {gateway.host.readiness.mode}"
        yield Remark(about.host, None, says, said(gateway.host.readiness.source, "mode"))


def _about_ports(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    for port, way in zip(gateway.ports, about.ports, strict=True):
        if way.verified.by == "nobody":
            yield Remark(about.host, way.port, f"verified by {way.verified.text}", way.verified.lines)
        if way.tls == "mutual" and not port.port.is_http and gateway.checks_upstream:
            # the check sends no bytes, and TLS 1.3 clients finish before the server has judged their certificate
            says = "Ready does not show whether the upstream takes the client certificate"
            yield Remark(about.host, way.port, says, said(port.port.tls.source, "mode"))


def _left_to_authorizers(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    outside = gateway.host.external_authorization
    if outside and outside.fail_open:
        says = "what OPA does not answer is let through"
        yield Remark(about.host, None, says, said(outside.source, "failOpen"))
    if outside and outside.provider:
        says = f"the mesh's configuration must have the extension provider {outside.provider}"
        yield Remark(about.host, None, says, said(outside.source, "provider"))


def _left_to_others(gateway: Gateway, about: Facts) -> Iterator[Remark]:
    """What the chart gives its own pods, and what adopted ones must bring themselves."""
    lines = said(gateway.host.source, "gateway")
    pods = f"the pods of {gateway.pods.name}"
    yield Remark(about.host, None, f"{pods} must keep back trace headers and attempt counts themselves", lines)
    if gateway.fetches_key:
        says = f"{pods} need a service account that may list the Secrets of {gateway.namespace}"
        yield Remark(about.host, None, says, lines)
    for port in gateway.ports:
        for volume in port.port.tls.files.volumes if port.port.tls.files else ():
            says = f"{pods} must mount {volume.secret or volume.config_map} at {volume.mount_path}"
            yield Remark(about.host, port.port.port, says, said(port.port.tls.source, "files"))


def read_for(tls: Tls, namespace: str, host: str) -> Iterator[Reading]:
    """What is read in `namespace` for the TLS to `host`."""
    if tls.secret:
        key = {"tls.crt", "tls.key"} if tls.mode == "mutual" else set()
        yield namespace, "Secret", tls.secret, key | (set() if tls.unverified else {"ca.crt"}), host
    for kind, name, wanted in _mounted(tls.files) if tls.files else ():
        yield namespace, kind, name, wanted, host


def _mounted_for(host: Host) -> Iterator[tuple[Literal["Secret", "ConfigMap"], str, set[str]]]:
    credential = host.headers.credential if host.headers and host.has_requests else None
    if credential:
        yield "Secret", credential.secret, {credential.key}
    opa = host.external_authorization.opa if host.external_authorization else None
    if opa and opa.policy:
        yield "ConfigMap", opa.policy, set()


def _mounted(files: Files) -> Iterator[tuple[Literal["Secret", "ConfigMap"], str, set[str]]]:
    paths = [PurePosixPath(path) for path in (files.certificate, files.key, files.ca) if path]
    for volume in files.volumes:
        mount = PurePosixPath(volume.mount_path)
        others = {PurePosixPath(other.mount_path) for other in files.volumes} - {mount}
        mine = [path for path in paths if mount in path.parents and not _nearer(path, mount, others)]
        wanted = {str(path.relative_to(mount)) for path in mine}
        if volume.secret:
            yield "Secret", volume.secret, wanted
        elif volume.config_map:
            yield "ConfigMap", volume.config_map, wanted


def _nearer(path: PurePosixPath, mount: PurePosixPath, others: set[PurePosixPath]) -> bool:
    return any(other in path.parents and mount in other.parents for other in others)
