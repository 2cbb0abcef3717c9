"""One host's entry."""

from typing import Any

from egressc.layers import Entry
from egressc.model import WILDCARD, Host, Proxy, Readiness, SharedGateway, milliseconds
from egressc.positions import Mapping
from egressc.schema import default
from egressc.settle import requests
from egressc.settle.clients import clients, denials
from egressc.settle.gateways import exposure
from egressc.settle.ports import ports


def settle_host(entry: Entry, gateways: dict[str, SharedGateway]) -> Host:
    """The host of `entry`, on one of these shared gateways where it names one."""
    data = entry.merged
    in_sidecar = data.get("at", default("host", "at")) == "sidecar"
    carrier = gateways.get(data.get("gateway", ""))
    settled = ports(data)
    return Host(
        source=data,
        host=data["host"],
        name=data.get("name"),
        in_sidecar=in_sidecar,
        # what stands beside a shared gateway's pods stands in their namespace
        namespace=carrier.namespace if carrier else data.get("namespace", default("host", "namespace")),
        shared=carrier,
        owner=data.get("owner"),
        description=data.get("description"),
        review_by=data.get("reviewBy"),
        ports=settled,
        clients=clients(data),
        deny=denials(data),
        enforcement=data.get("enforcement", default("host", "enforcement")),
        access_log=data.get("accessLog"),
        # what defaults say of exposing is for the hosts that have said so themselves
        expose=exposure(data["expose"], settled) if "expose" in entry.own else None,
        resolution=data.get("resolution", default("host", "resolution")),
        endpoints=tuple(data.get("endpoints") or ()),
        failover=() if in_sidecar else tuple(data.get("failover") or ()),  # inherited: nobody checks there
        proxy=_proxy(data["proxy"]) if data.get("proxy") else None,
        denied_ranges=tuple(data.get("deniedRanges") or default("host", "deniedRanges")),
        addresses=tuple(data.get("addresses") or ()),
        readiness=_readiness(data),
        headers=requests.headers(data),
        rate_limit=requests.rate_limit(data, per_name=_per_name(data) and not data.get("proxy")),
        external_authorization=requests.external_authorization(data),
        own=entry.own,
    )


def _per_name(host: Mapping) -> bool:
    return bool(host["host"].startswith(WILDCARD) and not host.get("endpoints"))


def _proxy(data: Mapping) -> Proxy:
    return Proxy(source=data, host=data["host"], port=data["port"])


def _readiness(host: Mapping) -> Readiness:
    given = host.get("readiness")
    data = given if isinstance(given, Mapping) else Mapping(host.span)

    def get(name: str) -> Any:
        return data.get(name, default("readiness", name))

    # a gateway to many upstreams is not unready because of one
    return Readiness(
        source=data,
        mode="gateway" if _per_name(host) and get("mode") == "upstream" else get("mode"),
        path=get("path"),
        statuses=tuple(_statuses(status) for status in get("statuses")),
        interval=milliseconds(get("interval")),
        timeout=milliseconds(get("timeout")),
        unhealthy_threshold=get("unhealthyThreshold"),
        healthy_threshold=get("healthyThreshold"),
        probe=get("probe"),
    )


def _statuses(status: int | str) -> tuple[int, int]:
    first, _, last = str(status).partition("-")
    return int(first), int(last or first)
