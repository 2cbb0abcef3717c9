"""Texts that are no host where a list needs one: why, and what to write."""

from typing import Any

from egressc.findings import Code, Finding, Span
from egressc.flow import flow, pairs
from egressc.hostname import short
from egressc.meant import schemes
from egressc.meant.pasted import Pasted
from egressc.meant.texts import read
from egressc.meant.written import joined
from egressc.positions import locate, plain

Path = tuple[str | int, ...]

NOT_A_NAME = Code(
    "EG105",
    "not a host name",
    "A host is a full DNS name in lower case, without scheme, port, path or last dot. Istio matches names letter by "
    "letter, so that another spelling would be another host.",
)
NO_WILDCARD = Code(
    "EG106",
    "a wildcard where none can be",
    "A wildcard is a `host` that begins with `*.`, and stands for every name below a domain. Nothing else of a list "
    "can be one.",
)


def explain(document: Any, path: Path, text: str) -> Finding:
    """Why `text`, which stands at `path` of a list, is not a host there."""
    item = len(path) == 2 and path[0] == "hosts"
    entry = document["hosts"][path[1]] if path[:1] == ("hosts",) and len(path) > 1 else {}
    given = entry if isinstance(entry, dict) and "clients" in entry else document.get("defaults")
    clients = given.get("clients") if isinstance(given, dict) else None
    form = "item" if item else "host" if path[-1] == "host" and len(path) == 3 else "name"
    if "hosts" in path[2:]:
        form = "one"
    return finding(text, locate(document, path), form, clients)


def finding(text: str, span: Span, form: str = "name", clients: Any = None) -> Finding:
    """Why `text` is no host at `span`: of `form` item, host (the value of that key), one (of `hosts`) or name."""
    found = read(text)
    code = NO_WILDCARD if "*" in text else NOT_A_NAME
    if form == "name" and any("*" in host for host in found.hosts):
        fix = f"write `{flow(found.hosts[0])}` as a `host`; this key takes one full name"
        return code(span, f"{short(text)} is a wildcard", fix)
    message = f"{short(text)} {found.problem}" if text.strip() else "the name is empty"
    return code(span, message, _fix(found, form, clients))


def _fix(found: Pasted, form: str, clients: Any) -> str:
    if not found.hosts:
        return found.remark
    if form == "name":
        return f"write `{flow(found.hosts[0])}`"
    beside, remark = dict(found.beside), found.remark
    if remark == schemes.IF_HTTP and form == "item":
        remark = f"for applications that say https://, write `{flow({'host': found.hosts[0], 'speaks': 'https'})}`"
    remarks = (
        [remark] if remark and not (found.path and remark.startswith(("for", "if applications say https"))) else []
    )
    if found.path:
        limited = _limited(clients, found.path)
        if limited and form == "item":
            beside["clients"] = limited
            remarks.append("a path belongs to the clients, and the gateway sees it if they say http://")
        else:
            remarks.append(
                f"the path belongs to its clients: without `paths: {flow(_paths(found.path))}` there all paths are open"
            )
    written = _written(found.hosts, beside, form)
    return written + "".join(map(joined, remarks))


def _written(hosts: tuple[str, ...], beside: dict[str, Any], form: str) -> str:
    if form == "item":
        whole = {"host": hosts[0]} if len(hosts) == 1 else {"hosts": list(hosts)}
        return f"write `{flow(hosts[0] if len(hosts) == 1 and not beside else whole | beside)}`"
    if form == "host":
        more = "".join(f", and `{pairs({key: value})}` beside it" for key, value in beside.items())
        return (f"write `host: {flow(hosts[0])}`" if len(hosts) == 1 else f"write `hosts: {flow(hosts)}`") + more
    more = f", in an entry of its own with `{pairs(beside)}`" if beside and form == "one" else ""
    return f"write {' and '.join(f'`{flow(host)}`' for host in hosts)}{more}"


def _paths(path: str) -> list[str]:
    return [path] if path.endswith("*") else [path, path.rstrip("/") + "/*"]


def _limited(clients: Any, path: str) -> list[Any]:
    """`clients` with these paths, empty where they have some or cannot have any."""
    if not isinstance(clients, list):
        return []
    limited = [{"namespace": one} if isinstance(one, str) else plain(one) for one in clients]
    if any(not isinstance(one, dict) or "paths" in one for one in limited):
        return []
    return [one | {"paths": _paths(path)} for one in limited]
