"""The JSON schema of host lists, which holds every default and says how layers merge."""

import json
from functools import cache
from typing import Any

from egressc.assets import schema_path

Part = dict[str, Any]

# where parts stand below a part: by name, or one
NAMED, SINGLE = ("properties", "patternProperties"), ("items", "additionalProperties", "propertyNames")


@cache
def schema() -> Part:
    """The schema, as it is published."""
    content: Part = json.loads(schema_path().read_text(encoding="utf-8"))
    return content


def default(group: str, name: str) -> Any:
    """The default of the field `name` of the definition `group`, None where it has none."""
    return schema()["$defs"][group]["properties"][name].get("default")


def resolve(part: Part, root: Part | None = None) -> Part:
    """`part` of the schema `root` (without it: of host lists) with what its `$ref` leads to; its own keywords win."""
    if "$ref" not in part:
        return part
    target: Any = schema() if root is None else root
    for step in part["$ref"].removeprefix("#/").split("/"):
        target = target[step]
    return resolve(target, root) | {key: value for key, value in part.items() if key != "$ref"}


def inlined(part: Any, root: Part | None = None) -> Any:
    """`part` with all that it and the parts below refer to, so that each says its own words, and no `$ref` is left."""
    if not isinstance(part, dict):
        return part
    whole = {key: value for key, value in resolve(part, root).items() if key != "$defs"}
    for key in NAMED:
        if key in whole:
            whole[key] = {name: inlined(below, root) for name, below in whole[key].items()}
    for key in SINGLE:
        if key in whole:
            whole[key] = inlined(whole[key], root)
    return whole


def field(part: Part, key: str) -> Part | None:
    """The resolved part that `part` of the schema has for the value of `key`, None where it has none."""
    whole = resolve(part)
    found = whole.get("properties", {}).get(key, whole.get("additionalProperties"))
    return resolve(found) if isinstance(found, dict) else None
