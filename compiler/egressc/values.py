"""Why a value is refused by its part of the schema, and what to write instead."""

import json
import re
from collections.abc import Callable
from typing import Any

from egressc.findings import Code
from egressc.flow import flow
from egressc.hostname import short
from egressc.meant.written import Meant, joined, meant
from egressc.positions import plain
from egressc.schema import Part
from egressc.unreadable import NOT_ALLOWED, WRONG_TYPE
from egressc.validator import valid

NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

ITEMS = Code(
    "EG107",
    "more, fewer or other items than allowed",
    "The list or mapping is empty, too long, or names something twice. Leave the key out where there is nothing to "
    "say.",
)


def _wrong_type(error: Any) -> tuple[Code, str, str]:
    expected = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    wanted = " or ".join(NAMES[kind] for kind in expected)
    given = error.instance
    message = f"{short(json.dumps(given, ensure_ascii=False))} is not {wanted}"
    return _mended(WRONG_TYPE, message, error)


def _mended(code: Code, message: str, error: Any) -> tuple[Code, str, str]:
    """The finding with what was meant, or with why that is impossible."""
    found = meant(error.schema, error.instance, valid)
    if isinstance(error.instance, list) and error.instance and not found:
        if "x-several" in error.schema:
            return code, message, f"write `{error.schema['x-several']}: {flow(plain(error.instance))}`"
        if "array" not in error.schema["type"]:
            items = ", ".join(f"`{flow(plain(item))}`" for item in error.instance)
            return code, message, f"leave out the inner brackets: {items}"
    if several := not found and _apart(error):
        return code, message, f"write an item for each: {several}"
    if error.instance is None and not found:
        return code, message, f"leave it out, or {instead(error.schema)}"
    if found and found.impossible:
        return code, f"{show(error.instance)} is not possible: {found.impossible}", found.remark
    return code, message, _write(found) if found else instead(error.schema)


def _apart(error: Any) -> str:
    """The items that are written as one, `shop, payments`."""
    path, given = error.absolute_path, error.instance
    if not isinstance(given, str) or not path or not isinstance(path[-1], int):
        return ""
    words = [word for word in re.split(r"[\s,;]+", given) if word.strip("-")]
    if len(words) < 2 or not all(valid(error.schema, word) for word in words):
        return ""
    return ", ".join(f"`{flow(word)}`" for word in words)


def _write(found: Meant) -> str:
    return f"write `{flow(found.value)}`" + joined(found.remark)


def _not_known(error: Any) -> tuple[Code, str, str]:
    if not isinstance(error.instance, str):
        return not_allowed(error)
    found = meant(error.schema, error.instance, valid)
    if found:
        return _mended(NOT_ALLOWED, f"{show(error.instance)} is not known", error)
    fix = f"write one of {', '.join(map(str, error.validator_value))}"
    return NOT_ALLOWED, f"{show(error.instance)} is not known", fix


def _wrong_length(error: Any) -> tuple[Code, str, str]:
    limit = f"at {'least' if error.validator == 'minLength' else 'most'} {error.validator_value}"
    message = f"{show(error.instance)} has {len(error.instance)} characters: it needs {limit}"
    return _mended(NOT_ALLOWED, message, error)


def _wrong_number_of_items(error: Any) -> tuple[Code, str, str]:
    problems = {
        "minItems": "the list is empty",
        "maxItems": f"the list has more than {error.validator_value} items",
        "uniqueItems": "the list has an item twice",
        "minProperties": "the mapping is empty",
        "maxProperties": f"only {error.validator_value} of its keys can hold",
    }
    fix = instead(error.schema)
    if error.validator == "uniqueItems":
        once = {json.dumps(item, sort_keys=True): plain(item) for item in error.instance}
        fix = f"write `{flow([*once.values()])}`"
    if error.validator.startswith("min"):
        fix = f"leave it out, or {fix}"
    if error.validator == "maxProperties":
        fix = f"keep {error.validator_value} of {', '.join(f'`{key}`' for key in error.instance)}"
    return ITEMS, problems[error.validator], fix


def not_allowed(error: Any) -> tuple[Code, str, str]:
    """What no other handler knows."""
    return _mended(NOT_ALLOWED, f"{show(error.instance)} is not allowed", error)


def of_a_key(part: Part, key: str) -> str:
    """What to write for a key that must have the form of `part`."""
    found = meant(part, key, valid)
    return _write(found) if found and not found.impossible else instead(part)


def instead(part: Part) -> str:
    """What a value looks like that `part` of the schema takes."""
    fix = f"write for example `{flow(part['examples'][0])}`"
    if "minimum" in part:
        fix += f", from {part['minimum']}" + (f" to {part['maximum']}" if "maximum" in part else "")
    if "x-hint" in part:
        fix += f" ({part['x-hint'][0].lower()}{part['x-hint'][1:].rstrip('.')})"
    return fix


def show(value: Any) -> str:
    """`value` as a message shows it."""
    return short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))


#: By the keyword of the schema that refuses: the code, the message and the fix.
EXPLAIN: dict[str, Callable[[Any], tuple[Code, str, str]]] = {
    "type": _wrong_type,
    "enum": _not_known,
    "minLength": _wrong_length,
    "maxLength": _wrong_length,
    "minItems": _wrong_number_of_items,
    "maxItems": _wrong_number_of_items,
    "uniqueItems": _wrong_number_of_items,
    "minProperties": _wrong_number_of_items,
    "maxProperties": _wrong_number_of_items,
}
