"""VALIDATE: the JSON schema's errors as findings at the exact key, with what to write instead."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from egressc import hostname
from egressc.findings import Code, Finding, Span
from egressc.positions import locate
from egressc.schema import Part, inlined, schema
from egressc.slips import nearest
from egressc.unreadable import NOT_ALLOWED, WRONG_TYPE

NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

UNKNOWN_KEY = Code(
    "EG101",
    "unknown key",
    "A key that nobody reads would look as if it held. [The host list](hosts.md) has all keys.",
)
MISSING_KEY = Code(
    "EG102",
    "a key is missing",
    "The mapping has no meaning without this key, and no default could give it one.",
)
ITEMS = Code(
    "EG107",
    "more, fewer or other items than allowed",
    "The list or mapping is empty, too long, or names something twice. Leave the key out where there is nothing to "
    "say.",
)


@cache
def _validator() -> Any:
    base = jsonschema.Draft202012Validator
    # JSON Schema takes 80.0 for a whole number; in a list it is a slip, and it would end up in names
    types = base.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    strict = extend(base, {"pattern": _pattern, "uniqueItems": _unique}, type_checker=types)  # type: ignore[no-untyped-call]
    # a reference costs a search for each value, and its target says less than the field
    return strict(inlined(schema()))


def _pattern(_: Any, pattern: str, given: Any, __: Any) -> Iterator[ValidationError]:
    # where re.search would do, Python's $ also lets a line break through
    if isinstance(given, str) and not re.fullmatch(pattern, given):
        yield ValidationError(pattern)


def _unique(_: Any, unique: bool, given: Any, __: Any) -> Iterator[ValidationError]:
    # jsonschema compares each item with each other as soon as one is no plain value
    if unique and isinstance(given, list) and len({json.dumps(item, sort_keys=True) for item in given}) < len(given):
        yield ValidationError("given twice")


def check(document: Any) -> tuple[list[Finding], frozenset[int]]:
    """What the host list's schema refuses in `document`, a Mapping as `source.load` returns it.

    Also the indexes of the hosts that are refused; -1 stands for what all hosts of the file depend on.
    """
    findings: list[Finding] = []
    broken: set[int] = set()
    errors = list(_validator().iter_errors(document))
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    for error in errors:
        # what else is wrong with a value of the wrong type goes without saying
        if error.validator == "type" or tuple(error.absolute_path) not in mistyped:
            findings += _explain(document, error)
        path = error.absolute_path
        if len(path) > 1 and path[0] == "hosts":
            broken.add(path[1])
        elif path or error.validator != "required":  # a missing `version` says nothing about the hosts
            broken.add(-1)
    return findings, frozenset(broken)


def _explain(document: Any, error: Any) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    part = error.schema
    if error.validator == "additionalProperties":
        for key in error.instance:
            if key not in part["properties"]:
                yield _unknown_key(locate(document, (*path, key), key=True), key, part)
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                example = _plain(part["properties"][key]["examples"][0])
                yield MISSING_KEY(locate(document, path), f"`{key}` is missing", f"add `{key}: {example}`")
    elif "propertyNames" in error.absolute_schema_path:
        key = error.instance
        message = f"{_name(path)}: {_show(key)} is not a {part['x-noun']}"
        yield NOT_ALLOWED(locate(document, (*path, key), key=True), message, _instead(part, key))
    elif error.validator in ("pattern", "maxLength") and part.get("x-explain") == "hostname":
        yield hostname.explain(error.instance, locate(document, path))
    else:
        code, message, fix = _VALUES.get(error.validator, _not_allowed)(error)
        yield code(locate(document, path), f"{_name(path)}: {message}", fix)


def _wrong_type(error: Any) -> tuple[Code, str, str]:
    expected = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    wanted = " or ".join(NAMES[kind] for kind in expected)
    given = error.instance
    message = f"{hostname.short(json.dumps(given, ensure_ascii=False))} is not {wanted}"
    if "string" in expected and isinstance(given, int | float):
        if re.fullmatch(error.schema.get("pattern", ".*"), _plain(given)):
            return WRONG_TYPE, message, "put the value in quotes"
    elif "integer" in expected and isinstance(given, str) and given.isdecimal():
        return WRONG_TYPE, message, f"write {given} without quotes"
    return WRONG_TYPE, message, _instead(error.schema, given)


def _not_known(error: Any) -> tuple[Code, str, str]:
    if not isinstance(error.instance, str):
        return _not_allowed(error)
    options = [str(option) for option in error.validator_value]
    close = nearest(error.instance, options)
    fix = f"write one of {', '.join(options)}" + (f"; did you mean `{close}`?" if close else "")
    return NOT_ALLOWED, f"{_show(error.instance)} is not known", fix


def _wrong_length(error: Any) -> tuple[Code, str, str]:
    limit = f"at {'least' if error.validator == 'minLength' else 'most'} {error.validator_value}"
    message = f"{_show(error.instance)} has {len(error.instance)} characters: it needs {limit}"
    return NOT_ALLOWED, message, _instead(error.schema, error.instance)


def _wrong_number_of_items(error: Any) -> tuple[Code, str, str]:
    problems = {
        "minItems": "the list is empty",
        "maxItems": f"the list has more than {error.validator_value} items",
        "uniqueItems": "the list has an item twice",
        "minProperties": "the mapping is empty",
        "maxProperties": f"only {error.validator_value} of its keys can hold",
    }
    fix = _instead(error.schema, error.instance)
    if error.validator == "maxProperties":
        fix = f"keep {error.validator_value} of {', '.join(f'`{key}`' for key in error.instance)}"
    return ITEMS, problems[error.validator], fix


def _not_allowed(error: Any) -> tuple[Code, str, str]:
    return NOT_ALLOWED, f"{_show(error.instance)} is not allowed", _instead(error.schema, error.instance)


_VALUES: dict[str, Callable[[Any], tuple[Code, str, str]]] = {
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


def _name(path: Iterable[str | int]) -> str:
    """`tls.mode` for the path of a host's tls.mode: what stands before the number of a host or an item goes unsaid."""
    keys = [step for step in path if isinstance(step, str)]
    return f"`{'.'.join(keys[1:] if keys[:1] == ['hosts'] and len(keys) > 1 else keys)}`" if keys else "the list"


def _unknown_key(span: Span, key: str, part: Part) -> Finding:
    for refused in part.get("x-refused", ()):
        if key in refused["keys"]:
            return UNKNOWN_KEY(span, f"{_show(key)} is not possible: {refused['because']}", f"use {refused['use']}")
    close = nearest(key, part["properties"])
    fix = f"did you mean `{close}`?" if close else f"the keys here are {', '.join(part['properties'])}"
    return UNKNOWN_KEY(span, f"{_show(key)} is not a key here", fix)


def _instead(part: Part, given: Any) -> str:
    """What to write for a value that `part` of the schema refuses: the same mended if that is enough, or an example."""
    pattern = part.get("pattern")
    if pattern and isinstance(given, str):
        tidy = given.strip()
        for mended in (tidy, tidy.lower(), tidy.upper(), tidy.lower().replace("_", "-")):
            if mended != given and re.fullmatch(pattern, mended) and len(mended) <= part.get("maxLength", len(mended)):
                return f"write `{mended}`"
    fix = f"write for example `{_plain(part['examples'][0])}`"
    if "minimum" in part:
        fix += f", from {part['minimum']}" + (f" to {part['maximum']}" if "maximum" in part else "")
    if "x-hint" in part:
        fix += f" ({part['x-hint'][0].lower()}{part['x-hint'][1:].rstrip('.')})"
    return fix


def _plain(value: Any) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)


def _show(value: Any) -> str:
    return hostname.short(_plain(value))
