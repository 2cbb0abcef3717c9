"""SETTLE: the merged entries of a list as the model, every default filled in."""

from collections.abc import Iterator
from typing import Any

from egressc import companions
from egressc import settle_requests as requests
from egressc.layers import Combined, Entry, merge
from egressc.model import (
    WILDCARD,
    Client,
    Deny,
    Exposure,
    Files,
    Host,
    IngressGateway,
    Inventory,
    Port,
    Proxy,
    Readiness,
    SharedGateway,
    Tls,
    Volume,
    default,
    milliseconds,
)
from egressc.positions import Mapping
from egressc.shape import schema


def inventory(combined: Combined) -> Inventory:
    """The model of `combined`, whose shape has been checked."""
    facts = schema()["properties"]["mesh"]["properties"]
    mesh = combined.facts["mesh"]
    shared = sorted(map(_shared, combined.listed["gateways"]), key=lambda gateway: gateway.name)
    by_name = {gateway.name: gateway for gateway in shared}
    hosts = (_host(entry, by_name) for entry in combined.entries)
    return Inventory(
        hosts=tuple(sorted(hosts, key=lambda host: host.host)),
        shared=tuple(shared),
        deny=tuple(map(_deny, combined.listed["deny"])),
        companions=companions.settle(combined.facts["companions"]),
        trust_domain=mesh.get("trustDomain", facts["trustDomain"]["default"]),
        cluster_domain=mesh.get("clusterDomain", facts["clusterDomain"]["default"]),
    )


def _shared(data: Mapping) -> SharedGateway:
    return SharedGateway(
        source=data,
        name=data["name"],
        namespace=data.get("namespace", default("host", "namespace")),
        adopt=tuple(sorted((data.get("adopt") or {}).items())),
    )


def _host(entry: Entry, gateways: dict[str, SharedGateway]) -> Host:
    data = entry.merged
    tls = data.get("tls")
    shared = tls if isinstance(tls, Mapping) else Mapping(data.span)
    passthrough = shared.get("mode") == "passthrough"
    in_sidecar = data.get("at", default("host", "at")) == "sidecar"
    carrier = gateways.get(data.get("gateway", ""))
    written = data.get("ports") or [_implied_port(data, passthrough)]
    ports = tuple(sorted(_ports(written, shared, data["host"]), key=lambda port: port.port))
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
        ports=ports,
        clients=tuple(map(_client, _callers(data, "clients"))),
        deny=tuple(map(_deny, _callers(data, "deny"))),
        enforcement=data.get("enforcement", default("host", "enforcement")),
        access_log=data.get("accessLog"),
        # what defaults say of exposing is for the hosts that have said so themselves
        expose=_exposure(data["expose"], ports) if "expose" in entry.own else None,
        resolution=data.get("resolution", default("host", "resolution")),
        endpoints=tuple(data.get("endpoints") or ()),
        failover=() if in_sidecar else tuple(data.get("failover") or ()),  # inherited: nobody checks there
        proxy=_proxy(data["proxy"]) if data.get("proxy") else None,
        denied_ranges=tuple(data.get("deniedRanges") or default("host", "deniedRanges")),
        addresses=tuple(data.get("addresses") or ()),
        readiness=_readiness(data),
        headers=requests.headers(data),
        rate_limit=requests.rate_limit(data),
        external_authorization=requests.external_authorization(data),
        own=entry.own,
    )


def _implied_port(data: Mapping, passthrough: bool) -> Mapping:
    port = Mapping(data.span)
    port.update({"port": 443, "protocol": "TLS"} if passthrough else {"port": 80, "protocol": "HTTP"})
    return port


def _ports(ports: list[Mapping], shared: Mapping, host: str) -> Iterator[Port]:
    # two ways to one host: what the gateway's TLS is like says nothing of the application's, but whom to trust
    beside = any(port.get("protocol", "HTTP") != "TLS" for port in ports) and shared.get("mode") != "passthrough"
    anchors = _anchors(shared) if beside else shared
    for port in ports:
        yield _port(port, anchors if port.get("protocol") == "TLS" else shared, host)


def _anchors(tls: Mapping) -> Mapping:
    """What of `tls` holds for TLS that the application speaks: the CA that the readiness check trusts."""
    if "unverified" in tls:
        return Mapping(tls.span)
    kept = _only(tls, "secret", "files")
    if "files" in kept:
        kept["files"] = _only(kept["files"], "ca", "volumes")
    return kept if "ca" in kept.get("files", ("ca",)) else _only(kept, "secret")


def _only(data: Mapping, *keys: str) -> Mapping:
    result = Mapping(data.span)
    for key in keys:
        if key in data:
            result[key], result.keys_at[key], result.values_at[key] = data[key], data.keys_at[key], data.values_at[key]
    return result


def _port(data: Mapping, shared: Mapping, host: str) -> Port:
    protocol = data.get("protocol", "HTTP")
    own = data.get("tls")
    # a port without a tls of its own points at the host's
    settings = shared if own is None else own if "mode" in own else merge(shared, own)
    tls = _tls(settings, protocol, host)
    https = 443 if tls.originates and data["port"] == 80 else data["port"]
    return Port(
        source=data, port=data["port"], protocol=protocol, upstream_port=data.get("upstreamPort", https), tls=tls
    )


def _tls(data: Mapping, protocol: str, host: str) -> Tls:
    sni = data.get("sni", host)
    files = data.get("files")
    return Tls(
        source=data,
        mode=data.get("mode", "passthrough" if protocol == "TLS" else "simple"),
        secret=data.get("secret"),
        files=_files(files) if isinstance(files, Mapping) else None,
        sni=sni,
        sans=tuple(data.get("sans") or (() if sni.startswith(WILDCARD) else (sni,))),
        unverified=data.get("unverified"),
    )


def _files(data: Mapping) -> Files:
    return Files(
        source=data,
        certificate=data.get("certificate"),
        key=data.get("key"),
        ca=data.get("ca"),
        volumes=tuple(
            Volume(
                source=volume,
                secret=volume.get("secret"),
                config_map=volume.get("configMap"),
                mount_path=volume["mountPath"],
            )
            for volume in data["volumes"]
        ),
    )


def _callers(host: Mapping, key: str) -> Iterator[Mapping]:
    """The rules under `key`; a bare namespace becomes a rule for it alone."""
    rules: Any = host.get(key) or ()
    for index, rule in enumerate(rules):
        if isinstance(rule, str):
            source = Mapping(rules.items_at[index])
            source["namespace"] = rule
            yield source
        else:
            yield rule


def _proxy(data: Mapping) -> Proxy:
    return Proxy(source=data, host=data["host"], port=data["port"])


def _client(data: Mapping) -> Client:
    return Client(
        source=data,
        namespace=data.get("namespace"),
        whole_mesh=data.get("wholeMesh", False),
        service_account=data.get("serviceAccount"),
        pod_labels=tuple(sorted((data.get("podLabels") or {}).items())),
        ports=tuple(data.get("ports") or ()),
        methods=tuple(data.get("methods") or ()),
        paths=tuple(data.get("paths") or ()),
    )


def _exposure(data: Mapping, ports: tuple[Port, ...]) -> Exposure:
    given = data.get("gateway")
    gateway = given if isinstance(given, Mapping) else Mapping(data.span)
    return Exposure(
        source=data,
        host=data.get("host", ""),
        secret=data.get("secret", ""),
        path=data.get("path", default("expose", "path")),
        port=data.get("port", next((port.port for port in ports if port.is_http), None)),
        gateway=IngressGateway(
            source=gateway,
            namespace=gateway.get("namespace", ""),
            selector=tuple(sorted((gateway.get("selector") or {}).items())),
            service_account=gateway.get("serviceAccount", ""),
        ),
    )


def _deny(data: Mapping) -> Deny:
    return Deny(
        source=data,
        namespace=data.get("namespace"),
        service_account=data.get("serviceAccount"),
        hosts=tuple(data.get("hosts") or ()),
        ports=tuple(data.get("ports") or ()),
        methods=tuple(data.get("methods") or ()),
        paths=tuple(data.get("paths") or ()),
    )


def _readiness(host: Mapping) -> Readiness:
    given = host.get("readiness")
    data = given if isinstance(given, Mapping) else Mapping(host.span)

    def get(name: str) -> Any:
        return data.get(name, default("readiness", name))

    # a gateway to many upstreams is not unready because of one
    per_name = host["host"].startswith(WILDCARD) and not host.get("endpoints")
    return Readiness(
        source=data,
        mode="gateway" if per_name and get("mode") == "upstream" else get("mode"),
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
