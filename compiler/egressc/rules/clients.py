"""Who may call: every host has clients, and each says what its protocol can tell."""

import re
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Client, Host, Inventory, Operation, Port

UNREACHABLE = re.compile(r"//|/\.{1,2}(/|\Z)|%2f|%5c|\\", re.IGNORECASE)


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
        message = f"{said} on {spoken(deaf)}: Istio ignores an HTTP rule on such a port and would refuse everybody"
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
        if UNREACHABLE.search(path):
            message = (
                f"no request has the path `{path}`: the gateway tidies //, /./ and /../ and refuses escaped slashes"
            )
            yield Finding(rule.at("paths", index), "EG223", message, "write the path as the upstream reads it")


def silent_ports(host: Host, rule: Operation) -> list[Port]:
    """The ports where a rule on methods or paths would see no requests."""
    if not (rule.methods or rule.paths):
        return []
    return [port for port in host.ports if not port.is_http and rule.covers(port.port)]


def spoken(ports: list[Port]) -> str:
    """The protocols of `ports`, for people."""
    return " and ".join(sorted({port.protocol for port in ports}))
