"""One host's entry."""

from typing import Literal

from egressc.model import OWN_GATEWAY, WILDCARD, Duration, Headers, Host, Mesh, Port, Proxy, Readiness, SharedGateway
from egressc.positions import Mapping, plain
from egressc.settle import requests, traffic
from egressc.settle.clients import clients, denials
from egressc.settle.gateways import exposure
from egressc.settle.groups import Groups
from egressc.settle.pods import pod_settings
from egressc.settle.ports import ports
from egressc.settle.reading import Reading
from egressc.since import HTTP2_KEEPALIVE


def settle_host(
    entry: Mapping, gateways: dict[str, SharedGateway], groups: Groups, mesh: Mesh, *, stands_by: bool = False
) -> Host:
    """The host of `entry` in `mesh`, on one of these gateways if it names one, for clients of these `groups`.

    With `stands_by` it is the host as its `standby` carries it.
    """
    said = Reading(entry, "host", entry)
    in_sidecar = said.get("at") == "sidecar"
    gateway = said.get("standby" if stands_by else "gateway")
    if stands_by and gateway == OWN_GATEWAY:
        gateway = None
    shared = None if in_sidecar else gateways.get(gateway)
    settled, headers = ports(entry), requests.headers(entry)
    # each name is a request of its own, and none goes through a proxy
    found_here = _per_name(entry) and not in_sidecar and "proxy" not in entry
    names_asked = found_here and any(port.is_http for port in settled)
    return Host(
        source=entry,
        mesh=mesh,
        host=entry["host"],
        name=said.get("name"),
        in_sidecar=in_sidecar,
        # what stands beside a shared gateway's pods stands in their namespace
        namespace=shared.namespace if shared else said.get("namespace"),
        gateway=gateway,
        shared=shared,
        standby=None,
        pod_settings=pod_settings(entry),
        owner=said.get("owner"),
        description=said.get("description"),
        review_by=said.get("reviewBy"),
        ports=settled,
        clients=clients(entry, groups),
        deny=denials(entry, groups),
        enforcement=said.get("enforcement"),
        escaped_slashes=said.get("escapedSlashes"),
        access_log=said.get("accessLog"),
        gateway_protocol=_gateway_protocol(said, settled, headers, mesh),
        expose=exposure(entry["expose"], settled) if "expose" in entry else None,
        resolution=said.get("resolution"),
        dns_retry=Duration.of(said.get("dnsRetry")),
        endpoints=said.some("endpoints"),
        failover=said.some("failover"),
        proxy=_proxy(entry["proxy"]) if "proxy" in entry else None,
        denied_ranges=said.some("deniedRanges"),
        addresses=said.some("addresses"),
        readiness=_readiness(entry, settled, unasked=shared is not None and not mesh.envoy_filters),
        timeouts=traffic.timeouts(entry),
        retries=traffic.retries(entry),
        pool=traffic.pool(entry),
        outlier_detection=traffic.outlier_detection(entry),
        headers=headers,
        rate_limit=requests.rate_limit(entry, per_name=names_asked),
        external_authorization=requests.external_authorization(entry),
    )


def _gateway_protocol(
    said: Reading, ports: tuple[Port, ...], headers: Headers | None, mesh: Mesh
) -> Literal["HTTP", "HTTP2"]:
    """What the list says, and by default HTTP/2 only where nothing is lost by it."""
    kept = headers is not None and headers.preserve_case
    newer = mesh.envoy_filters and mesh.istio >= HTTP2_KEEPALIVE
    possible = newer and not kept and any(port.takes_http2 for port in ports)
    return said.get("gatewayProtocol") if possible or "gatewayProtocol" in said.data else "HTTP"


def _per_name(host: Mapping) -> bool:
    return bool(host["host"].startswith(WILDCARD) and not host.get("endpoints"))


def _proxy(data: Mapping) -> Proxy:
    return Proxy(source=data, host=data["host"], port=data["port"])


def _readiness(host: Mapping, ports: tuple[Port, ...], *, unasked: bool) -> Readiness:
    """When pods are Ready; `unasked` is a host whose upstream nothing could check for itself."""
    said = Reading(host.get("readiness"), "readiness", host)
    mode = said.get("mode")
    # a gateway to many upstreams is not unready because of one, and without a port that counts there is none
    unfollowed = unasked or _per_name(host) or all(port.readiness.mode == "gateway" for port in ports)
    return Readiness(
        source=said.data,
        mode="gateway" if unfollowed and mode == "upstream" else mode,
        path=said.get("path"),
        statuses=tuple(_statuses(status) for status in said.some("statuses")),
        interval=said.duration("interval"),
        timeout=said.duration("timeout"),
        unhealthy_threshold=said.get("unhealthyThreshold"),
        healthy_threshold=said.get("healthyThreshold"),
        probe=plain(said.get("probe")),
    )


def _statuses(status: int | str) -> tuple[int, int]:
    first, _, last = str(status).partition("-")
    return int(first), int(last or first)
