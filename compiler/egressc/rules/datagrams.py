"""Ports of protocols over UDP: a list names them, and nothing of them passes sidecars and gateways."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Port

DATAGRAMS = Code(
    "EG293",
    "a port of a protocol over UDP",
    "Istio carries TCP and nothing else. What applications send over UDP goes past sidecars and gateways. A "
    "NetworkPolicy of the clients' namespace opens it, and says to which addresses. Some of these protocols can use "
    "TCP too (DNS, syslog, SIP). Then this is a warning.",
)
#: By the upstream's port, as IANA registers them: protocols without TCP, and those that use it seldom.
NEVER_TCP = {67: "DHCP", 68: "DHCP", 69: "TFTP", 123: "NTP", 500: "IKE", 5353: "multicast DNS", 51820: "WireGuard"}
SELDOM_TCP = {
    53: "DNS",
    161: "SNMP",
    162: "SNMP",
    514: "syslog",
    1812: "RADIUS",
    1813: "RADIUS",
    3478: "STUN",
    4500: "IPsec",
    5060: "SIP",
    8125: "StatsD",
}
OPENED = "a NetworkPolicy of the clients' namespace opens UDP"


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Ports behind which a server waits for datagrams."""
    for port in host.ports:
        yield from _over_udp(host, port)


def _over_udp(host: Host, port: Port) -> Iterator[Finding]:
    number = port.upstream_port
    if number in NEVER_TCP:
        message = (
            f"{host.host}:{number} speaks {NEVER_TCP[number]}, which goes over UDP: Istio carries TCP and nothing else"
        )
        yield DATAGRAMS(
            port.at("port"), message, f"remove {'the port' if len(host.ports) > 1 else 'the host'}; {OPENED}"
        )
    elif number in SELDOM_TCP and port.protocol == "TCP":
        message = f"{host.host}:{number} speaks {SELDOM_TCP[number]}, mostly over UDP: only TCP comes here"
        yield DATAGRAMS(port.at("port"), message, f"keep it if applications use TCP; {OPENED}", "warning")
