"""A host's ports, each with the TLS that holds for it."""

from collections.abc import Iterator

from egressc.layers import merge
from egressc.model import WILDCARD, Files, Port, Tls, Volume
from egressc.positions import Mapping
from egressc.schema import schema

TLS = schema()["$defs"]["tls"]


def ports(host: Mapping) -> tuple[Port, ...]:
    """The entry's ports by number; the one that its TLS implies where it names none."""
    tls = host.get("tls")
    shared = tls if isinstance(tls, Mapping) else Mapping(host.span)
    written = host.get("ports") or [_implied_port(host, shared.get("mode") == "passthrough")]
    return tuple(sorted(_ports(written, shared, host["host"]), key=lambda port: port.port))


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
            result.take(key, data)
    return result


def _port(data: Mapping, shared: Mapping, host: str) -> Port:
    protocol = data.get("protocol", "HTTP")
    own = data.get("tls")
    # a port without a tls of its own points at the host's
    settings = shared if own is None else own if "mode" in own else merge(shared, own, TLS)
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
