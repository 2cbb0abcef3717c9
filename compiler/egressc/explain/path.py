"""Everything about one host: the hops of its requests, its readiness, who may call, and how clients find it."""

from collections.abc import Iterator
from dataclasses import dataclass

from egressc.explain.decision import Decision
from egressc.explain.facts import Facts, facts
from egressc.explain.hops import Hop, hops
from egressc.explain.layout import socket
from egressc.explain.lines import Lines
from egressc.explain.needs import Need, needs, reads
from egressc.explain.objects import Object, exposed_object, exposed_url, named_object, objects
from egressc.explain.remarks import Remark, remarks
from egressc.hostname import is_ip
from egressc.plan import Gateway

DNS_CAPTURE = """proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}'"""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, and the lines of the list it follows from."""

    says: str
    lines: Lines


@dataclass(frozen=True, slots=True)
class Path:
    """One host; `hops` has those of each of its client ports, in the order of `about.ports`: two without a gateway."""

    about: Facts
    hops: tuple[tuple[Hop, ...], ...]
    readiness: tuple[Decision, ...]
    exposure: tuple[Decision, ...]  # empty: the host has no name but its own
    name_resolution: tuple[Note, ...]
    objects: tuple[Object, ...]
    needs: tuple[Need, ...]
    remarks: tuple[Remark, ...]


def path(gateway: Gateway) -> Path:
    """The path of requests through `gateway`."""
    about = facts(gateway)
    return Path(
        about=about,
        hops=tuple(hops(gateway, port, way) for port, way in zip(gateway.ports, about.ports, strict=True)),
        readiness=tuple(_readiness(gateway, about)),
        exposure=tuple(_exposure(gateway)),
        name_resolution=tuple(_name_resolution(gateway)),
        objects=objects(gateway),
        needs=needs(reads([gateway])),
        remarks=tuple(remarks(gateway, about)),
    )


def _readiness(gateway: Gateway, about: Facts) -> Iterator[Decision]:
    readiness, own = gateway.host.readiness, gateway.pods.kind == "own"
    deployment, checks = named_object(gateway, "Deployment"), named_object(gateway, "EnvoyFilter")
    if not own:
        shares = gateway.host.said("gateway")
        says = "Ready while the gateway itself runs: other hosts are behind it"
        yield Decision(named_object(gateway, "Service"), says, shares)
    if gateway.checks_upstream:
        yield from _checks(gateway, about, checks)
    elif own:
        key = "probe" if readiness.probe else "mode"
        yield Decision(deployment, f"Ready while {about.ports[0].ready_when}", readiness.said(key))
    if gateway.checks_upstream and own:
        yield Decision(deployment, "the kubelet asks the pod for GET :15099/ready, where nothing else is", ())
    if about.pods.counted:
        scaled = "HorizontalPodAutoscaler" if about.pods.scaled else "Deployment"
        yield Decision(named_object(gateway, scaled), f"{about.pods.text} pods", about.pods.lines)


def _checks(gateway: Gateway, about: Facts, checks: Object) -> Iterator[Decision]:
    readiness = gateway.host.readiness
    state = "Ready" if gateway.pods.kind == "own" else "calls are let through"
    path = readiness.said("path") + readiness.said("statuses")
    for way, tls in zip(about.ports, (port.port.tls for port in gateway.ports), strict=True):
        lines = path or tls.said("mode") + tls.said("secret") + tls.said("files")
        yield Decision(checks, f"{state} while {way.ready_when} (port {way.port})", lines)
    rhythm = readiness.said("interval") + readiness.said("timeout")
    each = f"each pod checks every {readiness.interval.spelled} and waits {readiness.timeout.spelled} for an answer"
    yield Decision(checks, each, rhythm)
    bad, good = readiness.unhealthy_threshold, readiness.healthy_threshold
    turns = f"not any more after {bad} failed in a row, again after {good} good"
    if gateway.pods.kind == "own":
        turns = f"NotReady after {bad} failed in a row, Ready after {good} good"
    thresholds = readiness.said("unhealthyThreshold") + readiness.said("healthyThreshold")
    yield Decision(checks, turns, thresholds)
    for way in about.ports:
        per = "the upstream" if way.checks_per_minute.per == "upstream" else "each address of the upstream"
        pods = "" if about.pods.counted else " from each pod"
        amount = f"{per} gets {way.checks_per_minute.each} checks a minute{pods} (port {way.port})"
        yield Decision(checks, amount, rhythm[:1] + about.pods.lines)


def _exposure(gateway: Gateway) -> Iterator[Decision]:
    expose = gateway.host.expose
    if expose is None:
        return
    entrance, route, known = (exposed_object(expose, kind) for kind in ("Gateway", "VirtualService", "ServiceEntry"))
    pods = ",".join(f"{key}={value}" for key, value in expose.gateway.selector)
    at = expose.said("host") + expose.said("gateway")
    yield Decision(entrance, f"{exposed_url(expose)} from outside of the mesh, at the pods {pods}", at)
    yield Decision(entrance, f"with the certificate of Secret {expose.secret}", expose.said("secret"))
    yield Decision(entrance, "what comes in clear is sent to https://", ())
    path = expose.said("path") + expose.said("port")
    port = next(port.number for port in gateway.ports if port.port.port == expose.port)
    below = "everything" if expose.path == "/" else f"{expose.path} and what is below it, without this prefix,"
    yield Decision(route, f"leads {below} to {gateway.service}:{port}, as {gateway.host.host}", path)
    yield Decision(known, f"clients inside of the mesh know it as http://{expose.host}{expose.path}", ())
    account = f"{expose.gateway.namespace}/{expose.gateway.service_account}"
    policy = named_object(gateway, "AuthorizationPolicy", ".deny" if gateway.pods.kind == "adopted" else "")
    yield Decision(policy, f"lets the ingress gateway in: {account}", expose.gateway.said("serviceAccount"))


def _name_resolution(gateway: Gateway) -> Iterator[Note]:
    """How an application comes to a connection that its sidecar recognises."""
    host = gateway.host
    http = next((port for port in host.ports if port.is_http), None)
    raw = [str(port.port) for port in host.ports if not port.is_http]
    addresses, endpoints = host.said("addresses"), host.said("endpoints")
    if raw and host.addresses:
        says = f"DNS must answer clients for {host.host}, with {' or '.join(host.addresses)}"
        yield Note(f"{says}: on port {' and '.join(raw)} the sidecar goes by the address", addresses)
    else:
        says = f"DNS must answer clients for {host.host}, with any address"
        yield Note(f"{says}: the sidecar does not go by it", endpoints)
    names = [name for name in host.connected_to if not is_ip(name)]
    if names:
        yield Note(f"DNS must know {' and '.join(names)} for the gateway's pods", endpoints + host.said("failover"))
    if host.wildcard or not (addresses or endpoints or host.proxy):
        return
    answer = " or ".join(host.addresses) or "an address that Istio allots"
    says = f"where DNS does not know it, a client's sidecar can answer with {answer}"
    yield Note(f"{says}, by an annotation of the client's pods:", addresses)
    yield Note(DNS_CAPTURE, ())
    if http:
        address = next((address for address in (*host.addresses, *host.endpoints) if is_ip(address)), "192.0.2.1")
        yield Note("or the application asks any address and names the host in a header:", addresses + endpoints)
        yield Note(f"curl -H 'Host: {host.host}' http://{socket(address, http.port)}/", ())
