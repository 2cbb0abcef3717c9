"""What the compiler asks the host list's schema: what a key leads to, and how layers of it merge."""

import json
import re
from typing import Any

import jsonschema
import pytest

from docs import schemas
from egressc.assets import schema_path
from egressc.schema import NAMED, SINGLE, field, inlined, resolve, schema

HOST = schema()["$defs"]["host"]
WHOLE = ("hosts.tls", "hosts.readiness", "hosts.ports.tls", "defaults.tls", "defaults.readiness", "defaults.ports.tls")
SCALING = [["replicas", "autoscaling"]]
INSTEAD = {
    "hosts": [*SCALING, ["speaks", "ports"]],
    "defaults": SCALING,
    "gateways": SCALING,
    "hosts.tls": [["secret", "files"], ["crl", "files"]],
    "hosts.podDisruptionBudget": [["minAvailable", "maxUnavailable"]],
    "defaults.podDisruptionBudget": [["minAvailable", "maxUnavailable"]],
    "hosts.externalAuthorization": [["opa", "provider"]],
}


def at(path: str) -> dict[str, object]:
    """The part at a path of keys; what a list leads to is its items."""
    part = schema()
    for key in path.split("."):
        found = field(part, key)
        assert found is not None
        part = resolve(found.get("items", found))
    return part


def test_a_property_is_resolved_and_its_own_words_win() -> None:
    tls = field(HOST, "tls")
    assert tls is not None
    assert tls["description"] == HOST["properties"]["tls"]["description"]
    assert tls["properties"] == schema()["$defs"]["tls"]["properties"]
    assert field(tls, "secret") == field({"$ref": "#/$defs/tls"}, "secret")


def test_a_mapping_of_free_keys_has_one_part_for_all() -> None:
    values = field(at("hosts.headers.request.set"), "x-api-version")
    assert values is not None
    assert values["type"] == "string"


@pytest.mark.parametrize("key", ["tsl", "title", ""])
def test_an_unknown_key_leads_nowhere(key: str) -> None:
    assert field(HOST, key) is None


@pytest.mark.parametrize("path", WHOLE)
def test_what_says_its_own_mode_starts_afresh(path: str) -> None:
    assert at(path)["x-merge"] == "whole"
    assert "mode" in at(path)["properties"]  # type: ignore[operator]


@pytest.mark.parametrize("path", INSTEAD)
def test_of_some_keys_one_is_meant(path: str) -> None:
    assert at(path)["x-instead"] == INSTEAD[path]


def test_no_other_field_merges_in_a_way_of_its_own() -> None:
    text = json.dumps(schema())
    assert text.count('"x-merge": "whole"') == len({path.replace("defaults.", "hosts.") for path in WHOLE})
    assert text.count('"x-instead"') == len({path.rpartition(".")[2] for path in INSTEAD})


def test_inlined_it_refers_to_nothing() -> None:
    whole = inlined(schema())
    assert "$ref" not in json.dumps(whole)
    assert whole["properties"]["hosts"]["items"]["properties"]["tls"] == inlined(at("hosts.tls"))
    assert whole["properties"]["defaults"]["properties"]["tls"]["x-merge"] == "whole"


def test_it_is_made_of_what_a_person_edits() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    assert schema_path().read_text(encoding="utf-8") == schemas.published(), "run `python -m docs.schemas`"


def test_its_own_keywords_are_explained_where_they_are_used() -> None:
    head, _, body = schemas.HOSTS.with_name("hosts.yaml").read_text(encoding="utf-8").partition("\n$schema")
    assert set(re.findall(r"^ *(x-[a-z-]+):", body, re.MULTILINE)) == set(re.findall(r"x-[a-z]+(?:-[a-z]+)*", head))


def test_keys_of_a_form_have_a_noun_for_refusals() -> None:
    def look(part: Any) -> None:
        if isinstance(part, dict):
            assert "x-noun" in part.get("propertyNames", {"x-noun": ""})
            for key in NAMED:
                list(map(look, part.get(key, {}).values()))
            for key in SINGLE:
                look(part.get(key))

    look(inlined(schema()))
