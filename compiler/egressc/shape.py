"""VALIDATE: the JSON schema's errors as findings at the exact key, with what to write instead."""

import difflib
import json
from collections.abc import Iterator
from functools import cache
from typing import Any

import jsonschema
from jsonschema.exceptions import ValidationError

from egressc import hostname
from egressc.assets import schema_path
from egressc.findings import Finding, Span
from egressc.source import locate

NAMES = {"object": "a mapping", "array": "a list", "string": "a string", "integer": "a whole number", "boolean": "true or false"}


@cache
def schema(name: str = "hosts") -> dict[str, Any]:
    """The JSON schema `schemas/<name>.schema.json`."""
    content: dict[str, Any] = json.loads(schema_path(name).read_text(encoding="utf-8"))
    return content


@cache
def _validator() -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(schema())


def check(document: Any) -> tuple[list[Finding], frozenset[int]]:
    """What the host list's schema refuses in `document`, a Mapping as `source.load` returns it (EG1xx).

    Also the indexes of the hosts that are refused; -1 stands for what all hosts of the file depend on.
    """
    findings: list[Finding] = []
    broken: set[int] = set()
    for error in _validator().iter_errors(document):
        findings += _explain(document, error)
        path = error.absolute_path
        broken.add(path[1] if len(path) > 1 and path[0] == "hosts" else -1)  # type: ignore[arg-type]  # an index
    return findings, frozenset(broken)


def _explain(document: Any, error: ValidationError) -> Iterator[Finding]:
    path = tuple(error.absolute_path)
    span = locate(document, path)
    title = str(error.schema.get("title", "value")) if isinstance(error.schema, dict) else "value"
    if error.validator == "additionalProperties":
        known = list(error.schema["properties"]) if isinstance(error.schema, dict) else []
        for key in error.instance:
            if key not in known:
                yield _unknown_key(locate(document, (*path, key), key=True), key, known)
    elif error.validator == "required":
        for key in error.validator_value:
            if key not in error.instance:
                yield Finding(span, "EG102", f"`{key}` is missing", f"add `{key}: {_example(error.schema, key)}`")
    elif error.validator == "type":
        expected = [error.validator_value] if isinstance(error.validator_value, str) else list(error.validator_value)
        wanted = " or ".join(NAMES.get(kind, kind) for kind in expected)
        yield Finding(span, "EG103", f"{title.lower()}: {_show(error.instance)} is not {wanted}", _instead(error.schema))
    elif error.validator == "pattern" and _is_host(error):
        code, message, fix = hostname.explain(error.instance)
        yield Finding(span, code, message, fix)
    elif error.validator in ("minItems", "maxItems", "uniqueItems", "minProperties", "maxProperties"):
        yield Finding(span, "EG107", f"{title.lower()}: {_items(error)}", _instead(error.schema))
    elif error.validator == "enum" and isinstance(error.instance, str):
        options = [str(option) for option in error.validator_value]
        close = difflib.get_close_matches(error.instance.lower(), [option.lower() for option in options], 1)
        nearest = next((option for option in options if close and option.lower() == close[0]), None)
        fix = f"write {nearest}" if nearest else f"write one of {', '.join(options)}"
        yield Finding(span, "EG104", f"{title.lower()}: {_show(error.instance)} is not known", fix)
    else:
        yield Finding(span, "EG104", f"{title.lower()}: {_show(error.instance)} is not allowed", _instead(error.schema))


def _unknown_key(span: Span, key: str, known: list[str]) -> Finding:
    close = difflib.get_close_matches(key.lower(), [name.lower() for name in known], 1, 0.6)
    nearest = next((name for name in known if close and name.lower() == close[0]), None)
    fix = f"did you mean `{nearest}`?" if nearest else f"the keys here are {', '.join(known)}"
    return Finding(span, "EG101", f"`{key}` is not a key here", fix)


def _is_host(error: ValidationError) -> bool:
    return isinstance(error.schema, dict) and error.schema.get("title") in ("Host", "Host name")


def _items(error: ValidationError) -> str:
    problems = {
        "minItems": "at least one is needed",
        "maxItems": f"more than {error.validator_value}",
        "uniqueItems": "one is given twice",
        "minProperties": "at least one is needed",
        "maxProperties": f"more than {error.validator_value} at once",
    }
    return problems[str(error.validator)]


def _resolve(part: Any) -> dict[str, Any]:
    while isinstance(part, dict) and "examples" not in part and "$ref" in part:
        part = schema()["$defs"][part["$ref"].rpartition("/")[2]]
    return part if isinstance(part, dict) else {}


def _example(part: Any, key: str) -> str:
    return _show(_resolve(part["properties"][key])["examples"][0]).strip("`")


def _instead(part: Any) -> str:
    resolved = _resolve(part)
    examples = resolved.get("examples")
    fix = f"write for example `{_show(examples[0]).strip('`')}`" if examples else "see the description in the schema"
    if "minimum" in resolved and "maximum" in resolved:
        fix += f", from {resolved['minimum']} to {resolved['maximum']}"
    return fix


def _show(value: Any) -> str:
    text = value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
    return f"`{text}`" if len(text) <= 60 else f"`{text[:57]}…`"
