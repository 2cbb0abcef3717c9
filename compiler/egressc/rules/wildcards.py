"""Wildcards: what a gateway can tell a name by, and what many upstreams cannot have in common."""

import ipaddress
from collections.abc import Iterable, Iterator

from egressc import suffixes
from egressc.addresses import METADATA
from egressc.findings import Code, Finding
from egressc.model import WILDCARD, Host, Inventory, Port, stands_for
from egressc.rules import protocols

Network = ipaddress.IPv4Network | ipaddress.IPv6Network

PLAIN_PORT = 80  # where Envoy connects to if a Host has no port

NOT_TOLD_APART = Code(
    "EG230",
    "a wildcard that the gateway could not tell a name of",
    "The gateway must know for which name of a wildcard a call is. HTTP says it in its Host and TLS in its SNI, TCP "
    "nowhere. In clear, Envoy finds each name by the Host of HTTP/1.1 and connects to port 80. A proxy is asked by SNI "
    "only.",
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
ANYBODY_S = Code(
    "EG266",
    "a wildcard over names that anybody can have",
    "Below a public suffix anybody can have a name, and its clients could call any server of the world there. Below a "
    "registry's suffix that is an error. Below the suffix of a provider, such as github.io, it is a warning.",
)
PRIVATE = Code(
    "EG267",
    "a wildcard whose names have private addresses",
    "No name below a wildcard may lead to a private address, unless `deniedRanges` says otherwise. The gateway would "
    "be Ready and close every connection.",
    "warning",
)
METADATA_OPEN = Code(
    "EG269",
    "denied ranges that leave out a metadata service",
    "Ranges that you write replace the default. Whoever may add a name to the domain could lead it to a metadata "
    "service of the cloud, and clients would get the gateway's own credentials.",
    "warning",
)

#: Labels and ends of domains that private networks have.
PRIVATE_LABELS = ("privatelink", "vpce", "vpce-svc")
PRIVATE_ENDS = (
    *(".internal", ".local", ".localdomain", ".lan", ".corp", ".home", ".home.arpa", ".intranet", ".intra", ".private"),
    ".consul",
)
#: What stays denied where private addresses are not: the pod itself, its machine and the cloud's metadata services.
NEVER = (*map(ipaddress.ip_network, ("127.0.0.0/8", "::1/128")), *METADATA)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What many names cannot have in common."""
    yield from _ranges(host)
    if not host.wildcard:
        return
    for port in host.ports:
        yield from _told_apart(host, port)
    if host.per_name:
        yield from _names(host)
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
    denied: list[Network] = []
    for index, text in enumerate(host.denied_ranges if host.says("deniedRanges") else ()):
        try:
            denied.append(ipaddress.ip_network(text))
        except ValueError as error:
            try:
                fix = f"write {ipaddress.ip_network(text, strict=False)}"
            except ValueError:
                fix = "write for example 10.0.0.0/8, or fd00::/8"
            yield NO_RANGE(host.at("deniedRanges", index), f"`{text}` is not a range: {error}", fix)
    left_out = [network for network in METADATA if not any(_inside(network, one) for one in denied)]
    if denied and left_out:
        message = f"names below {host.host[2:]} may lead to a metadata service of the cloud"
        yield METADATA_OPEN(host.at("deniedRanges"), message, f"add {_listed(left_out)}")


def _inside(network: Network, other: Network) -> bool:
    if isinstance(network, ipaddress.IPv4Network):
        return isinstance(other, ipaddress.IPv4Network) and network.subnet_of(other)
    return isinstance(other, ipaddress.IPv6Network) and network.subnet_of(other)


def _names(host: Host) -> Iterator[Finding]:
    """Names that anybody can have, and names that the denied ranges close."""
    domain, where = host.host.removeprefix(WILDCARD), host.at("host")
    if giver := suffixes.below(domain):
        message = f"anybody can have a name below {domain}: each client could call any server there"
        fix = "list the hosts, or the domains below it that belong to somebody, by their names"
        yield ANYBODY_S(where, message, fix, None if giver == "registry" else "warning")
    private = domain.endswith(PRIVATE_ENDS) or set(domain.split(".")) & set(PRIVATE_LABELS)
    if private and host.proxy is None and not host.says("deniedRanges"):
        message = f"names below {domain} have private addresses, which `deniedRanges` closes by default"
        fix = (
            "list each host by its name, or write which ranges stay closed: the cluster's pods and Services, and "
            f"`deniedRanges: [{_listed(NEVER)}]`"
        )
        yield PRIVATE(where, message, fix)


def _listed(networks: Iterable[Network]) -> str:
    """The networks as they stand in a list of YAML."""
    return ", ".join(f"'{network}'" if network.version == 6 else str(network) for network in networks)


def _told_apart(host: Host, port: Port) -> Iterator[Finding]:
    if port.protocol == "TCP":
        message = f"{host.host} speaks TCP on client port {port.port}: bytes do not say for which name they are"
        fix = "write HTTP, HTTP2, GRPC or TLS, whichever the application speaks, or list each host by its name"
        if protocol := protocols.spoken(port):
            fix = protocols.unread(host, port, protocol)
        yield NOT_TOLD_APART(port.at("protocol"), message, fix)
    elif host.in_clear(port):
        yield from _in_clear(host, port)


def _in_clear(host: Host, port: Port) -> Iterator[Finding]:
    """What keeps the gateway from finding names by their Host."""
    if host.proxy:
        message = f"{host.host} has no TLS: the gateway asks the proxy for the name that TLS asks for"
        fix = "let the gateway speak TLS with `mode: simple`, or list each host by its name"
        yield NOT_TOLD_APART(port.tls.at("mode"), message, fix)
    elif port.protocol != "HTTP":
        message = f"{host.host} speaks {port.protocol} in clear: the gateway finds names by the Host of HTTP/1.1 only"
        yield NOT_TOLD_APART(port.at("protocol"), message, "write HTTP, or list each host by its name")
    elif port.upstream_protocol != "HTTP":
        message = f"{host.host} is asked by HTTP/2 in clear: the gateway finds names by the Host of HTTP/1.1 only"
        fix = "remove `upstreamProtocol`, or list each host by its name"
        yield NOT_TOLD_APART(port.at("upstreamProtocol"), message, fix)
    elif port.upstream_port != PLAIN_PORT:
        message = f"{host.host} has the upstream port {port.upstream_port}: in clear a name is asked on port 80 only"
        fix = "write `upstreamPort: 80`, or list each host by its name"
        yield NOT_TOLD_APART(port.at("upstreamPort"), message, fix)


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
        if not host.reports and not any(stands_for(other, client.namespace) for other in seen_by):
            missing = f"{who} to the `clients` of {host.host}"
        elif past := sorted(set(own) - ports):
            missing = f"port {past[0]} to the `ports` of {host.host}"
        else:
            continue
        message = f"{who} is refused at {host.host}: {wildcard.host} does not stand for a host that is listed itself"
        yield COVERED(client.at("namespace"), message, f"if {who} should call it, add {missing}")
        return
