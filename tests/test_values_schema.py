"""The schema of the chart's values: explains every field, says what values.yaml says, takes what the compiler emits."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jsonschema
import pytest
import yaml

from docs import chart as documentation
from docs import schemas
from egressc.model import Duration
from egressc.schema import resolve, schema
from tests.cases import VALID, Case
from tests.chart import CHART, CI_VALUES, compiled

SCHEMA = schemas.values()
VALUES = (CHART / "values.yaml").read_text(encoding="utf-8")
DEFAULTS = yaml.load(VALUES, yaml.CSafeLoader)
# What a host list and the chart both have a default of, by its place in each.
SHARED = [
    (("readiness", "interval"), ("readiness", "interval")),
    (("readiness", "timeout"), ("readiness", "timeout")),
    (("readiness", "unhealthyThreshold"), ("readiness", "unhealthyThreshold")),
    (("readiness", "healthyThreshold"), ("readiness", "healthyThreshold")),
    (("retries", "attempts"), ("retries", "attempts")),
    (("retries", "retryOn"), ("retries", "retryOn")),
    (("timeouts", "connect"), ("connectionPool", "connectTimeout")),
    (("timeouts", "idle"), ("connectionPool", "idleTimeout")),
]


def _fields(part: dict[str, Any], at: str) -> Iterator[tuple[str, dict[str, Any]]]:
    """Every part of the schema that describes a value, with where it stands."""
    yield at, part
    for key in ("properties", "patternProperties", "$defs"):
        for name, inner in part.get(key, {}).items():
            if inner is not False:
                yield from _fields(inner, f"{at}/{key}/{name}")
    for key in ("items", "additionalProperties"):
        if isinstance(part.get(key), dict):
            yield from _fields(part[key], f"{at}/{key}")


FIELDS = dict(_fields(SCHEMA, "#"))


def _validator(part: dict[str, Any]) -> jsonschema.Draft202012Validator:
    return jsonschema.Draft202012Validator(part | {"$defs": SCHEMA["$defs"]})


def _errors(values: Any) -> list[str]:
    return [error.message for error in _validator(SCHEMA).iter_errors(values)]


def _without_null(values: dict[str, Any]) -> dict[str, Any]:
    """As Helm passes values on: null takes a default away."""
    return {
        key: _without_null(value) if isinstance(value, dict) else value
        for key, value in values.items()
        if value is not None
    }


def test_the_chart_has_it_without_its_prose() -> None:
    jsonschema.Draft202012Validator.check_schema(SCHEMA)
    assert documentation.SCHEMA.read_text(encoding="utf-8") == documentation.chart_schema(), (
        "run `python -m docs.chart`"
    )
    # anything else makes Helm go to the network
    assert re.findall(r'"\$ref": "(?!#/\$defs/\w+")', json.dumps(SCHEMA)) == []
    assert not re.findall(r'"(\$ref": "[^#]|title|examples|x-\w+":)', documentation.chart_schema())
    assert '"format"' not in json.dumps(SCHEMA), "what Helm, Python and editors each read differently"


@pytest.mark.parametrize("at", FIELDS)
def test_every_field_is_explained(at: str) -> None:
    field = FIELDS[at]
    whole = resolve(field, SCHEMA)
    assert re.search(r"[.]$", whole["description"])
    if "default" in whole:
        _validator(field).validate(whole["default"])
    if whole["type"] == "object" and {"properties", "patternProperties"} & set(whole):
        assert whole["additionalProperties"] is False


def test_its_defaults_are_those_of_values_yaml() -> None:
    stated: dict[str, Any] = {}
    for leaf in documentation.fleet(SCHEMA):
        if "default" in leaf.field and "[]" not in leaf.path:
            *parents, key = leaf.path.split(".")
            place = stated
            for parent in parents:
                place = place.setdefault(parent, {})
            place[key] = leaf.field["default"]
    hosts = {key: SCHEMA["properties"][key]["default"] for key in ("gateways", "sidecars")}
    assert stated | hosts == DEFAULTS


def test_values_yaml_explains_every_key() -> None:
    lines = VALUES.splitlines()
    for number, line in enumerate(lines):
        key = re.match(r"( *)\w+:", line)
        # resources are Kubernetes' own
        if key and not re.match(r" +(requests|limits|cpu|memory):", line):
            comment = lines[number - 1].startswith(f"{key[1]}# ")
            assert comment, f"values.yaml:{number + 1}: {line} has no comment"
    assert _errors(DEFAULTS) == []


@pytest.mark.parametrize(("listed", "charted"), SHARED)
def test_its_defaults_are_those_of_the_host_list(listed: tuple[str, str], charted: tuple[str, str]) -> None:
    in_list = schema()["$defs"][listed[0]]["properties"][listed[1]]["default"]
    in_chart = DEFAULTS[charted[0]][charted[1]]
    if isinstance(in_list, list):
        assert sorted(in_chart.split(",")) == sorted(in_list)
    elif isinstance(in_list, str):
        assert Duration.of(in_chart) == Duration.of(in_list)
    else:
        assert in_chart == in_list


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
def test_it_takes_what_the_compiler_emits(case: Case) -> None:
    assert _errors(compiled(*case.lists, overlays=case.overlays)) == []


@pytest.mark.parametrize("path", sorted(CI_VALUES.iterdir()), ids=lambda path: path.name)
def test_it_takes_the_examples_in_ci(path: Path) -> None:
    assert _errors(_without_null(yaml.load(path.read_bytes(), yaml.CSafeLoader))) == []


def test_the_readme_has_every_value() -> None:
    assert documentation.README.read_text(encoding="utf-8") == documentation.readme(), "run `python -m docs.chart`"
