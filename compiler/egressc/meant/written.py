"""What was meant by a value that the schema refuses: the same as the list writes it, or why it cannot be said.

The schema has the table (`x-written`). What this makes of it is looked at again by the schema, so that no fix is wrong.
"""

import re
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egressc import hidden
from egressc.flow import flow
from egressc.positions import plain
from egressc.schema import Part
from egressc.slips import nearest

Valid = Callable[[Part, Any], bool]
GROUP = re.compile(r"\\([0-9])")
QUOTES = "\"'\u201c\u201d\u2018\u2019"
BETWEEN = re.compile(r"[\s,;]+")
IN_A_NAME = re.compile(r"[\s,;:|]+")  # where no name has a colon
NUMBER = re.compile(r"0x[0-9a-f]+|0o[0-7]+|0b[01]+|[1-9][0-9]*(_[0-9]+)+", re.IGNORECASE)
TRUTH = dict.fromkeys(("yes", "on", "1", "y", "true"), True) | dict.fromkeys(("no", "off", "0", "n", "false"), False)
#: What stands where only the writer knows the value.
_BEGIN = r"(to ?-?do|t\.?b\.?[dac]|fix ?me|change ?me|x{3,}|lorem ipsum)\b.*"
_EMPTY = r"place ?holder|none|n/?a|unknown|foo|bar|test(ing)?|dummy|asdf+|because( i say so)?|(?P<one>.)(?P=one)*"
_ITSELF = r"(the |a |some |your |my )*(reason|why|explanation|justification|text):?( here| why)?"
PLACEHOLDER = re.compile(rf"\W*({_BEGIN}|{_EMPTY}|{_ITSELF})\W*|\W*", re.IGNORECASE | re.DOTALL)
LEFT = re.compile(r"<[^<>:/]*>|\$?\{+[^{}]*\}+|\$\w+|%\w+%")


@dataclass(frozen=True, slots=True)
class Meant:
    """A value to write, with a remark on it; or, where `impossible`, why none can be, and what to do instead."""

    value: Any = None
    remark: str = ""
    impossible: str = ""


def joined(remark: str) -> str:
    """`remark` behind what to write."""
    return f" {remark}" if remark.startswith("if ") else f"; {remark}" if remark else ""


def is_placeholder(text: str) -> bool:
    """Whether nobody has put a value, or words of their own, in the place of `text`."""
    return bool(PLACEHOLDER.fullmatch(text.strip()) or LEFT.search(text))


def meant(part: Part, given: Any, valid: Valid) -> Meant | None:
    """What to write for `given`, which `part` of the schema refuses, None where nobody can know."""
    known = in_the_table(part, given, valid) or _single(part, given, valid)
    if known:
        return known
    if isinstance(given, str) and hidden.value(given) != given:
        return None  # what is secret in it would be in the fix, or in a part of it that no longer looks so
    found = _in_a_list(part, given, valid) if "array" in _types(part) else None
    if found:
        return found
    return next((Meant(value) for value in _tidy(part, given) if valid(part, value)), None)


def in_the_table(part: Part, given: Any, valid: Valid) -> Meant | None:
    """What to write for `given` by the schema's own table, which need not know it."""
    if isinstance(given, list) or "x-written" not in part:
        return None
    text = _text(given)
    for row in part["x-written"]:
        match = re.fullmatch(row["as"], text, re.IGNORECASE)
        if match and "write" not in row:
            return Meant(remark=str(_filled(row["use"], match)), impossible=row["because"])
        if match and hidden.value(text) == text:
            for one in (match, re.fullmatch(row["as"], text.lower(), re.IGNORECASE)):
                value = _filled(row["write"], one) if one else None
                if one and (valid(part, value) or "<" in str(value)):
                    return Meant(value, _filled(row.get("remark", ""), one))
    return None


def _single(part: Part, given: Any, valid: Valid) -> Meant | None:
    """The mapping whose one key such a value is for."""
    key = part.get("x-single")
    if key is None or given is None or isinstance(given, dict | list | bool):
        return None
    field = part["properties"][key]
    found = Meant(given) if valid(field, given) else meant(field, given, valid)
    return found if not found or found.impossible else Meant({key: found.value}, found.remark)


def _filled(template: Any, match: re.Match[str]) -> Any:
    """`template` with the groups of `match` in the place of their numbers; decimal ones become numbers."""
    if isinstance(template, dict):
        return {key: _filled(value, match) for key, value in template.items()}
    if isinstance(template, list):
        return [_filled(value, match) for value in template]
    if not isinstance(template, str):
        return template
    text = GROUP.sub(lambda group: match[int(group[1])] or "", template)
    return int(text) if text.isdecimal() and template != text and len(text) < 10 else text


def _in_a_list(part: Part, given: Any, valid: Valid) -> Meant | None:
    """One item where several could be, several in one text, or items under their names."""
    items = part.get("items")
    if not isinstance(items, dict) or given is None:
        return None
    parts = _parts(items, given)
    values, remarks = [], []
    for one in parts:
        known = in_the_table(items, one, valid) if not isinstance(one, dict) or not valid(items, one) else None
        found = known or (Meant(plain(one)) if valid(items, one) else meant(items, one, valid))
        if found is None or found.impossible:
            return found
        values += [found.value] if found.value not in values else []
        remarks += [found.remark] if found.remark and found.remark not in remarks else []
    return Meant(values, "; ".join(remarks)) if values and (valid(part, values) or "<" in str(values)) else None


def _parts(items: Part, given: Any) -> list[Any]:
    if isinstance(given, list):
        return [below for one in given for below in (one if isinstance(one, list) else [one])]
    if isinstance(given, dict):
        return _by_name(items, given)
    if isinstance(given, str):
        between = IN_A_NAME if "enum" in items else BETWEEN
        return [one for one in between.split(given.strip().strip("[](){}")) if one] or [given]
    return [given]


def _by_name(items: Part, given: dict[str, Any]) -> list[Any]:
    """The items of a mapping that has them under their names, `{http: 80, https: 443}`."""
    name = items.get("x-name")
    if not name or name in given:
        return [given]
    values = [*given.values()]
    if all(value is None or isinstance(value, dict) for value in values):
        whole = [
            named(items, key, value or {}) if value or "string" not in _types(items) else key
            for key, value in given.items()
        ]
        single = [{key: next(iter(value.values()))} for key, value in given.items() if value and len(value) == 1]
        return (
            single
            if len(single) == len(given) and "properties" in items and all(name in value for value in values)
            else whole
        )
    if f"{name}s" in given and len(given) == 1 and isinstance(values[0], list):
        return values[0]
    pairs = [(key, one) for key, value in given.items() for one in (value if isinstance(value, list) else [value])]
    apart = [{key: one} for key, one in pairs]
    return [given] if any(key in items.get("properties", ()) for key in given) else apart


def named(items: Part, key: str, rest: Mapping[str, Any]) -> dict[str, Any]:
    """The item that is written under its name `key`, as in `{443: {protocol: TLS}}`, with the `rest` of it."""
    name = items["x-name"]
    is_number = "integer" in _types(items["properties"][name]) and key.isdecimal()
    return {name: int(key) if is_number else key, **plain(rest)}


def _tidy(part: Part, given: Any) -> Iterator[Any]:
    """The same in other letters or as another type."""
    yield from _of_another_type(_types(part), given)
    if isinstance(given, str):
        if "enum" in part:
            close = nearest(given, [str(option) for option in part["enum"]])
            yield from (option for option in part["enum"] if str(option) == close)
        elif "pattern" in part:
            tidy = given.strip().strip(QUOTES)
            yield from (tidy, tidy.lower(), tidy.upper(), tidy.lower().replace("_", "-"))


def _of_another_type(types: tuple[str, ...], given: Any) -> Iterator[Any]:
    if isinstance(given, list) and len(given) == 1 and "array" not in types:
        yield plain(given[0])
    if isinstance(given, dict) and len(given) == 1 and "object" not in types:
        # `{name: partners}`, `{address: 192.0.2.1}`; in `{shop: [cart]}` the key says something too
        yield from (value for value in given.values() if not isinstance(value, dict | list))
    if "string" in types and isinstance(given, int | float) and not isinstance(given, bool):
        yield _text(given)
    if (
        "integer" in types
        and isinstance(given, str)
        and (_number(given) or given.strip()).isdecimal()
        and len(given) < 12
    ):
        yield int(_number(given) or given)
    if "integer" in types and isinstance(given, float) and given == int(given):
        yield int(given)
    if "boolean" in types and str(given).lower() in TRUTH:
        yield TRUTH[str(given).lower()]


def _types(part: Part) -> tuple[str, ...]:
    given = part.get("type", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _text(given: Any) -> str:
    """`given` as the table has it: a mapping in one line, a number in decimal."""
    if isinstance(given, bool) or given is None:
        return {True: "true", False: "false", None: ""}[given]
    if isinstance(given, dict):
        return flow(plain(given))
    text = str(given).strip()
    return _number(text) or text


def _number(text: str) -> str:
    """A number that is written by another base, or with underscores, in decimal; empty for all else."""
    return str(int(text, 0)) if len(text) < 12 and NUMBER.fullmatch(text) else ""
