"""VALIDATE: the JSON schema's errors as findings at the exact key, with what to write instead."""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from egressc.findings import Code, Finding
from egressc.flow import flow
from egressc.hostname import short
from egressc.meant import no_host, stray
from egressc.meant.belongs import Path, in_folder
from egressc.meant.written import Meant, is_placeholder, joined, meant
from egressc.positions import locate, plain
from egressc.schema import Part, inlined, schema
from egressc.unreadable import NOT_ALLOWED, WRONG_TYPE

NAMES = {
    "object": "a mapping",
    "array": "a list",
    "string": "a string",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
}

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
PLACEHOLDER = Code(
    "EG108",
    "a placeholder instead of a value",
    "Texts such as `<the reason>` or TODO hold the place of what only you know. A reason is for those who review the "
    "list: write it in words of your own.",
)


@cache
def _validator() -> Any:
    base = jsonschema.Draft202012Validator
    # JSON Schema takes 80.0 for a whole number; in a list it is a slip, and it would end up in names
    types = base.TYPE_CHECKER.redefine("integer", lambda _, value: type(value) is int)
    keywords = {"pattern": _pattern, "uniqueItems": _unique, "x-words": _words}
    strict = extend(base, keywords, type_checker=types)  # type: ignore[no-untyped-call]
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


def _words(_: Any, __: Any, given: Any, ___: Any) -> Iterator[ValidationError]:
    if isinstance(given, str) and is_placeholder(given):
        yield ValidationError("a placeholder")


def _valid(part: Part, given: Any) -> bool:
    return bool(_validator().evolve(schema=part).is_valid(given))


def check(document: Any) -> tuple[list[Finding], frozenset[int]]:
    """What the host list's schema refuses in `document`, a Mapping as `source.load` returns it.

    Also the indexes of the hosts that are refused; -1 stands for what all hosts of the file depend on.
    """
    findings: list[Finding] = []
    broken: set[int] = set()
    errors = [error for error in _validator().iter_errors(document) if not _behind_a_dash(document, error)]
    mistyped = {tuple(error.absolute_path) for error in errors if error.validator == "type"}
    worded = {tuple(error.absolute_path) for error in errors if error.validator == "x-words"}
    for error in errors:
        # what else is wrong with a value of the wrong type goes without saying, and so with a placeholder
        where = tuple(error.absolute_path)
        if error.validator in ("type", "x-words") or where not in mistyped | worded:
            findings += _explain(document, error)
        path = error.absolute_path
        if len(path) > 1 and path[0] == "hosts":
            broken.add(path[1])
        elif path or error.validator != "required":  # a missing `version` says nothing about the hosts
            broken.add(-1)
    return findings, frozenset(broken)


def _behind_a_dash(document: Any, error: Any) -> bool:
    """Whether the hosts seem to be missing because the first dash has no blank behind it."""
    return (
        tuple(error.absolute_path) == ("hosts",) and error.instance is None and any(key[:1] == "-" for key in document)
    )


def _explain(document: Any, error: Any) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    part = error.schema
    if error.validator == "additionalProperties":
        yield from stray.explain(document, path, part, _valid)
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance and not stray.stands_for(error.instance, key, part):
                fix = f"add `{key}: {flow(_missing(part, key, error.instance))}`"
                if key == "hosts" and not path:
                    fix = "add `hosts: []` to an overlay, or the hosts to a list"
                yield MISSING_KEY(locate(document, path), f"`{key}` is missing", fix)
    elif "propertyNames" in error.absolute_schema_path:
        key = error.instance
        message = f"{_name(path)}: {_show(key)} is not a {part['x-noun']}"
        yield NOT_ALLOWED(locate(document, (*path, key), key=True), message, _key(part, key))
    elif error.validator in ("pattern", "maxLength") and part.get("x-explain") == "hostname":
        yield no_host.explain(document, path, error.instance)
    elif error.validator == "x-words" or (isinstance(error.instance, str) and _left(error.instance)):
        message = f"{_name(path)}: {_show(error.instance)} is a placeholder"
        yield PLACEHOLDER(
            locate(document, path), message, "write in its place what it stands for, in words of your own"
        )
    elif error.validator == "type" and isinstance(error.instance, list) and (several := _several(document, path)):
        message = f"{_name(path)}: {_show(error.instance)} is not one value"
        yield WRONG_TYPE(locate(document, path), message, several)
    else:
        code, message, fix = _VALUES.get(error.validator, _not_allowed)(error)
        yield code(locate(document, path), f"{_name(path)}: {message}", fix)


def _several(document: Any, path: Path) -> str:
    """What to write where a key of an item has several values: an item for each."""
    if len(path) < 2 or not isinstance(path[-1], str) or not isinstance(path[-2], int) or path[0] == path[-3]:
        return ""
    item, values = stray.locate_data(document, path[:-1]), stray.locate_data(document, path)
    if len(values) < 2 or not all(isinstance(value, str | int) for value in values):
        return ""
    return "write an item for each: " + " and ".join(f"`{flow(plain(item) | {path[-1]: value})}`" for value in values)


def _left(text: str) -> bool:
    """Whether `text` holds the place of a value, as documentation writes it."""
    return bool(re.fullmatch(r"<[^<>]+>|\$?\{+[^{}]+\}+", text.strip()))


def _missing(part: Part, key: str, data: Any) -> Any:
    """What may stand at `key`, where `part` needs it beside `data`."""
    if key not in part.get("x-with", {}):
        return part["properties"][key]["examples"][0]
    return in_folder(part["x-with"][key], next((value for value in data.values() if isinstance(value, str)), None))


def _wrong_type(error: Any) -> tuple[Code, str, str]:
    expected = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
    wanted = " or ".join(NAMES[kind] for kind in expected)
    given = error.instance
    message = f"{short(json.dumps(given, ensure_ascii=False))} is not {wanted}"
    return _mended(WRONG_TYPE, message, error)


def _mended(code: Code, message: str, error: Any) -> tuple[Code, str, str]:
    """The finding with what was meant, or with why that is impossible."""
    found = meant(error.schema, error.instance, _valid)
    if isinstance(error.instance, list) and error.instance and not found:
        if "x-several" in error.schema:
            return code, message, f"write `{error.schema['x-several']}: {flow(plain(error.instance))}`"
        if "array" not in error.schema["type"]:
            items = ", ".join(f"`{flow(plain(item))}`" for item in error.instance)
            return code, message, f"leave out the inner brackets: {items}"
    if several := not found and _apart(error):
        return code, message, f"write an item for each: {several}"
    if error.instance is None and not found:
        return code, message, f"leave it out, or {_instead(error.schema)}"
    if found and found.impossible:
        return code, f"{_show(error.instance)} is not possible: {found.impossible}", found.remark
    return code, message, _write(found) if found else _instead(error.schema)


def _apart(error: Any) -> str:
    """The items that are written as one, `shop, payments`."""
    path, given = error.absolute_path, error.instance
    if not isinstance(given, str) or not path or not isinstance(path[-1], int):
        return ""
    words = [word for word in re.split(r"[\s,;]+", given) if word.strip("-")]
    if len(words) < 2 or not all(_valid(error.schema, word) for word in words):
        return ""
    return ", ".join(f"`{flow(word)}`" for word in words)


def _write(found: Meant) -> str:
    return f"write `{flow(found.value)}`" + joined(found.remark)


def _not_known(error: Any) -> tuple[Code, str, str]:
    if not isinstance(error.instance, str):
        return _not_allowed(error)
    found = meant(error.schema, error.instance, _valid)
    if found:
        return _mended(NOT_ALLOWED, f"{_show(error.instance)} is not known", error)
    fix = f"write one of {', '.join(map(str, error.validator_value))}"
    return NOT_ALLOWED, f"{_show(error.instance)} is not known", fix


def _wrong_length(error: Any) -> tuple[Code, str, str]:
    limit = f"at {'least' if error.validator == 'minLength' else 'most'} {error.validator_value}"
    message = f"{_show(error.instance)} has {len(error.instance)} characters: it needs {limit}"
    return _mended(NOT_ALLOWED, message, error)


def _wrong_number_of_items(error: Any) -> tuple[Code, str, str]:
    problems = {
        "minItems": "the list is empty",
        "maxItems": f"the list has more than {error.validator_value} items",
        "uniqueItems": "the list has an item twice",
        "minProperties": "the mapping is empty",
        "maxProperties": f"only {error.validator_value} of its keys can hold",
    }
    fix = _instead(error.schema)
    if error.validator == "uniqueItems":
        once = {json.dumps(item, sort_keys=True): plain(item) for item in error.instance}
        fix = f"write `{flow([*once.values()])}`"
    if error.validator.startswith("min"):
        fix = f"leave it out, or {fix}"
    if error.validator == "maxProperties":
        fix = f"keep {error.validator_value} of {', '.join(f'`{key}`' for key in error.instance)}"
    return ITEMS, problems[error.validator], fix


def _not_allowed(error: Any) -> tuple[Code, str, str]:
    return _mended(NOT_ALLOWED, f"{_show(error.instance)} is not allowed", error)


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


def _key(part: Part, key: str) -> str:
    found = meant(part, key, _valid)
    return _write(found) if found and not found.impossible else _instead(part)


def _instead(part: Part) -> str:
    """What a value looks like that `part` of the schema takes."""
    fix = f"write for example `{flow(part['examples'][0])}`"
    if "minimum" in part:
        fix += f", from {part['minimum']}" + (f" to {part['maximum']}" if "maximum" in part else "")
    if "x-hint" in part:
        fix += f" ({part['x-hint'][0].lower()}{part['x-hint'][1:].rstrip('.')})"
    return fix


def _show(value: Any) -> str:
    return short(value if isinstance(value, str) else json.dumps(value, ensure_ascii=False))
