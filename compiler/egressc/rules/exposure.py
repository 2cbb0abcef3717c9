"""Hosts under names of one's own at ingress gateways."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.hostname import is_cluster_name
from egressc.model import Exposure, Host, IngressGateway, Inventory
from egressc.names import exposure_name
from egressc.rules.clients import unreachable

GATEWAY = ("namespace", "selector", "serviceAccount")


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """EG223 and EG260 to EG264."""
    expose = host.expose
    if expose is None:
        return
    http = [port.port for port in host.ports if port.is_http]
    if not http:
        protocols = " and ".join(sorted({port.protocol for port in host.ports}))
        message = (
            f"{host.host} is {protocols}: an ingress gateway would have to end its TLS and knows no requests, so it "
            "can give it no other name and no path"
        )
        yield Finding(host.at("expose"), "EG260", message, "remove `expose`, or add a port that speaks HTTP")
    elif expose.port not in http:
        fix = f"write one of the client ports that speak HTTP: {', '.join(map(str, http))}"
        yield Finding(expose.at("port"), "EG260", f"{host.host} has no HTTP on client port {expose.port}", fix)
    if not expose.secret:
        message = f"{host.host} is exposed without a certificate: everybody outside would send it in clear"
        fix = "add `secret: <name>`, a Secret with tls.crt and tls.key in the ingress gateway's namespace"
        yield Finding(expose.at("secret"), "EG261", message, fix)
    yield from _incomplete(host, expose)
    if expose.host and (is_cluster_name(expose.host, inventory.cluster_domain) or expose.host == host.host):
        what = "the upstream's own name" if expose.host == host.host else "a name of the cluster itself"
        fix = "write a public name of your own, whose DNS leads to the ingress gateway"
        yield Finding(expose.at("host"), "EG263", f"{expose.host} is {what}", fix)
    if unreachable(expose.path):
        message = f"no request has the path `{expose.path}`: gateways tidy /./ and /../"
        yield Finding(expose.at("path"), "EG223", message, "write the path as callers ask for it")


def _incomplete(host: Host, expose: Exposure) -> Iterator[Finding]:
    if not expose.host:
        message = f"{host.host} is exposed without a name of its own"
        yield Finding(expose.at("host"), "EG262", message, "add `host: <name>`, here or in `defaults`")
    said = (expose.gateway.namespace, expose.gateway.selector, expose.gateway.service_account)
    missing = [key for key, value in zip(GATEWAY, said, strict=True) if not value]
    if missing:
        message = f"{host.host} is exposed at an ingress gateway whose {', '.join(missing)} nobody says"
        fix = "say `namespace`, `selector` and `serviceAccount` of its pods, in `defaults: {expose: {gateway: …}}`"
        yield Finding(expose.gateway.at(missing[0]), "EG262", message, fix)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """EG310 to EG312, EG317, EG401: one Gateway and one VirtualService carry a name, so its hosts must agree.

    Istio passes over a second Gateway for a name at the same pods, and the routes of a second VirtualService come in
    the order of their age (measured on Istio 1.31).
    """
    listed = {host.host: host for host in inventory.hosts}
    named = {(host.namespace, host.name): host for host in inventory.hosts}
    first: dict[str, tuple[Host, Exposure]] = {}
    certified: dict[tuple[IngressGateway, str], Exposure] = {}
    taken: dict[tuple[str, str], Host] = {}
    for host in inventory.hosts:
        expose = host.expose
        if expose is None or not expose.host:
            continue
        if expose.host in listed and expose.host != host.host:
            place = listed[expose.host].at("host")
            message = (
                f"{expose.host} is itself a host of the list, {place.file}:{place.line}: clients would reach either"
            )
            yield Finding(expose.at("host"), "EG310", message, "write a name of your own that is no upstream's")
        other, theirs = first.setdefault(expose.host, (host, expose))
        for what, mine, its in (
            ("certificate", expose.secret, theirs.secret),
            ("ingress gateway", expose.gateway, theirs.gateway),
        ):
            if mine != its:
                message = f"{host.host} and {other.host} expose {expose.host} with different {what}s"
                fix = f"one name has one {what}: say it once, in `defaults: {{expose: …}}`"
                where = expose.at("secret" if what == "certificate" else "gateway")
                yield Finding(where, "EG312", message, fix)
        if expose.secret and theirs is expose:
            beside = certified.setdefault((expose.gateway, expose.secret), expose)
            if beside is not expose:
                message = (
                    f"{expose.host} and {beside.host} share a certificate: browsers ask for both on one connection, "
                    "where the ingress gateway answers 404 for one of them"
                )
                yield Finding(expose.at("secret"), "EG317", message, "give each name a Secret of its own", "warning")
        namesake = named.get((expose.gateway.namespace, exposure_name(expose.host)))
        if namesake:
            message = f"the gateway of {namesake.host} has the name of the objects of {expose.host}"
            yield Finding(namesake.at("name"), "EG401", message, "give the gateway another `name`")
        same = taken.setdefault((expose.host, expose.path), host)
        if same is not host:
            message = f"{host.host} and {same.host} are both {expose.host}{expose.path}"
            yield Finding(expose.at("path"), "EG311", message, "give each a `path` of its own")
