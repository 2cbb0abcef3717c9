"""Writes the chart's schema and its README's tables of values: `python -m docs.chart`. A test keeps them current."""

import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple

from docs.schemas import values
from egressc.assets import chart_path
from egressc.emit import VALUES_VERSION
from egressc.schema import Part, resolve

README, SCHEMA = chart_path() / "README.md", chart_path() / "values.schema.json"
SAID = ("title", "description", "examples", "x-")  # to people and to egressc
BEGIN, END = "<!-- values: made from schemas/values.yaml by `python -m docs.chart` -->\n", "<!-- /values -->\n"
HEAD = ("", "| Value | Default | Meaning |", "| --- | --- | --- |")


class Leaf(NamedTuple):
    """A value that can be set: its path, what the schema says of it, and whether what it belongs to needs it."""

    path: str
    field: Part
    required: bool


#: What are values of this chart: no host list, and of the version that it reads. All else a template refuses in words.
READABLE: Part = {
    "properties": {"hosts": False, "version": False},
    "anyOf": [
        {"properties": {"valuesVersion": {"const": VALUES_VERSION}}, "required": ["valuesVersion"]},
        {"properties": {"valuesVersion": False, "gateways": {"maxProperties": 0}, "sidecars": {"maxProperties": 0}}},
    ],
}


def chart_schema() -> str:
    """The schema of the values without what is for people: every release stores the chart's, and its README says it.

    Helm asks it before it prints a template, so it judges only what the templates would read.
    """
    bare = _bare(values())
    definitions = bare.pop("$defs")
    kept = {key: bare.pop(key) for key in ("$schema", "$id") if key in bare}
    whole = kept | {"if": READABLE, "then": bare, "$defs": definitions}
    return json.dumps(whole, indent=2, ensure_ascii=False) + "\n"


def readme() -> str:
    """The README with its tables made anew."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    return f"{before}{BEGIN}\n{tables()}\n{END}{after}"


def tables() -> str:
    """Tables of what the fleet shares, and of what belongs to one gateway or sidecar; a row for each value."""
    root = values()
    shared, own, sidecar = fleet(root), entry(root, "gateway"), entry(root, "sidecar")
    known = {leaf.path for leaf in shared}
    again = sorted({re.split(r"[.\[]", path)[0] for path in known & {leaf.path for leaf in own}})
    lines = ["### The fleet", *HEAD, *map(_row, shared), "", "### A gateway: `gateways.<name>`"]
    lines += ["", f"These can be said again for one gateway: `{'`, `'.join(again)}`. Besides:"]
    lines += [*HEAD, *(_row(leaf) for leaf in own if leaf.path not in known), ""]
    lines += ["### A host without a gateway: `sidecars.<name>`", *HEAD, *map(_row, sidecar), ""]
    return "\n".join(lines)


def fleet(root: Part) -> list[Leaf]:
    """Every value outside of `gateways` and `sidecars`, as the schema of the values has them."""
    properties = {key: part for key, part in root["properties"].items() if key not in ("gateways", "sidecars")}
    return list(_leaves(root, {"properties": properties}))


def entry(root: Part, kind: str) -> list[Leaf]:
    """Every value of one gateway or sidecar, as the schema of the values has them."""
    return list(_leaves(root, root["$defs"][kind]))


def _bare(part: Any) -> Any:
    if isinstance(part, list):
        return [_bare(one) for one in part]
    if not isinstance(part, dict):
        return part
    # a value of such a name is a mapping, what the schema says of one is not
    return {key: _bare(below) for key, below in part.items() if isinstance(below, dict) or not key.startswith(SAID)}


def _leaves(root: Part, part: Part, path: str = "") -> Iterator[Leaf]:
    for key, field in part["properties"].items():
        if field is not False:  # a key that the chart keeps for itself
            below = f"{path}.{key}" if path else key
            yield from _below(root, resolve(field, root), below, key in part.get("required", ()))


def _below(root: Part, field: Part, path: str, required: bool) -> Iterator[Leaf]:
    items = resolve(field["items"], root) if "items" in field else {}
    children = "patternProperties" not in field and ("properties" in field or "properties" in items)
    if "default" in field or not children:
        yield Leaf(path, field, required)
    if children:
        yield from _leaves(root, field, path) if "properties" in field else _leaves(root, items, f"{path}[]")
    for named in (resolve(one, root) for one in field.get("patternProperties", {}).values()):
        if "properties" in named:
            yield from _leaves(root, named, f"{path}.*")


def _row(leaf: Leaf) -> str:
    field = leaf.field
    default = f"`{json.dumps(field['default'], ensure_ascii=False)}`" if "default" in field else ""
    options = f" One of {', '.join(f'`{option}`' for option in field['enum'])}." if "enum" in field else ""
    meaning = f"{field['description']}{options}".replace("<", "&lt;").replace("*", "\\*")
    return f"| `{leaf.path}` | {'required' if leaf.required else default} | {meaning} |"


def main() -> None:
    """Writes both."""
    SCHEMA.write_text(chart_schema(), encoding="utf-8")
    README.write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    main()
