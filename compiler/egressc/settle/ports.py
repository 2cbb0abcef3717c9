"""A host's ports, each with the TLS that holds for it."""

from collections.abc import Iterator
from typing import Any

from egressc.merge import merge
from egressc.model import WILDCARD, Files, Port, PortReadiness, Tls, Volume
from egressc.positions import Mapping
from egressc.schema import schema
from egressc.settle.reading import Reading

TLS = schema()["$defs"]["tls"]
#: The port of what applications say.
SPOKEN: dict[str, dict[str, Any]] = {
    "http": {"port": 80, "protocol": "HTTP"},
    "https": {"port": 443, "protocol": "TLS"},
}


def ports(host: Mapping) -> tuple[Port, ...]:
    """The entry's ports by number; where it names none, those of what it speaks, or the one that its TLS implies."""
    tls = host.get("tls")
    shared = tls if isinstance(tls, Mapping) else Mapping(host.span)
    written = host.get("ports") or _implied(host, passthrough=shared.get("mode") == "passthrough")
    return tuple(sorted(_ports(written, shared, host["host"]), key=lambda port: port.port))


def _implied(host: Mapping, *, passthrough: bool) -> list[Mapping]:
    speaks = host.get("speaks", "https" if passthrough else "http")
    return [_spoken(host, speech) for speech in SPOKEN if speech in ([speaks] if isinstance(speaks, str) else speaks)]


def _spoken(host: Mapping, speech: str) -> Mapping:
    port = Mapping(host.span)
    if "speaks" in host:
        port.take("speaks", host)
    port.update(SPOKEN[speech])
    return port


def _ports(ports: list[Mapping], shared: Mapping, host: str) -> Iterator[Port]:
    # what the gateway's TLS is like says nothing of the application's but whom to trust: beside another way to the
    # host, and where only the defaults know of a gateway's
    beside = any(port.get("protocol") != "TLS" for port in ports)
    foreign = (beside or shared.origin_of("mode") == "defaults") and shared.get("mode") != "passthrough"
    anchors = _anchors(shared) if foreign else shared
    for port in ports:
        yield _port(port, anchors if port.get("protocol") == "TLS" else shared, host)


def _anchors(tls: Mapping) -> Mapping:
    """What of `tls` holds for TLS that the application speaks: the CA that the readiness check trusts."""
    if "unverified" in tls:
        return Mapping(tls.span)
    kept = _only(tls, "secret", "files", "crl")
    if "files" in kept:
        kept["files"] = _only(kept["files"], "ca", "crl", "volumes")
    return kept if "ca" in kept.get("files", ("ca",)) else _only(kept, "secret")


def _only(data: Mapping, *keys: str) -> Mapping:
    result = Mapping(data.span)
    for key in keys:
        if key in data:
            result.take(key, data)
    return result


def _port(data: Mapping, shared: Mapping, host: str) -> Port:
    said = Reading(data, "port", data)
    protocol, own = said.get("protocol"), said.get("tls")
    # a port without a tls of its own points at the host's
    settings = shared if own is None else own if "mode" in own else merge(shared, own, TLS)
    tls = _tls(settings, protocol, host)
    readiness = Reading(data.get("readiness"), "portReadiness", data)
    return Port(
        source=data,
        port=data["port"],
        protocol=protocol,
        upstream_protocol=data.get("upstreamProtocol", protocol),
        upstream_port=data.get("upstreamPort", tls.behind(data["port"])),
        tls=tls,
        readiness=PortReadiness(source=readiness.data, mode=readiness.get("mode")),
    )


def _tls(data: Mapping, protocol: str, host: str) -> Tls:
    said, sni, files = Reading(data, "tls", data), data.get("sni", host), data.get("files")
    return Tls(
        source=data,
        mode="passthrough" if protocol == "TLS" and "mode" not in data else said.get("mode"),
        secret=data.get("secret"),
        files=_files(files) if isinstance(files, Mapping) else None,
        crl=said.get("crl"),
        min_protocol_version=data.get("minProtocolVersion"),
        max_protocol_version=data.get("maxProtocolVersion"),
        cipher_suites=said.some("cipherSuites"),
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
        crl=data.get("crl"),
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
