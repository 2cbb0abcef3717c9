"""Hosts that applications ask by http:// and https://: what is said of requests does not hold for what is unread."""

from collections.abc import Iterator

from egressc.findings import Code, Finding, Span
from egressc.model import Host, Inventory

PORTS_TWICE = Code(
    "EG225",
    "ports that are said in two ways",
    "`speaks` stands for the usual ports of http:// and https://, and `ports` names each one. One of them says all.",
)
UNREAD = Code(
    "EG228",
    "a setting of requests beside a way that nobody reads",
    "The gateway carries the application's own TLS unread. What the list says of requests, their headers, a client "
    "certificate, an authorizer's decision about each, holds on the ports with requests only. Who may call holds on "
    "both.",
    "warning",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Ports in two ways, and settings that hold for http:// and not for the https:// beside it."""
    if host.says("speaks") and host.says("ports"):
        yield PORTS_TWICE(host.at("speaks"), f"{host.host} has `speaks` and `ports`", "keep one of the two")
    carried = [port.port for port in host.ports if port.protocol == "TLS"]
    if not (carried and host.has_requests):
        return
    for where, what in _of_requests(host):
        message = f"{what} of {host.host} does not hold on port {carried[0]}: the gateway carries https:// unread there"
        fix = "let the host speak http:// only, or accept it: the same clients may call on both ports"
        yield UNREAD(where, message, fix)


def _of_requests(host: Host) -> Iterator[tuple[Span, str]]:
    if host.headers:
        yield host.at("headers"), "`headers`"
    mutual = next((port for port in host.ports if port.tls.mode == "mutual"), None)
    if mutual:
        yield mutual.tls.at("mode"), "the client certificate"
    if host.external_authorization:
        yield host.at("externalAuthorization"), "the authorizer's decision about each request"
