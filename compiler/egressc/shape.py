"""VALIDATE: the JSON schema's errors as findings at the exact key, with what to write instead."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from egressc import validator, values
from egressc.findings import Code, Finding
from egressc.flow import flow
from egressc.meant import no_host, stray
from egressc.meant.belongs import Path, in_folder
from egressc.positions import locate, plain
from egressc.schema import Part
from egressc.unreadable import NOT_ALLOWED, WRONG_TYPE
from egressc.validator import valid
from egressc.values import of_a_key, show

MISSING_KEY = Code(
    "EG102",
    "a key is missing",
    "The mapping has no meaning without this key, and no default could give it one.",
)
PLACEHOLDER = Code(
    "EG108",
    "a placeholder instead of a value",
    "Texts such as `<the reason>` or TODO hold the place of what only you know. A reason is for those who review the "
    "list: write it in words of your own.",
)


def check(document: Any) -> tuple[list[Finding], frozenset[int]]:
    """What the host list's schema refuses in `document`, a Mapping as `source.load` returns it.

    Also the indexes of the hosts that are refused; -1 stands for what all hosts of the file depend on.
    """
    findings: list[Finding] = []
    broken: set[int] = set()
    errors = [error for error in validator.errors(document) if not _behind_a_dash(document, error)]
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
        yield from stray.explain(document, path, part, valid)
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance and not stray.stands_for(error.instance, key, part):
                fix = f"add `{key}: {flow(_missing(part, key, error.instance))}`"
                if key == "hosts" and not path:
                    fix = "add `hosts: []` to an overlay, or the hosts to a list"
                yield MISSING_KEY(locate(document, path), f"`{key}` is missing", fix)
    elif "propertyNames" in error.absolute_schema_path:
        key = error.instance
        message = f"{_name(path)}: {show(key)} is not a {part['x-noun']}"
        yield NOT_ALLOWED(locate(document, (*path, key), key=True), message, of_a_key(part, key))
    elif error.validator in ("pattern", "maxLength") and part.get("x-explain") == "hostname":
        yield no_host.explain(document, path, error.instance)
    elif error.validator == "x-words" or (isinstance(error.instance, str) and _left(error.instance)):
        message = f"{_name(path)}: {show(error.instance)} is a placeholder"
        yield PLACEHOLDER(
            locate(document, path), message, "write in its place what it stands for, in words of your own"
        )
    elif error.validator == "type" and isinstance(error.instance, list) and (several := _several(document, path)):
        message = f"{_name(path)}: {show(error.instance)} is not one value"
        yield WRONG_TYPE(locate(document, path), message, several)
    else:
        code, message, fix = values.EXPLAIN.get(error.validator, values.not_allowed)(error)
        yield code(locate(document, path), f"{_name(path)}: {message}", fix)


def _several(document: Any, path: Path) -> str:
    """What to write where a key of an item has several values: an item for each."""
    if len(path) < 2 or not isinstance(path[-1], str) or not isinstance(path[-2], int) or path[0] == path[-3]:
        return ""
    item, several = stray.locate_data(document, path[:-1]), stray.locate_data(document, path)
    if len(several) < 2 or not all(isinstance(value, str | int) for value in several):
        return ""
    return "write an item for each: " + " and ".join(f"`{flow(plain(item) | {path[-1]: value})}`" for value in several)


def _left(text: str) -> bool:
    """Whether `text` holds the place of a value, as documentation writes it."""
    return bool(re.fullmatch(r"<[^<>]+>|\$?\{+[^{}]+\}+", text.strip()))


def _missing(part: Part, key: str, data: Any) -> Any:
    """What may stand at `key`, where `part` needs it beside `data`."""
    if key not in part.get("x-with", {}):
        return part["properties"][key]["examples"][0]
    return in_folder(part["x-with"][key], next((value for value in data.values() if isinstance(value, str)), None))


def _name(path: Iterable[str | int]) -> str:
    """`tls.mode` for the path of a host's tls.mode: what stands before the number of a host or an item goes unsaid."""
    keys = [step for step in path if isinstance(step, str)]
    return f"`{'.'.join(keys[1:] if keys[:1] == ['hosts'] and len(keys) > 1 else keys)}`" if keys else "the list"
