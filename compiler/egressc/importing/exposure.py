"""A name of one's own at an ingress gateway that leads to an upstream → `expose`."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any

from egressc.findings import Finding
from egressc.hostname import normalise
from egressc.importing.callers import UNKNOWN
from egressc.importing.entry import Entry
from egressc.importing.objects import Object, of_kind
from egressc.importing.registry import Service
from egressc.importing.ways import MESH, Hop


def own_name(
    entry: Entry, hops: Sequence[Hop], objects: Iterable[Object], known: Mapping[str, Service], findings: list[Finding]
) -> None:
    """Turns the entry of a name of one's own into that of its upstream, if an ingress gateway has the name."""
    upstreams = {hop.to for hop in hops if hop.to in known}
    if entry.host in known or len(upstreams) != 1:
        return
    first = [hop for hop in hops if hop.to not in known]
    ingress = {name for hop in first for name in hop.gateways - {MESH}}
    server = next(
        (
            found
            for one in of_kind(objects, "Gateway")
            if f"{one.namespace}/{one.name}" in ingress and (found := _server(one, entry.host))
        ),
        None,
    )
    if server is None:
        return
    gateway, secret = server
    name, (entry.host,) = entry.host, upstreams
    for key in ("endpoints", "headers"):
        entry.settings.pop(key, None)
    tls: dict[str, Any] = entry.settings.get("tls", {})
    if tls.get("sni") == entry.host:
        tls.pop("sni")
    if tls.get("sans") == [entry.host]:
        tls.pop("sans")
    if tls in ({}, {"mode": "simple"}):
        entry.settings.pop("tls", None)
    place: dict[str, Any] = {"namespace": gateway.namespace, "selector": gateway.spec.pairs("selector")}
    entry.settings["expose"] = {"host": name, "secret": secret, "gateway": place}
    message = f"nobody says which service account the pods of {gateway.title} have, which lead {name} to {entry.host}"
    findings.append(UNKNOWN(gateway.span, message, "add `serviceAccount` to `expose.gateway`"))
    entry.ask("Which service account has the ingress gateway? Add `serviceAccount` to `expose.gateway`", gateway.span)


def _server(one: Object, host: str) -> tuple[Object, str] | None:
    """The Gateway with the Secret of the server that has the name with TLS."""
    for server in one.spec.parts("servers"):
        secret = server.part("tls").text("credentialName")
        if secret and host in map(normalise, server.texts("hosts")):
            return one, secret
    return None
