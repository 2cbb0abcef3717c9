"""Keys that nobody reads where they stand: what was meant, where they belong, or why no list can say it."""

import re
from collections.abc import Iterator
from typing import Any

from egressc import hidden
from egressc.findings import Code, Finding, Span
from egressc.flow import flow, pairs
from egressc.hostname import short
from egressc.meant import cilium, texts
from egressc.meant.belongs import Move, Path, around, known, moves, same_level
from egressc.meant.written import Valid, in_the_table, joined, meant, named
from egressc.positions import Mapping, locate, plain
from egressc.schema import Part
from egressc.slips import NEAR, SURE, nearest

Said = tuple[str, str]  # what is wrong with a key, and the fix
SHOWN = 12  # keys that a fix lists

UNKNOWN_KEY = Code(
    "EG101",
    "unknown key",
    "A key that nobody reads would look as if it held. [The host list](hosts.md) has all keys.",
)


def explain(document: Any, path: Path, part: Part, valid: Valid) -> Iterator[Finding]:
    """A finding for each key of the mapping at `path` that `part` does not have, one for those that belong together."""
    data = locate_data(document, path)
    strays = {key: value for key, value in data.items() if key not in part["properties"]}
    if said := _whole(part, data, strays, valid):
        yield _at(document, path, next(iter(strays)), *said)
        return
    if "toFQDNs" in strays or "toPorts" in strays:
        for key, theirs in cilium.explain(strays):
            yield _at(document, path, key, *theirs)
            del strays[key]
    left: dict[str, Any] = {}
    for key, value in strays.items():
        said = _no_blank(part, key, value) or _several(part, data, path, key) or _refused(part, key, value)
        if not said and not (len(strays) > 1 and known(key)):
            said = _same(part, data, key, valid, SURE)
        said = said or next(filter(None, (_refused(one, key, value) for one in around(path, key))), None)
        if said:
            yield _at(document, path, key, *said)
        else:
            left[key] = value
    for keys, move in moves(document, path, left, valid).items():
        yield _moved(document, path, keys, move)
        for key in keys:
            del left[key]
    for key, value in left.items():
        near = _same(part, data, key, valid, NEAR)
        yield _at(document, path, key, *(near or ("is not a key here", _otherwise(part, data, key, value))))


def stands_for(data: Mapping, key: str, part: Part) -> bool:
    """Whether a slip in `data` was meant to be `key`, so that the slip is what is wrong."""
    strays = [other for other in data if other not in part["properties"]]
    by_name = "x-name" in part and part["x-name"] == key and bool(strays)
    return (
        by_name
        or any(nearest(other, part["properties"]) == key for other in strays)
        or any(same_level(part, other) == key for other in strays)
    )


def locate_data(document: Any, path: Path) -> Any:
    """What stands at `path`, which is there."""
    for step in path:
        document = document[step]
    return document


def _whole(part: Part, data: Mapping, strays: dict[str, Any], valid: Valid) -> Said | None:
    """What stands for the whole mapping: its name as its only key, or the form that another tool gives it."""
    if item := _named(part, data, strays, valid):
        return "is a value here, and not a key", f"write `{item}`"
    found = in_the_table(part, data, valid)
    return ("is not a key here", f"write `{pairs(found.value)}`") if found and not found.impossible else None


def _named(part: Part, data: Mapping, strays: dict[str, Any], valid: Valid) -> str:
    """The item whose name stands as its only key, as it should be written."""
    name = part.get("x-name")
    if not name or len(data) != 1 or not strays:
        return ""
    (key, value), *_ = strays.items()
    if same_level(part, key) or isinstance(value, list):
        return ""
    if not (value is None or isinstance(value, Mapping)):
        found = meant(part, data, valid)
        return pairs(found.value) if found and not found.impossible and isinstance(found.value, dict) else ""
    whole = named(part, key, value or {})
    if value is None and "string" in part.get("type", ()):
        return flow(key) if valid(part, key) else ""
    return flow(whole) if valid(part, whole) else ""


def _no_blank(part: Part, key: str, value: Any) -> Said | None:
    """`-host: a.example.com`, the first key of an item."""
    name = key.lstrip("- ")
    items = part if name in part["properties"] else part["properties"].get("hosts", {}).get("items", {})
    if name == key or name not in items.get("properties", ()):
        return None
    return "has no blank behind its dash", f"write `{'- ' if items is not part else ''}{name}: {flow(plain(value))}`"


def _several(part: Part, data: Mapping, path: Path, key: str) -> Said | None:
    """`namespaces: [shop, web]` of an item that names one."""
    one = key.removesuffix("s")
    values = data[key]
    if one == key or same_level(part, key) or one not in part["properties"] or not isinstance(path[-1], int):
        return None
    if not isinstance(values, list) or len(values) < 2:
        return None
    rest = {name: plain(value) for name, value in data.items() if name not in (key, one)}
    return "is not a key here", "write an item for each: " + " and ".join(
        f"`{flow({one: value} | rest)}`" for value in values
    )


def _refused(part: Part, key: str, value: Any) -> Said | None:
    for refused in part.get("x-refused", ()):
        if key in refused["keys"] and refused.get("is", value) == value:
            written = flow({key: plain(value)})[1:-1]
            inner = pairs(plain(value)) if isinstance(value, dict) else "<its settings>"
            use = refused["use"].format(key=written, value=flow(plain(value)), inner=inner)
            problem = "is not a key here" if use.startswith("write `") else "is not possible"
            return f"{problem}: {refused['because']}", use if " " in use else f"use {use}"
    return None


def _same(part: Part, data: Mapping, key: str, valid: Valid, near: float) -> Said | None:
    """The field of this mapping that was meant by the key of `data`."""
    value = data[key]
    name = same_level(part, key) or nearest(key, part["properties"], near)
    if name is None:
        return None
    field = part["properties"][name]
    problem = "is not a key here"
    if name in data and (valid(field, value) or not known(key)):
        return problem, f"remove it: `{name}` says it already"
    wrapped = isinstance(value, dict) and len(value) == 1 and {*value} <= {*field.get("x-also", ())}
    if wrapped and not {*value} & {*field.get("properties", ())}:
        return problem, f"write `{name}: {flow(plain(next(iter(value.values()))))}`"
    found = None if valid(field, value) else meant(field, value, valid)
    if found and not found.impossible:
        return problem, f"write `{name}: {flow(found.value)}`{joined(found.remark)}"
    of_its_form = valid(field, value) or (isinstance(value, dict) and field.get("type") == "object")
    if of_its_form if same_level(part, key) else valid(field, value):
        return problem, f"did you mean `{name}`?"
    return _guess(field, name, value) if same_level(part, key) is None and near != SURE else _pasted(field, name, value)


def _pasted(field: Part, name: str, value: Any) -> Said | None:
    if isinstance(value, str) and field.get("x-explain") == "hostname" and (hosts := texts.read(value).hosts):
        return "is not a key here", f"write `{name}: {flow(hosts[0])}`"
    return None


def _guess(field: Part, name: str, value: Any) -> Said:
    return _pasted(field, name, value) or ("is not a key here", f"did you mean `{name}`?")


def _moved(document: Any, path: Path, keys: tuple[str, ...], move: Move) -> Finding:
    said = " and ".join(short(key) for key in keys)
    message = f"{said} {'are not keys' if len(keys) > 1 else 'is not a key'} here"
    fix = (
        move.fix
        if len(keys) == 1
        else move.fix.replace("it belongs", "they belong", 1).replace("write it", "write them", 1)
    )
    if not path and isinstance(above := _above(document, keys[0]), str):
        fix = f"if it is of {above}, indent it below that host; for all hosts {fix}"
    return UNKNOWN_KEY(_key(document, path, keys[0]), message, fix)


def _above(document: Mapping, key: str) -> str | None:
    """The last host, where `key` stands behind it."""
    hosts = document.get("hosts")
    last = hosts[-1] if isinstance(hosts, list) and hosts else None
    behind = "hosts" in document.keys_at and document.keys_at[key] > document.keys_at["hosts"]
    return last.get("host") if behind and isinstance(last, Mapping) else None


def _otherwise(part: Part, data: Mapping, key: str, value: Any) -> str:
    if "x-any" in part and isinstance(value, str) and re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_.-]*", key):
        if hidden.names_a_secret(key) or hidden.is_token(value):
            credential = {"name": key, "secret": "<the Secret>"}
            return f"keep its value in a Secret, and write `headers: {{credential: {flow(credential)}}}` at the host"
        way = part["x-any"]
        content: Any = dict(plain(data.get(way[0]) or {})) if way[0] in data else {}
        inner = content
        for step in way[1:]:
            inner = inner.setdefault(step, {})
        inner[key] = value
        return f"write `{way[0]}: {flow(content)}`"
    names = list(part["properties"])
    if len(names) > SHOWN:
        return "remove it, or write one of the keys that docs/hosts.md has for this place"
    return f"the keys here are {', '.join(names)}"


def _at(document: Any, path: Path, key: str, problem: str, fix: str) -> Finding:
    return UNKNOWN_KEY(_key(document, path, key), f"{short(key)} {problem}", fix)


def _key(document: Any, path: Path, key: str) -> Span:
    return locate(document, (*path, key), key=True)
