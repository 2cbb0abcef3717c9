"""Headers that a list may change, each once, and credentials that stay secret."""

import re
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Credential, HeaderChanges, Headers, Host, Inventory

# RFC 9110, 7.6.1, and what HTTP/1.1 adds: they describe one connection or message, and Envoy writes them itself
HOP_BY_HOP = frozenset(
    ("connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
MESH = ("x-envoy-", "x-istio-", "x-forwarded-client-cert")
# words that name a secret, also written together, as in apikey and sessionid
SECRET = re.compile(
    r"(access|api|app|auth|client|id|jwt|license|master|php|private|refresh|secret|sess(ion)?|shared|subscription)*"
    r"(auth(entication|orization)?|bearer|cookie|cred(ential)?|hmac|jwt|key|otp|pass(phrase|word|wd)|pin|pwd|secret|sess(ion)?|"
    r"sessid|sig(nature)?|sessionid|token)s?[0-9]*"
)
# a key that opens nothing, by the word before it
OPEN_KEY = re.compile(
    r"(cache|correlation|idempotency|message|object|partition|public|routing|shard|sort|surrogate|websocket)[-_]?keys?"
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG240 to EG244 and, for a credential of a wildcard, EG236."""
    headers = host.headers
    if headers is None:
        return
    yield from _named(headers)
    yield from _once(headers.request, headers.credential)
    yield from _once(headers.response, None)
    for name in headers.request.set:
        if _secret(name.lower()):
            message = f"`{name}` in the list: the value is readable in Git, in Helm's release and in the mesh's routes"
            fix = "keep it in a Secret: `headers: {credential: {name: " + name + ", secret: partner-token}}`"
            yield Finding(headers.request.at("set", name), "EG242", message, fix, "warning")
    if headers.credential:
        yield from _credential(host, headers.credential)


def _named(headers: Headers) -> Iterator[Finding]:
    places = [
        (changes.at(key, name if key == "set" else index), name, changes is headers.response)
        for changes in (headers.request, headers.response)
        for key, names in (("set", changes.set), ("remove", changes.remove))
        for index, name in enumerate(names)
    ]
    if headers.credential:
        places.append((headers.credential.at("name"), headers.credential.name, False))
    for where, name, answered in places:
        reason = _reserved(name.lower(), answered)
        if reason:
            yield Finding(where, "EG240", f"`{name}` is not the list's to change: {reason}", "remove it")


def _reserved(name: str, answered: bool) -> str | None:
    """Why nobody may change the header `name` of requests or, where `answered`, of responses."""
    if name in HOP_BY_HOP:
        return "it belongs to one connection, and Envoy writes it itself"
    if name.startswith(MESH):
        return "it is the mesh's own, and no upstream sees it"
    if name == "host" and not answered:
        return "the gateway asks the upstream for the host of the entry"
    if name == "server" and answered:
        return "Envoy writes it itself"
    return None


def _secret(name: str) -> bool:
    """Whether the header `name` is of a kind that carries a secret."""
    words = re.split(r"[-_.]", OPEN_KEY.sub("", name))
    return any(SECRET.fullmatch(word) for word in words)


def _once(changes: HeaderChanges, credential: Credential | None) -> Iterator[Finding]:
    seen = {credential.name.lower(): "credential"} if credential else {}
    for key in ("set", "remove", "keep"):
        names = [name.lower() for name in getattr(changes, key)]
        for index, name in enumerate(getattr(changes, key)):
            before = seen.setdefault(name.lower(), key)
            if before != key or names.index(name.lower()) != index:
                where = changes.at(key, name if key == "set" else index)
                fix = "keep one of the two: what is set replaces what the application sent"
                if before == "credential":
                    fix = "remove it: the credential replaces whatever stands there"
                again = "twice" if before == key else f"in `{before}` and"
                yield Finding(where, "EG241", f"`{name}` {again} in `{key}`", fix)


def _credential(host: Host, credential: Credential) -> Iterator[Finding]:
    if host.shared and host.shared.adopt:
        message = (
            f"a credential at {host.shared.name}, which is adopted: nothing can be mounted into pods that run already"
        )
        fix = f"give {host.host} a gateway of its own"
        yield Finding(credential.at("secret"), "EG243", message, fix)
    if host.per_name:
        message = f"whoever has a name below {host.host[2:]} is sent this credential"
        fix = "list the hosts that need the credential by their names"
        yield Finding(credential.at("secret"), "EG236", message, fix, "warning")
    for port in host.ports:
        if port.is_http and port.tls.unverified:
            message = (
                f"a credential for {host.host}:{port.port}, which nobody verifies: whoever answers there learns it"
            )
            fix = "let the gateway verify the upstream: `tls: {mode: simple}`"
            yield Finding(credential.at("secret"), "EG244", message, fix, "warning")
