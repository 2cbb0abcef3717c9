"""Makes the JSON schemas of what a person edits, schemas/*.yaml: `python -m docs.schemas` writes that of the host list.

`docs.chart` writes the chart's. A test keeps both current.
"""

import json
from collections.abc import Callable
from functools import cache
from typing import Any

import yaml

from egressc.assets import schema_path
from egressc.schema import NAMED, SINGLE, Part, inlined

HOSTS = schema_path()


@cache
def hosts() -> Part:
    """The schema of the host list, as it is published."""
    whole = _source("hosts")

    def with_fields(part: Part) -> Part:
        """What has x-fields-of takes the fields of that definition, but for those that say x-own."""
        if "x-fields-of" not in part:
            return dict(part)
        name = part["x-fields-of"]
        fields = whole["$defs"][name]["properties"].items()
        shared = {key: {"$ref": f"#/$defs/{name}/properties/{key}"} for key, field in fields if "x-own" not in field}
        return {key: value for key, value in part.items() if key != "x-fields-of"} | {"properties": shared}

    made: Part = _made(whole, with_fields)
    return made


@cache
def values() -> Part:
    """The schema of the chart's values with its descriptions; what it takes of the host list's stands in it."""

    def with_hosts(part: Part) -> Part:
        file, _, place = part.get("$ref", "").partition("#")
        whole: Part = inlined(part | {"$ref": f"#{place}"}, hosts()) if file == "hosts.yaml" else dict(part)
        return whole

    made: Part = _made(_source("values"), with_hosts)
    return made


def published() -> str:
    """The text of hosts.schema.json."""
    return json.dumps(hosts(), indent=2, ensure_ascii=False) + "\n"


def _source(name: str) -> Part:
    content: Part = yaml.load(HOSTS.with_name(f"{name}.yaml").read_bytes(), yaml.CSafeLoader)
    return content


def _made(part: Any, change: Callable[[Part], Part]) -> Any:
    """`part` with what `change` makes of it and of each part below; what has properties is closed."""
    if not isinstance(part, dict):
        return part
    result = change(part)
    if "properties" in result or "patternProperties" in result:
        result.setdefault("type", "object")
        result.setdefault("additionalProperties", False)
    for key in {"$defs", *NAMED} & set(result):
        result[key] = {name: _made(below, change) for name, below in result[key].items()}
    for key in {*SINGLE} & set(result):
        result[key] = _made(result[key], change)
    return result


def main() -> None:
    """Writes the schema of the host list."""
    HOSTS.write_text(published(), encoding="utf-8")


if __name__ == "__main__":
    main()
