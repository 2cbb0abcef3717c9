"""Who may call: every host has clients, and each says what its protocol can tell."""

import re
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Client, Host, Inventory, Operation, Port

# what Envoy tidies or refuses before a rule sees it, and what rules themselves refuse where paths decide
UNREACHABLE = (
    (re.compile(r"//"), "slashes are merged"),
    (re.compile(r"/(\.|%2e){1,2}([;/]|%3b|\Z)", re.IGNORECASE), "dot segments are resolved"),
    (re.compile(r"%2f|%5c|\\", re.IGNORECASE), "escaped slashes and backslashes are refused"),
    (re.compile(r"%([01][0-9a-f]|7f)", re.IGNORECASE), "escaped control characters are refused"),
    (
        re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE),
        "`%` without two hexadecimal digits is refused; a percent sign is %25",
    ),
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG201 to EG204, EG223."""
    if not host.callers:
        fix = "add `clients: [<namespace>]` here or to `defaults`; for everybody, `clients: [{wholeMesh: true}]`"
        yield Finding(host.at("host"), "EG201", f"nobody may call {host.host}: it has no clients", fix)
    for client in host.clients:
        yield from _who(client)
        yield from _what(host, client)


def _who(client: Client) -> Iterator[Finding]:
    if client.whole_mesh == (client.namespace is not None):
        said = "both a namespace and wholeMesh" if client.whole_mesh else "neither a namespace nor wholeMesh"
        yield Finding(
            client.at("wholeMesh"),
            "EG202",
            f"the client has {said}",
            "keep one: `namespace: <name>`, or `wholeMesh: true`",
        )
    elif client.whole_mesh and client.service_account:
        fix = "add its `namespace` instead of `wholeMesh`: an identity is a namespace and an account"
        yield Finding(client.at("serviceAccount"), "EG202", "a service account without its namespace", fix)


def _what(host: Host, client: Client) -> Iterator[Finding]:
    yield from operation(host, client)
    deaf = silent_ports(host, client)
    if deaf:
        said = "methods" if client.methods else "paths"
        http = [port.port for port in host.ports if port.is_http]
        fix = f"add `ports: {http}` to this client" if http else f"remove `{said}`: the gateway sees bytes, no requests"
        message = f"{said} on {spoken(deaf)}: the gateway sees bytes there and no requests, and would refuse everybody"
        yield Finding(client.at(said), "EG203", message, fix)


def operation(host: Host, rule: Operation) -> Iterator[Finding]:
    """EG204 and EG223: ports that the host does not have, paths that no request has."""
    known = [port.port for port in host.ports]
    for index, number in enumerate(rule.ports):
        if number not in known:
            fix = f"write one of the host's client ports: {', '.join(map(str, known))}"
            yield Finding(rule.at("ports", index), "EG204", f"{host.host} has no client port {number}", fix)
    yield from paths(rule)


def paths(rule: Operation) -> Iterator[Finding]:
    """EG223: paths that no request has."""
    for index, path in enumerate(rule.paths):
        if why := unreachable(path):
            message = f"no request has the path `{path}` at the gateway: {why}"
            yield Finding(rule.at("paths", index), "EG223", message, "write the path as the upstream reads it")


def unreachable(path: str) -> str | None:
    """Why no request has `path` where rules are asked; None where some may have it."""
    return next((why for pattern, why in UNREACHABLE if pattern.search(path)), None)


def silent_ports(host: Host, rule: Operation) -> list[Port]:
    """The ports where a rule on methods or paths would see no requests."""
    if not (rule.methods or rule.paths):
        return []
    return [port for port in host.ports if not port.is_http and rule.covers(port.port)]


def spoken(ports: list[Port]) -> str:
    """The protocols of `ports`, for people."""
    return " and ".join(sorted({port.protocol for port in ports}))
