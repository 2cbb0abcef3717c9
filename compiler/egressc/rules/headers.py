"""Headers that a list may change, each once, and credentials that stay secret."""

from collections.abc import Iterator

from egressc import hidden
from egressc.findings import Code, Finding
from egressc.flow import flow
from egressc.model import Credential, HeaderChanges, Headers, Host, Inventory
from egressc.rules.wildcards import FOR_ALL_NAMES

# RFC 9110, 7.6.1, and what HTTP/1.1 adds: they describe one connection or message, and Envoy writes them itself
HOP_BY_HOP = frozenset(
    ("connection", "content-length", "keep-alive", "proxy-connection", "te", "trailer", "transfer-encoding", "upgrade")
)
MESH = ("x-envoy-", "x-istio-", "x-forwarded-client-cert")

NOT_OURS = Code(
    "EG240",
    "a header that is not the list's to change",
    "Some headers describe one connection or message, and Envoy writes them itself. Others are the mesh's own: no "
    "upstream sees them. `Host` follows from the entry.",
)
CHANGED_TWICE = Code(
    "EG241",
    "a header that is changed twice",
    "A header is set, removed or kept. Header names are the same in lower and upper case.",
)
SECRET_VALUE = Code(
    "EG242",
    "a secret in the list itself",
    "A value in the list can be read in Git, in Helm's release and in the mesh's routes. `headers.credential` takes "
    "it from a Secret, and it stands nowhere else. `notSecret` names headers that only look like one.",
)
NOT_SET = Code(
    "EG109",
    "no secret, of a header that nobody sets",
    "`notSecret` says of a header of `set` that its value is no secret. Of another header it says nothing, and would "
    "look as if it did.",
)
ADOPTED = Code(
    "EG243",
    "a credential that cannot be mounted",
    "The gateway's pod mounts the Secret of a credential. Nothing can be mounted into pods that run already.",
)
UNVERIFIED = Code(
    "EG244",
    "a credential for an upstream that nobody verifies",
    "Where nobody verifies the upstream's certificate, whoever answers in its place is sent the credential.",
    "warning",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Headers that are not the list's, that are changed twice, and secrets that somebody else would learn."""
    headers = host.headers
    if headers is None:
        return
    yield from _named(headers)
    yield from _once(headers.request, headers.credential)
    yield from _once(headers.response, None)
    yield from _secrets(headers.request)
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
            given = headers.request.set.get(name) if name.lower() == "host" else None
            fix = f"write `headers: {{host: {given}}}`" if given else "remove it"
            yield NOT_OURS(where, f"the list cannot change `{name}`: {reason}", fix)


def _secrets(changes: HeaderChanges) -> Iterator[Finding]:
    """Headers that look secret by name or value, but for those that the list says are none."""
    known = {name.lower() for name in changes.not_secret}
    for name, value in changes.set.items():
        if name.lower() not in known and (hidden.names_a_secret(name) or hidden.is_token(value)):
            message = f"`{name}` looks secret, and can be read in Git, in Helm's release and in the mesh's routes"
            scheme = value.partition(" ")[0] + " " if " " in value and hidden.is_token(value) else ""
            credential = {"name": name} | ({"prefix": scheme} if scheme else {}) | {"secret": "<the Secret>"}
            fix = f"keep it in a Secret: `headers: {{credential: {flow(credential)}}}`"
            fix += f"; if it is none, add `notSecret: [{flow(name)}]`"
            yield SECRET_VALUE(changes.at("set", name), message, fix)
    for index, name in enumerate(changes.not_secret if changes.own("notSecret") else ()):
        if name.lower() not in {one.lower() for one in changes.set}:
            yield NOT_SET(changes.at("notSecret", index), f"`set` has no `{name}`", "remove it, or set the header")


def _reserved(name: str, answered: bool) -> str | None:
    """Why nobody may change the header `name` of requests or, where `answered`, of responses."""
    if name in HOP_BY_HOP:
        return "the header belongs to one connection, and Envoy writes it itself"
    if name.startswith(MESH):
        return "the header is the mesh's own, and no upstream sees it"
    if name == "host" and not answered:
        return "the Host that the upstream gets is `headers.host`"
    if name == "server" and answered:
        return "Envoy writes it itself"
    return None


def _once(changes: HeaderChanges, credential: Credential | None) -> Iterator[Finding]:
    seen = {credential.name.lower(): "credential"} if credential else {}
    for key in ("set", "remove", "keep"):
        names = [name.lower() for name in getattr(changes, key)]
        for index, name in enumerate(getattr(changes, key)):
            before = seen.setdefault(name.lower(), key)
            if before != key or names.index(name.lower()) != index:
                where = changes.at(key, name if key == "set" else index)
                fix = "keep one of the two: `set` replaces what the application sent"
                if before == "credential":
                    fix = "remove it: the credential replaces what the application sent"
                again = "twice" if before == key else f"in `{before}` and"
                yield CHANGED_TWICE(where, f"`{name}` stands {again} in `{key}`", fix)


def _credential(host: Host, credential: Credential) -> Iterator[Finding]:
    if host.shared and host.shared.adopt:
        message = f"{host.shared.name} is adopted: no credential can be mounted into pods that run already"
        yield ADOPTED(credential.at("secret"), message, f"give {host.host} a gateway of its own")
    if host.per_name:
        message = f"whoever has a name below {host.host[2:]} is sent this credential"
        fix = "list the hosts that need the credential by their names"
        yield FOR_ALL_NAMES(credential.at("secret"), message, fix)
    for port in host.ports:
        if port.is_http and port.tls.unverified:
            message = f"nobody verifies {host.host}:{port.port}: whoever answers there learns this credential"
            fix = "let the gateway verify the upstream: `tls: {mode: simple}`"
            yield UNVERIFIED(credential.at("secret"), message, fix)
