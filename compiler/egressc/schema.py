"""The JSON schemas, which hold every default."""

import json
from functools import cache
from typing import Any

from egressc.assets import schema_path


@cache
def schema(name: str = "hosts") -> dict[str, Any]:
    """The JSON schema `schemas/<name>.schema.json`."""
    content: dict[str, Any] = json.loads(schema_path(name).read_text(encoding="utf-8"))
    return content


def default(group: str, name: str) -> Any:
    """The default of the field `name` of the definition `group` of the host list, None where it has none."""
    return schema()["$defs"][group]["properties"][name].get("default")
