"""Wildcards: what a gateway can tell a name by, and what many upstreams cannot have in common."""

import ipaddress
from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Port
from egressc.rules import protocols

NOT_TOLD_APART = Code(
    "EG230",
    "a wildcard that the gateway could not tell a name of",
    "The gateway must know for which name of a wildcard a call is. HTTP says it in its Host and TLS in its SNI, TCP "
    "nowhere. Each name is found and verified by TLS, so that a wildcard without TLS would lead anywhere.",
)
ONE_FOR_ALL = Code(
    "EG231",
    "a TLS setting that each name of a wildcard would have to share",
    "Each name of a wildcard has its own SNI and its own certificate. One setting cannot hold for all of them.",
)
NO_RANGE = Code(
    "EG235",
    "not a range of addresses",
    "A range is an address and a prefix length, and the address has no bits behind the prefix.",
)
FOR_ALL_NAMES = Code(
    "EG236",
    "a client certificate or credential for every name of a domain",
    "Whoever may add a name to the domain is shown the certificate, or sent the credential.",
    "warning",
)
COVERED = Code(
    "EG238",
    "a host below a wildcard whose callers do not have it",
    "A listed host has its own clients, and a wildcard above it does not stand for it. A client of the wildcard that "
    "the host does not let in is refused there.",
    "warning",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What many names cannot have in common."""
    yield from _ranges(host)
    if not host.wildcard:
        return
    for port in host.ports:
        yield from _told_apart(host, port)
    for tls in {(port.tls.at(), port.tls.mode): port.tls for port in host.ports}.values():
        if host.per_name and tls.says("sni"):
            message = (
                f"{host.host} cannot have one `sni`: the gateway finds each upstream by its name, which is the SNI"
            )
            fix = "remove `sni`, or write with `endpoints` where the one upstream of all names is"
            yield ONE_FOR_ALL(tls.at("sni"), message, fix)
        for key in ("secret", "files"):
            if tls.mode == "passthrough" and tls.says(key):
                message = f"{host.host} has no use for `{key}` in mode passthrough: the application verifies each name"
                yield ONE_FOR_ALL(tls.at(key), message, f"remove `{key}`")
        if host.per_name and tls.mode == "mutual":
            message = f"whoever has a name below {host.host[2:]} is shown this client certificate"
            fix = "list the hosts that need the certificate by their names"
            yield FOR_ALL_NAMES(tls.at("mode"), message, fix)


def _ranges(host: Host) -> Iterator[Finding]:
    for index, text in enumerate(host.denied_ranges if host.says("deniedRanges") else ()):
        try:
            ipaddress.ip_network(text)
        except ValueError as error:
            try:
                fix = f"write {ipaddress.ip_network(text, strict=False)}"
            except ValueError:
                fix = "write for example 10.0.0.0/8, or fd00::/8"
            yield NO_RANGE(host.at("deniedRanges", index), f"`{text}` is not a range: {error}", fix)


def _told_apart(host: Host, port: Port) -> Iterator[Finding]:
    if port.protocol == "TCP":
        message = f"{host.host} speaks TCP on client port {port.port}: bytes do not say for which name they are"
        fix = "write HTTP, HTTP2, GRPC or TLS, whichever the application speaks, or list each host by its name"
        if protocol := protocols.spoken(port):
            fix = protocols.unread(host, port, protocol)
        yield NOT_TOLD_APART(port.at("protocol"), message, fix)
    elif port.tls.mode == "none" and host.per_name:
        message = f"{host.host} has no TLS: the gateway finds and verifies each upstream by TLS"
        fix = "let the gateway speak TLS with `mode: simple`, or list each host by its name"
        yield NOT_TOLD_APART(port.tls.at("mode"), message, fix)


def check_covered(inventory: Inventory) -> Iterator[Finding]:
    """A wildcard's gateway refuses what is for a listed host below it.

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
        yield COVERED(client.at("namespace"), message, f"if {who} should call it, add {missing}")
        return
