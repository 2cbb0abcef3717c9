"""The JSON schemas, which hold every default and say how layers merge."""

import json
from functools import cache
from typing import Any

from egressc.assets import schema_path

Part = dict[str, Any]


@cache
def schema(name: str = "hosts") -> Part:
    """The JSON schema `schemas/<name>.schema.json`."""
    content: Part = json.loads(schema_path(name).read_text(encoding="utf-8"))
    return content


def default(group: str, name: str) -> Any:
    """The default of the field `name` of the definition `group` of the host list, None where it has none."""
    return schema()["$defs"][group]["properties"][name].get("default")


def resolve(part: Part, root: Part | None = None) -> Part:
    """`part` of the schema `root` (the host list's) with what its `$ref` leads to; its own keywords win."""
    if "$ref" not in part:
        return part
    target: Any = schema() if root is None else root
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return resolve(target, root) | {key: value for key, value in part.items() if key != "$ref"}


def field(part: Part, key: str) -> Part | None:
    """The resolved part that `part` of the host list's schema has for the value of `key`, None where it has none."""
    whole = resolve(part)
    found = whole.get("properties", {}).get(key, whole.get("additionalProperties"))
    return resolve(found) if isinstance(found, dict) else None
