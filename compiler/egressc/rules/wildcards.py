"""Wildcards: what a gateway can tell a name by, and what many upstreams cannot have in common."""

import ipaddress
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory, Port


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG230, EG231, EG235 and EG236."""
    yield from _ranges(host)
    if not host.wildcard:
        return
    for port in host.ports:
        yield from _told_apart(host, port)
    for tls in {(port.tls.at(), port.tls.mode): port.tls for port in host.ports}.values():
        if host.per_name and tls.says("sni"):
            message = f"one SNI for {host.host}: the gateway finds each upstream by its name, which is the SNI"
            fix = "remove `sni`, or say with `endpoints` where the one upstream of all names is"
            yield Finding(tls.at("sni"), "EG231", message, fix)
        for key in ("secret", "files"):
            if tls.mode == "passthrough" and tls.says(key):
                message = f"`{key}` of {host.host} in mode passthrough: it is for a check, and a check has one name"
                yield Finding(tls.at(key), "EG231", message, f"remove `{key}`: the application verifies each name")
        if host.per_name and tls.mode == "mutual":
            message = f"whoever has a name below {host.host[2:]} is shown this client certificate"
            fix = "list the hosts that need the certificate by their names"
            yield Finding(tls.at("mode"), "EG236", message, fix, "warning")


def _ranges(host: Host) -> Iterator[Finding]:
    for index, text in enumerate(host.denied_ranges if host.says("deniedRanges") else ()):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            try:
                fix = f"write {ipaddress.ip_network(text, strict=False)}"
            except ValueError:
                fix = "write for example 10.0.0.0/8, or fd00::/8"
            yield Finding(host.at("deniedRanges", index), "EG235", f"`{text}` is no range: {error}", fix)


def _told_apart(host: Host, port: Port) -> Iterator[Finding]:
    if port.protocol == "TCP":
        message = f"{host.host} is TCP on port {port.port}: bytes do not say which name they are for"
        fix = "write the protocol that is spoken (HTTP, HTTP2, GRPC, TLS), or list each host by its name"
        yield Finding(port.at("protocol"), "EG230", message, fix)
    elif port.tls.mode == "none" and host.per_name:
        message = f"{host.host} without TLS: the gateway finds each upstream by its SNI, and nothing would verify it"
        fix = "let the gateway speak TLS with `mode: simple`, or list each host by its name"
        yield Finding(port.tls.at("mode"), "EG230", message, fix)


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
