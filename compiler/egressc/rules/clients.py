"""Who may call: every host has clients, and each says what its protocol can tell."""

import re
from collections.abc import Iterator

from egressc.findings import Code, Finding, Span
from egressc.model import Client, Host, Inventory, Operation, Port
from egressc.slashes import DOTS_AT_SLASHES, ESCAPED_SLASH

NO_CLIENTS = Code(
    "EG201",
    "nobody may call the host",
    "A gateway lets in only the clients of a host. A host without `clients` would run a gateway for nobody. Name the "
    "namespaces that call it, at the host or in `defaults`.",
)
NAMED = Code(
    "EG110",
    "a namespace that is named as if it were everybody",
    "In `clients` a word is the name of a namespace, also `all` and `none`. The whole mesh is `wholeMesh: true`.",
    "warning",
)
WHO = Code(
    "EG202",
    "a client says neither its namespace nor wholeMesh, or both",
    "A client is a namespace, a service account of a namespace, or the whole mesh. The mesh proves the three "
    "together: an identity is a trust domain, a namespace and a service account.",
)
UNSEEN_REQUESTS = Code(
    "EG203",
    "methods or paths on a protocol that has none",
    "On TLS and TCP ports a gateway sees bytes and no requests. Istio's rule on methods or paths would match nothing "
    "there, so that the client would be refused everything. Name the HTTP ports with `ports`.",
)
NO_SUCH_PORT = Code(
    "EG204",
    "a client names a port that the host does not have",
    "`ports` of a client and of a denial are client ports of the host, those that the application connects to.",
)
NO_SUCH_PATH = Code(
    "EG223",
    "a path that no request has",
    "The gateway brings each path into one form, or refuses it, before a rule sees it. A rule on another form would "
    "match nothing: an allowed path would stay closed, a denied one open.",
)

# what Envoy tidies or refuses before a rule sees it, and what rules themselves refuse where paths decide
UNREACHABLE = (
    (re.compile(r"//"), "the gateway merges slashes"),
    (re.compile(r"/(\.|%2e){1,2}([;/]|%3b|\Z)", re.IGNORECASE), "the gateway resolves dot segments"),
    (re.compile(r"%5c|\\", re.IGNORECASE), "the gateway refuses backslashes"),
    (re.compile(DOTS_AT_SLASHES), "the gateway refuses dot segments beside escaped slashes"),
    (re.compile(r"%([01][0-9a-f]|7f)", re.IGNORECASE), "the gateway refuses escaped control characters"),
    (re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE), "the gateway refuses `%` without two hexadecimal digits"),
)
MEANS_EVERYBODY = ("all", "any", "everyone", "everybody", "anyone", "anybody", "whole-mesh", "wholemesh")
MEANS_NOBODY = ("none", "nobody")
MENDED = ((re.compile(r"//+"), "/"), (re.compile(r"%(?![0-9a-f]{2})", re.IGNORECASE), "%25"))


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Clients that nobody is, and what no port could tell of them."""
    if not host.callers:
        fix = (
            "add `clients: [<namespace>]` to the host, or to `defaults` for all hosts; for everybody write "
            "`[{wholeMesh: true}]`"
        )
        yield NO_CLIENTS(host.at("host"), f"{host.host} has no clients: nobody may call it", fix)
    for client in host.clients:
        yield from _who(client)
        yield from _named(client)
        yield from _what(host, client)


def _who(client: Client) -> Iterator[Finding]:
    where = client.at("wholeMesh")
    if client.whole_mesh and client.namespace is not None:
        message = "the client says both `namespace` and `wholeMesh`"
        yield WHO(where, message, f"keep `namespace: {client.namespace}`, or `wholeMesh: true`")
    elif not client.whole_mesh and client.namespace is None:
        message = "the client says neither `namespace` nor `wholeMesh`"
        yield WHO(where, message, "add `namespace: <name>`, or `wholeMesh: true` for everybody")
    elif client.whole_mesh and client.service_account:
        message = f"the service account {client.service_account} stands without its namespace"
        fix = "write its `namespace` instead of `wholeMesh`: an identity is a namespace and a service account"
        yield WHO(client.at("serviceAccount"), message, fix)


def _named(client: Client) -> Iterator[Finding]:
    if client.namespace not in MEANS_EVERYBODY + MEANS_NOBODY or client.group:
        return
    fix = "if a namespace has this name, keep it; for every workload of the mesh write `{wholeMesh: true}`"
    if client.namespace in MEANS_NOBODY:
        fix = "if a namespace has this name, keep it; if nobody should call the host, remove its entry"
    yield NAMED(client.at("namespace"), f"`{client.namespace}` is the namespace of this name only", fix)


def _what(host: Host, client: Client) -> Iterator[Finding]:
    yield from operation(host, client)
    deaf = silent_ports(host, client)
    if deaf:
        said = "methods" if client.methods else "paths"
        http = [port.port for port in host.ports if port.is_http]
        fix = f"add `ports: {http}` to this client" if http else f"remove `{said}`"
        message = f"`{said}` cannot hold on {spoken(deaf)}: the gateway sees no requests there, and refuses everybody"
        yield UNSEEN_REQUESTS(client.at(said), message, fix)


def operation(host: Host, rule: Operation) -> Iterator[Finding]:
    """Ports that the host does not have, paths that no request has."""
    known = [port.port for port in host.ports]
    for index, number in enumerate(rule.ports):
        if number not in known:
            fix = f"write one of its client ports: {', '.join(map(str, known))}"
            yield NO_SUCH_PORT(rule.at("ports", index), f"{host.host} has no client port {number}", fix)
    yield from paths(rule, host)


def paths(rule: Operation, host: Host | None = None) -> Iterator[Finding]:
    """Paths that no request has, at `host` or at any."""
    for index, path in enumerate(rule.paths):
        why = _why_unreachable(path)
        if why or host is None or not ESCAPED_SLASH.search(path):
            yield from unreachable(path, rule.at("paths", index))
        elif not host.keeps_slashes:
            message = f"no request has the path `{path}`: the gateway refuses escaped slashes"
            fix = "add `escapedSlashes: keep` to the host, or write the path as the upstream reads it"
            yield NO_SUCH_PATH(rule.at("paths", index), message, fix)


def unreachable(path: str, where: Span) -> Iterator[Finding]:
    """Why no request has `path`, which stands at `where`, when a gateway without `escapedSlashes` looks at it."""
    why = _why_unreachable(path) or ("the gateway refuses escaped slashes" if ESCAPED_SLASH.search(path) else None)
    if why:
        mended = path
        for pattern, instead in MENDED:
            mended = pattern.sub(instead, mended)
        fix = "write the path as the upstream reads it"
        if not _why_unreachable(mended):
            fix = f"write `{mended}`"
        yield NO_SUCH_PATH(where, f"no request has the path `{path}`: {why}", fix)


def _why_unreachable(path: str) -> str | None:
    return next((why for pattern, why in UNREACHABLE if pattern.search(path)), None)


def silent_ports(host: Host, rule: Operation) -> list[Port]:
    """The ports where a rule on methods or paths would see no requests."""
    if not (rule.methods or rule.paths):
        return []
    return [port for port in host.ports if not port.is_http and rule.covers(port.port)]


def spoken(ports: list[Port]) -> str:
    """The protocols of `ports`, for people."""
    return " and ".join(sorted({port.protocol for port in ports}))
