"""Wildcards: what a gateway can tell a name by, and what many upstreams cannot have in common."""

import ipaddress
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory, Port

UNUSED = {
    "resolution": "each name is found by its own DNS answer",
    "failover": "each name is found by its own DNS answer, and has no second place",
    "outlierDetection": "each name is an upstream of its own, and there is no other to use instead",
}


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG230 to EG233, EG235 and EG236. What the defaults say for other hosts is passed over."""
    yield from _ranges(host)
    if not host.wildcard:
        return
    for port in host.ports:
        yield from _told_apart(host, port)
    for tls in {id(port.tls.source): port.tls for port in host.ports}.values():
        if host.per_name and "sni" in tls.source:
            message = f"one SNI for {host.host}: the gateway finds each upstream by its name, which is the SNI"
            fix = "remove `sni`, or say with `endpoints` where the one upstream of all names is"
            yield Finding(tls.at("sni"), "EG231", message, fix)
        for key in ("secret", "files"):
            if tls.mode == "passthrough" and key in tls.source:
                message = f"`{key}` of {host.host} in mode passthrough: it is for a check, and a check has one name"
                yield Finding(tls.at(key), "EG231", message, f"remove `{key}`: the application verifies each name")
        if host.per_name and tls.mode == "mutual":
            message = f"whoever has a name below {host.host[2:]} is shown this client certificate"
            fix = "list the hosts that need the certificate by their names"
            yield Finding(tls.at("mode"), "EG236", message, fix, "warning")
    yield from _readiness(host)
    yield from _one_name(host)
    if host.per_name:
        yield from _unused(host)


def _ranges(host: Host) -> Iterator[Finding]:
    for index, text in enumerate(host.source.get("deniedRanges", ())):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            try:
                fix = f"write {ipaddress.ip_network(text, strict=False)}"
            except ValueError:
                fix = "write for example 10.0.0.0/8, or fd00::/8"
            yield Finding(host.at("deniedRanges", index), "EG235", f"`{text}` is no range: {error}", fix)
    if "deniedRanges" in host.own and not (host.per_name or host.proxy):
        message = f"`deniedRanges` of {host.host}, whose upstream the list names itself"
        yield Finding(host.own.keys_at["deniedRanges"], "EG233", message, "remove `deniedRanges`")


def _told_apart(host: Host, port: Port) -> Iterator[Finding]:
    if port.protocol == "TCP":
        message = f"{host.host} is TCP on port {port.port}: bytes do not say which name they are for"
        fix = "write the protocol that is spoken (HTTP, HTTP2, GRPC, TLS), or list each host by its name"
        yield Finding(port.at("protocol"), "EG230", message, fix)
    elif port.tls.mode == "none" and host.per_name:
        message = f"{host.host} without TLS: the gateway finds each upstream by its SNI, and nothing would verify it"
        fix = "let the gateway speak TLS with `mode: simple`, or list each host by its name"
        yield Finding(port.tls.at("mode"), "EG230", message, fix)


def _readiness(host: Host) -> Iterator[Finding]:
    said = host.own.get("readiness")
    given = said if isinstance(said, dict) else {}
    if host.per_name:
        for key in given:
            if (key, given[key]) == ("mode", "upstream") or key not in ("mode", "probe"):
                message = f"readiness of {host.host} that follows its upstream: each name has one of its own"
                fix = f"remove `{key}`: the gateway is Ready while it runs itself"
                yield Finding(host.readiness.at(key), "EG232", message, fix)
    elif "path" in given and any(port.tls.per_name for port in host.ports):
        message = f"a readiness path of {host.host}: no name is there to ask it of"
        fix = "add the name that answers for all as `tls.sni`, or remove `path`"
        yield Finding(host.readiness.at("path"), "EG232", message, fix)


def _one_name(host: Host) -> Iterator[Finding]:
    if "addresses" in host.own:
        message = f"virtual addresses of {host.host}: its port is told apart by Host or SNI, and no name has an address"
        yield Finding(host.own.keys_at["addresses"], "EG233", message, "remove `addresses`")
    if host.expose:
        message = f"an own name for {host.host}: callers of the one would have to say which of the others they mean"
        yield Finding(host.at("expose"), "EG233", message, "list the host that is exposed by its name")


def _unused(host: Host) -> Iterator[Finding]:
    for key, why in UNUSED.items():
        if key in host.own:
            yield Finding(host.own.keys_at[key], "EG233", f"`{key}` of {host.host}: {why}", f"remove `{key}`")


def check_covered(inventory: Inventory) -> Iterator[Finding]:
    """EG238: a wildcard's gateway refuses what is for a listed host below it.

    Sidecars prefer the host's own way, but only where they see it, and port by port.
    """
    wildcards = [host for host in inventory.hosts if host.wildcard]
    for wildcard in wildcards:
        for host in inventory.hosts:
            if wildcard.covers(host.host):
                yield from _covered(wildcard, host)


def _covered(wildcard: Host, host: Host) -> Iterator[Finding]:
    ports = {port.port for port in host.ports}
    seen_by = {client.namespace for client in host.callers}
    for client in wildcard.clients:
        own = client.ports or tuple(port.port for port in wildcard.ports)
        who = "the whole mesh" if client.whole_mesh else client.namespace
        if not host.seen_by_all and client.namespace not in seen_by:
            missing = f"{who} to the `clients` of {host.host}"
        elif past := sorted(set(own) - ports):
            missing = f"port {past[0]} to the `ports` of {host.host}"
        else:
            continue
        message = f"{who} is refused at {host.host}: {wildcard.host} does not stand for a host that is listed itself"
        yield Finding(client.at("namespace"), "EG238", message, f"where it should get there, add {missing}", "warning")
        return
