"""What servers speak on well-known ports: where a list says otherwise, nobody would answer."""

import re
from collections.abc import Iterator
from typing import NamedTuple

from egressc.findings import Code, Finding, Level
from egressc.model import Host, Inventory, Port

OTHER_PROTOCOL = Code(
    "EG229",
    "a port that speaks another protocol",
    "Some protocols have no TLS, or begin in clear and start TLS inside of themselves (STARTTLS and the like). A "
    "server there does not answer a TLS handshake, so the gateway would never be Ready. The application speaks the "
    "whole protocol, with its own TLS and its own check of the server. The gateway carries the bytes. If a server "
    "takes TLS at once all the same, write the TLS mode at the port itself. Then this is a warning.",
)
CLEAR_443 = Code(
    "EG258",
    "requests in clear on port 443",
    "An application that says https:// begins with TLS, and this port expects requests in clear. Only "
    "`http://host:443` would work. If that is meant, write the protocol at the port. Then this is a warning.",
)
RESPONDER = Code(
    "EG259",
    "certificates' status asked by TLS",
    "OCSP responses, CRLs and issuers' certificates are fetched by plain HTTP. Their servers listen on port 80 and "
    "mostly not on 443. What they answer is signed.",
    "warning",
)
PROXY = Code(
    "EG268",
    "a proxy that applications ask themselves",
    "An application that has a proxy in its settings (HTTPS_PROXY) asks it with CONNECT. A sidecar refuses CONNECT on "
    "ports that speak HTTP.",
    "warning",
)


class Spoken(NamedTuple):
    """A protocol, how its TLS begins, why the gateway need not verify, and the port where TLS begins at once."""

    name: str
    begins: str
    reason: str
    tls_port: int | None = None


def _inside(name: str, tls_port: int | None = None) -> Spoken:
    reason = f"The application starts TLS inside {name} and verifies the server."
    return Spoken(name, "begins in clear and starts TLS inside of it", reason, tls_port)


def _clear(name: str, tls_port: int | None = None) -> Spoken:
    return Spoken(name, "has no TLS there", f"{name} has no TLS on this port.", tls_port)


SSH = Spoken("SSH", "encrypts by itself and has no TLS", "SSH checks the server's key itself.")
#: By the upstream's port, as IANA registers them.
REGISTERED = {
    21: _inside("FTP", 990),
    22: SSH,
    23: _clear("Telnet", 992),
    25: _inside("SMTP", 465),
    53: _clear("DNS", 853),
    80: _clear("HTTP", 443),
    110: _inside("POP3", 995),
    119: _inside("NNTP", 563),
    143: _inside("IMAP", 993),
    389: _inside("LDAP", 636),
    445: Spoken("SMB", "encrypts by itself and has no TLS", "SMB authenticates the server itself."),
    514: _clear("syslog", 6514),
    587: _inside("SMTP", 465),
    873: _clear("rsync"),
    1080: _clear("SOCKS"),
    1433: _inside("TDS"),
    1521: _inside("Oracle Net"),
    1883: _clear("MQTT", 8883),
    2049: _clear("NFS"),
    3268: _inside("LDAP", 3269),
    3306: _inside("MySQL"),
    3389: _inside("RDP"),
    4190: _inside("ManageSieve"),
    5222: _inside("XMPP", 5223),
    5269: _inside("XMPP", 5270),
    5432: _inside("PostgreSQL"),
    5672: _clear("AMQP", 5671),
    5900: _clear("VNC"),
}
#: The same by custom only: other servers may be there.
CUSTOMARY = {
    2222: SSH,
    2525: _inside("SMTP", 465),
    2587: _inside("SMTP", 465),
    5439: _inside("PostgreSQL"),
    6432: _inside("PostgreSQL"),
    26257: _inside("PostgreSQL"),
    33060: _inside("MySQL"),
}
#: Where TLS begins at once, and what is inside of it is no HTTP.
BYTES = {
    465: "SMTP",
    636: "LDAP",
    853: "DNS",
    990: "FTP",
    993: "IMAP",
    995: "POP3",
    2484: "Oracle Net",
    3269: "LDAP",
    5671: "AMQP",
    6379: "Redis",
    6380: "Redis",
    8883: "MQTT",
    9042: "Cassandra's CQL",
    11211: "memcached",
    27017: "MongoDB",
}
#: What clients of some protocols must say so that they begin with TLS.
AT_ONCE = {
    1433: "clients have `Encrypt=Strict`",
    1521: "clients have `protocol=tcps`",
    5432: "clients have `sslnegotiation=direct` (PostgreSQL 17)",
}

SIGNED = "OCSP responses and CRLs are signed."
#: Names of what answers about certificates; those of Let's Encrypt have but a letter.
RESPONDERS = re.compile(r"(.*\.)?([\w-]*ocsp|([\w-]*-)?(ms)?crls?|crt|cacerts|aia)[0-9]*\.[^.]+\..+|.+\.lencr\.org")
HTTPS = 443
PROXY_PORTS = (3128, 8080, 8118, 8888)


def spoken(port: Port) -> Spoken | None:
    """The protocol, which does not begin with TLS, that is spoken behind `port`; None where that is not known."""
    return REGISTERED.get(port.upstream_port) or CUSTOMARY.get(port.upstream_port)


def unread(host: Host, port: Port, protocol: Spoken) -> str:
    """What to write so that the gateway carries `protocol` as it is."""
    kept = port.protocol == "TCP" or (port.is_http and protocol.name == "HTTP")
    also = "" if kept else "`protocol: TCP` and "
    setting = f'{also}`tls: {{mode: none, unverified: "{protocol.reason}"}}`'
    return f"list each server by its name, with {setting}" if host.wildcard else f"write {setting} at this port"


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Ports where the upstream speaks something else than the list says, or the application does."""
    for port in host.ports:
        yield from _other(host, port)
        yield from _no_http(host, port)
        yield from _clear_443(host, port)
        yield from _proxy(host, port)
    yield from _responder(host)


def other(port: Port) -> Spoken | None:
    """The protocol that is spoken behind `port`, where the list says another one or begins with TLS."""
    protocol = spoken(port)
    if protocol is None or (port.protocol == "TCP" and not port.tls.originates):
        return None
    if port.is_http and protocol.name == "HTTP":
        return protocol if port.tls.originates else None
    return protocol


def _other(host: Host, port: Port) -> Iterator[Finding]:
    protocol = other(port)
    if protocol is None or (host.wildcard and port.protocol == "TCP"):
        return  # a rule of wildcards says what to write
    why = f"is no {port.protocol}" if port.is_http and protocol.name != "HTTP" else protocol.begins
    message = f"{host.host}:{port.upstream_port} speaks {protocol.name}, which {why}"
    level: Level | None = "warning" if _plainly(port) or port.upstream_port in CUSTOMARY else None
    yield OTHER_PROTOCOL(port.at("port"), message, _fix(host, port, protocol), level)


def _no_http(host: Host, port: Port) -> Iterator[Finding]:
    """Requests to a server that takes none, and requests in clear to one that takes them by TLS."""
    if not port.is_http:
        return
    level: Level | None = "warning" if _plainly(port) else None
    place = f"{host.host}:{port.upstream_port}"
    if name := BYTES.get(port.upstream_port):
        fix = "write `protocol: TLS` if applications begin with TLS, or `protocol: TCP` if the gateway shall"
        if host.wildcard:
            fix = "write `protocol: TLS` if applications begin with TLS, or list each server by its name"
        yield OTHER_PROTOCOL(port.at("port"), f"{place} speaks {name}, which is no {port.protocol}", fix, level)
    elif port.upstream_port == HTTPS and port.tls.mode == "none" and port.port != HTTPS:
        message = f"{place} begins with TLS, and the gateway sends requests in clear"
        yield OTHER_PROTOCOL(port.at("port"), message, "write `tls: {mode: simple}` at this port", level)


def _plainly(port: Port) -> bool:
    """Whether the list says at the very port that its TLS begins at once."""
    return port.says("tls") and port.tls.says("mode")


def _fix(host: Host, port: Port, protocol: Spoken) -> str:
    fix = unread(host, port, protocol)
    if protocol.tls_port and (not port.is_http or protocol.name == "HTTP"):
        key = "port" if port.protocol == "TLS" else "upstreamPort"
        fix = f"write `{key}: {protocol.tls_port}`, where TLS begins at once, or {fix}"
    if port.protocol == "TLS" and port.upstream_port in AT_ONCE:
        only = f"if all {AT_ONCE[port.upstream_port]}"
        fix = f"keep it {only}, else {fix}" if _plainly(port) else f"{fix}; {only}, `tls: {{mode: passthrough}}`"
    return fix


def _clear_443(host: Host, port: Port) -> Iterator[Finding]:
    if not port.is_http or port.port != HTTPS or port.tls.mode == "passthrough":
        return
    message = f"{host.host} expects {port.protocol} in clear on client port 443, where https:// begins with TLS"
    by_http = "write `port: 80`"
    if any(other.port == 80 for other in host.ports):
        by_http = "remove this port: port 80 is there"
    fix = f"for {'http://' if port.protocol == 'HTTP' else port.protocol + ' in clear'} {by_http}"
    of_requests = host.headers or host.rate_limit or any(client.methods or client.paths for client in host.clients)
    beside = any(other.is_http for other in host.ports if other is not port)
    if not of_requests and (beside or not port.tls.own("mode")):
        by_tls = "https://" if port.protocol == "HTTP" else f"{port.protocol} inside the application's own TLS"
        fix = f"for {by_tls} write `protocol: TLS`; {fix}"
    yield CLEAR_443(port.at("port"), message, fix, "warning" if port.says("protocol") else None)


def _responder(host: Host) -> Iterator[Finding]:
    if not RESPONDERS.fullmatch(host.host) or any(port.upstream_port != 443 for port in host.ports):
        return
    message = f"{host.host} answers plain HTTP on port 80, and is asked by TLS on port 443"
    fix = f'write `tls: {{mode: none, unverified: "{SIGNED}"}}`'
    if host.wildcard or any(port.port != 80 for port in host.ports):
        fix = f"{fix} and `ports: [{{port: 80}}]`"
    if host.wildcard:
        fix = f"list each by its name, and {fix}"
    yield RESPONDER(host.at("host"), message, fix)


def _proxy(host: Host, port: Port) -> Iterator[Finding]:
    named = re.search(r"(^|[.-])(proxy|squid)", host.host) and port.upstream_port in PROXY_PORTS
    if port.is_http and (named or port.upstream_port == PROXY_PORTS[0]):
        place = f"{{host: {host.host}, port: {port.upstream_port}}}"
        message = (
            f"{host.host}:{port.upstream_port} looks like a proxy: CONNECT fails where the list says {port.protocol}"
        )
        fix = (
            f"write `proxy: {place}` at the hosts behind it; if applications ask it themselves, write `protocol: TCP`, "
            "which opens whatever the proxy opens"
        )
        yield PROXY(port.at("port"), message, fix)
