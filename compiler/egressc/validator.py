"""The validator of the host list's schema: JSON Schema, stricter about numbers and line breaks."""

import json
import re
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError
from jsonschema.validators import extend

from egressc.meant.written import is_placeholder
from egressc.schema import Part, inlined, schema


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


def valid(part: Part, given: Any) -> bool:
    """Whether `part` of the schema takes `given`."""
    return bool(_validator().evolve(schema=part).is_valid(given))


def errors(document: Any) -> list[Any]:
    """What the host list's schema refuses in `document`, as jsonschema says it."""
    return list(_validator().iter_errors(document))
