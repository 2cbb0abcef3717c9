"""Hosts under names of one's own at ingress gateways."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.hostname import is_cluster_name
from egressc.model import Exposure, Host, IngressGateway, Inventory
from egressc.names import exposure_name
from egressc.rules.clients import spoken, unreachable
from egressc.rules.fleet import ONE_NAME

GATEWAY = ("namespace", "selector", "serviceAccount")

NO_REQUESTS = Code(
    "EG260",
    "an exposure of what has no requests",
    "An ingress gateway ends the callers' TLS and sends requests on by host and path. A host that speaks only TLS or "
    "TCP has no requests, so no other name and no path can lead to it.",
)
NO_CERTIFICATE = Code(
    "EG261",
    "an exposure without a certificate",
    "Without a certificate of its own for the exposed name, callers outside would send their requests in clear text.",
)
INCOMPLETE = Code(
    "EG262",
    "an exposure without a name, or without its ingress gateway",
    "The list must say by which name the host is called, which pods are the ingress gateway, and which identity they "
    "have: only that identity may call the host for them. `defaults` can say it once.",
)
FOREIGN_NAME = Code(
    "EG263",
    "an exposed name that is somebody else's",
    "The exposed name is the company's own, and its DNS leads to the ingress gateway. The upstream's own name and "
    "names of the cluster already lead elsewhere.",
)
LISTED_NAME = Code(
    "EG310",
    "an exposed name that is a host of the list",
    "Clients in the mesh could reach either the upstream of that name or the exposed host. Sidecars would decide.",
)
ONE_PATH = Code(
    "EG311",
    "two hosts at one name and path",
    "A request of this name and path can go to one host only.",
)
TWO_WAYS = Code(
    "EG312",
    "one exposed name in two ways",
    "One Gateway carries an exposed name. Istio ignores a second Gateway for the same name at the same pods, so that "
    "all hosts under the name must have one certificate and one ingress gateway.",
)
ONE_CERTIFICATE = Code(
    "EG317",
    "exposed names that share a certificate",
    "Browsers use one HTTP/2 connection for all names that its certificate has. Requests for the second name then "
    "come on the connection of the first, where the ingress gateway answers 404.",
    "warning",
)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """What one host's exposure lacks, or cannot have."""
    expose = host.expose
    if expose is None:
        return
    http = [port.port for port in host.ports if port.is_http]
    if not http:
        message = f"{host.host} speaks {spoken([*host.ports])}: an ingress gateway can only send on requests"
        yield NO_REQUESTS(host.at("expose"), message, "remove `expose`, or add a port that speaks HTTP")
    elif expose.port not in http:
        fix = f"write one of the client ports that speak HTTP: {', '.join(map(str, http))}"
        yield NO_REQUESTS(expose.at("port"), f"{host.host} speaks no HTTP on client port {expose.port}", fix)
    if not expose.secret:
        message = f"{host.host} is exposed without a certificate: callers outside would send clear text"
        fix = "add `secret: <name>`, a Secret with tls.crt and tls.key in the ingress gateway's namespace"
        yield NO_CERTIFICATE(expose.at("secret"), message, fix)
    yield from _incomplete(host, expose)
    if expose.host and (is_cluster_name(expose.host, inventory.mesh.cluster_domain) or expose.host == host.host):
        what = "the upstream's own name" if expose.host == host.host else "a name of the cluster itself"
        fix = "write a name of your own domain, whose DNS leads to the ingress gateway"
        yield FOREIGN_NAME(expose.at("host"), f"{expose.host} is {what}", fix)
    yield from unreachable(expose.path, expose.at("path"))


def _incomplete(host: Host, expose: Exposure) -> Iterator[Finding]:
    if not expose.host:
        message = f"{host.host} is exposed without a name"
        yield INCOMPLETE(expose.at("host"), message, "add `host: <name>` to `expose`, here or in `defaults`")
    said = (expose.gateway.namespace, expose.gateway.selector, expose.gateway.service_account)
    missing = [key for key, value in zip(GATEWAY, said, strict=True) if not value]
    if missing:
        message = f"{host.host} is exposed at an ingress gateway without {' and '.join(f'`{key}`' for key in missing)}"
        fix = "write `namespace`, `selector` and `serviceAccount` of its pods into `defaults: {expose: {gateway: …}}`"
        yield INCOMPLETE(expose.gateway.at(missing[0]), message, fix)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """One Gateway and one VirtualService carry a name, so its hosts must agree.

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
                f"{expose.host} is a host of the list too, in {place.file}:{place.line}: clients would reach either"
            )
            yield LISTED_NAME(expose.at("host"), message, "write a name that is no upstream's")
        other, theirs = first.setdefault(expose.host, (host, expose))
        yield from _two_ways((host, expose), (other, theirs))
        if expose.secret and theirs is expose:
            beside = certified.setdefault((expose.gateway, expose.secret), expose)
            if beside is not expose:
                message = (
                    f"{expose.host} and {beside.host} share a certificate: browsers ask for both on one connection, "
                    "where the ingress gateway answers 404 for one of them"
                )
                yield ONE_CERTIFICATE(expose.at("secret"), message, f"give {expose.host} a Secret of its own")
        namesake = named.get((expose.gateway.namespace, exposure_name(expose.host)))
        if namesake:
            message = f"the gateway of {namesake.host} has the name of the objects that expose {expose.host}"
            yield ONE_NAME(namesake.at("name"), message, "give the gateway another `name`")
        same = taken.setdefault((expose.host, expose.path), host)
        if same is not host:
            message = f"{host.host} and {same.host} are both exposed as {expose.host}{expose.path}"
            yield ONE_PATH(expose.at("path"), message, "give each a `path` of its own")


def _two_ways(one: tuple[Host, Exposure], other: tuple[Host, Exposure]) -> Iterator[Finding]:
    (host, mine), (first, its) = one, other
    for key, what, same in (
        ("secret", "certificate", mine.secret == its.secret),
        ("gateway", "ingress gateway", mine.gateway == its.gateway),
    ):
        if not same:
            message = f"{host.host} and {first.host} expose {mine.host} with different {what}s"
            fix = f"write `{key}` once, in `defaults: {{expose: …}}`: one name has one {what}"
            yield TWO_WAYS(mine.at(key), message, fix)
