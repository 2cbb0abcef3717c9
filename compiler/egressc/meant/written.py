"""What was meant by a value that the schema refuses: the same as the list writes it, or why it cannot be said.

The schema has the table (`x-written`). What this makes of it is looked at again by the schema, so that no fix is wrong.
"""

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Any

from egressc import hidden
from egressc.positions import plain
from egressc.schema import Part
from egressc.slips import nearest

Valid = Callable[[Part, Any], bool]
GROUP = re.compile(r"\\([0-9])")
QUOTES = "\"'\u201c\u201d\u2018\u2019"
BETWEEN = re.compile(r"[\s,;]+")
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
    if not isinstance(given, dict | list):
        known = _known(part, given, valid)
        if known:
            return known
    if isinstance(given, str) and hidden.value(given) != given:
        return None  # what is secret in it would be in the fix, or in a part of it that no longer looks so
    found = _in_a_list(part, given, valid) if "array" in _types(part) else None
    if found:
        return found
    return next((Meant(value) for value in _tidy(part, given) if valid(part, value)), None)


def _known(part: Part, given: Any, valid: Valid) -> Meant | None:
    """By the schema's own table."""
    text = _text(given)
    for row in part.get("x-written", ()):
        match = re.fullmatch(row["as"], text, re.IGNORECASE)
        if match and "write" not in row:
            return Meant(remark=str(_filled(row["use"], match)), impossible=row["because"])
        if match and hidden.value(text) == text:
            value = _filled(row["write"], match)
            value = value if valid(part, value) or not isinstance(value, str) else value.lower()
            if valid(part, value) or "<" in str(value):
                return Meant(value, _filled(row.get("remark", ""), match))
    return None


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
        known = _known(items, one, valid) if not isinstance(one, dict | list) else None
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
        name = items.get("x-name")
        if name and name not in given and all(value is None or isinstance(value, dict) for value in given.values()):
            return [
                {name: key} | (value or {}) if value or "string" not in _types(items) else key
                for key, value in given.items()
            ]
        return [given]
    if isinstance(given, str):
        return [one for one in BETWEEN.split(given.strip().strip("[](){}")) if one] or [given]
    return [given]


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
    if "integer" in types and (isinstance(given, str) and given.strip().isdecimal() and len(given) < 10):
        yield int(given)
    if "integer" in types and isinstance(given, float) and given == int(given):
        yield int(given)
    if "boolean" in types and str(given).lower() in TRUTH:
        yield TRUTH[str(given).lower()]


def _types(part: Part) -> tuple[str, ...]:
    given = part.get("type", ())
    return (given,) if isinstance(given, str) else tuple(given)


def _text(given: Any) -> str:
    if isinstance(given, bool) or given is None:
        return {True: "true", False: "false", None: ""}[given]
    return str(given).strip()
