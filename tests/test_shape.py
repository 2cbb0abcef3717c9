"""The schema's refusals stand at the exact key and say what to write; the schema keeps its own promises."""

import re
import time
from collections.abc import Iterator
from typing import Any

import jsonschema
import pytest

from docs import schemas
from egressc.schema import NAMED, SINGLE, Part, inlined, resolve, schema
from egressc.shape import check
from egressc.source import load
from tests.lists import codes, compile_text, found, hosts


def parts(part: Any = None, path: str = "") -> Iterator[tuple[str, Part]]:
    """Every subschema with its path."""
    part = schema() if part is None else part
    if isinstance(part, dict):
        if isinstance(part.get("description"), str):
            yield path, part
        for key, value in part.items():
            if key not in ("examples", "default", "enum"):
                yield from parts(value, f"{path}/{key}")


PARTS = dict(parts())
OBJECTS = {path: part for path, part in parts(inlined(schema())) if "object" in part["type"]}


@pytest.mark.parametrize("path", PARTS)
def test_examples_and_defaults_are_valid(path: str) -> None:
    part = resolve(PARTS[path])
    assert part["title"]
    assert part["description"].endswith(".")
    assert part["examples"]
    whole = {"$defs": schema()["$defs"]} | {key: value for key, value in part.items() if key != "title"}
    absent = part.get("enum") == [True]  # the default of a word that is written or not
    for example in (*part["examples"], *([part["default"]] if "default" in part and not absent else [])):
        jsonschema.Draft202012Validator(whole).validate(example)


def test_patterns_are_anchored_and_no_format_is_trusted() -> None:
    for path, part in PARTS.items():
        assert "format" not in part, path
        pattern = part.get("pattern")
        if pattern:
            assert pattern.startswith("^"), path
            assert pattern.endswith("$"), path


def test_defaults_take_what_a_host_takes() -> None:
    host, defaults = (schema()["$defs"][name]["properties"] for name in ("host", "defaults"))
    assert set(host) - set(defaults) == {
        *("host", "hosts", "name", "description", "clientsFrom", "addClients", "remove")
    }
    assert all(inlined(host[name]) == inlined(part) for name, part in defaults.items())


@pytest.mark.parametrize("path", OBJECTS)
def test_every_object_refuses_unknown_keys(path: str) -> None:
    part = OBJECTS[path]
    given = next(example for example in part["examples"] if isinstance(example, dict))
    validator = jsonschema.Draft202012Validator(part)
    assert validator.is_valid(given)
    assert not validator.is_valid(given | {"no such key": {}})


def test_a_field_adds_no_rule_to_what_it_refers_to() -> None:
    """A place that is inlined has its own words; a rule of the same keyword would replace that of the definition."""

    def look(part: Any, path: str) -> None:
        if isinstance(part, dict):
            target = resolve({"$ref": part["$ref"]}) if "$ref" in part else {}
            said = {"title", "description", "examples", "default", "x-own", "x-merge"}
            assert set(part) & set(target) <= said, path
            for key in ("$defs", *NAMED):
                for name, below in part.get(key, {}).items():
                    look(below, f"{path}/{key}/{name}")
            for key in SINGLE:
                look(part.get(key), f"{path}/{key}")

    look(schema(), "")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("hosts: [{host: a.example.com, clients: [{namespace: a, serviceAcount: b}]}]", "EG101"),
        ("hosts: [{host: a.example.com, clients: [{namespace: a, method: [GET]}]}]", "EG101"),
        ("hosts: [{host: a.example.com, tls: {subjectAltNames: [b.example.com]}}]", "EG101"),
        ("defaults: {client: [shop]}\nhosts: [a.example.com]", "EG101"),
        ("defaults: {host: a.example.com}\nhosts: [a.example.com]", "EG101"),
        ("hosts: [{host: a.example.com, tls: {mode: none, unverified: x}}]", "EG108"),
        ("hosts: [{host: a.example.com, tls: {mode: none, unverified: no reason}}]", "EG104"),
        ("hosts: [{host: a.example.com, clients: [{namespace: a, paths: [/v1/*/charges]}]}]", "EG104"),
        ("hosts: [{host: a.example.com, clients: [{namespace: a, paths: ['*/v1/*']}]}]", "EG104"),
        ("hosts: [{host: a.example.com, clients: [{namespace: a, paths: ['/v1?q=1']}]}]", "EG104"),
        ("hosts: [{host: '*.example.com', deniedRanges: []}]", "EG107"),
    ],
)
def test_what_would_let_in_more_than_is_said_is_refused(text: str, expected: str) -> None:
    assert expected in codes(f"version: 1\n{text}\n")


@pytest.mark.parametrize(
    ("entry", "place", "message", "fix"),
    [
        ("- {host: a.example.com, ports: [{port: '80'}]}", "4:40", '`"80"` is not a whole number', "write `80`"),
        ("- {host: a.example.com, ports: [{port: 80.0}]}", "4:40", "`80.0` is not a whole number", "write `80`"),
        ("- {host: a.example.com, ports: [{port: true}]}", "4:40", "`true` is not a whole number", "from 1 to 65535"),
        ("- {host: a.example.com, ports: [{port: 70000}]}", "4:40", "`70000` is not allowed", "from 1 to 65535"),
        ("- {host: a.example.com, drain: 30}", "4:32", "`30` is not a string", "write `30s`"),
        ("- {host: a.example.com, drain: 30S}", "4:32", "`30S` is not allowed", "write `30s`"),
        ("- {host: a.example.com, reviewBy: 20270630}", "4:35", "`20270630` is not a string", "write `2027-06-30`"),
        ("- {host: a.example.com, owner: 7}", "4:32", "`7` is not a string", 'write `"7"`'),
        (
            "- {host: a.example.com, clients: [{namespace: a, podLabels: {v: 1.0}}]}",
            "4:65",
            "`1.0` is not a str",
            'write `"1.0"`',
        ),
        (
            "- {host: a.example.com, clients: [{namespace: a, podLabels: {a b: x}}]}",
            "4:62",
            "`a b` is not a key",
            "/name`",
        ),
        ("- {host: a.example.com, tls: {mode: Mutual}}", "4:37", "`Mutual` is not known", "write `mutual`"),
        (
            "- {host: a.example.com, tls: {mode: yes}}",
            "4:37",
            "`yes` is not known",
            "simple, mutual, passthrough, none",
        ),
        ("- {host: a.example.com, ownr: x}", "4:25", "`ownr` is not a key here", "did you mean `owner`?"),
        ("- {host: a.example.com, ports: [{}]}", "4:33", "`port` is missing", 'add `port: "<the port>"`'),
        ("- {host: a.example.com, name: a_b}", "4:31", "`name`: `a_b` is not allowed", "write `a-b`"),
        ("- {host: a.example.com, clients: }", "4:34", "`clients`: `null` is not a list", "write for example `["),
    ],
)
def test_a_refusal_says_where_what_and_what_instead(entry: str, place: str, message: str, fix: str) -> None:
    (finding,) = compile_text(hosts(entry)).findings
    assert f"{finding.span.line}:{finding.span.column}" == place
    assert message in finding.message
    assert fix in finding.fix


@pytest.mark.parametrize("text", ["api.example.com\n", "\napi.example.com", "api.example.com\u2028"])
def test_no_line_break_hides_in_a_name(text: str) -> None:
    data, findings = load("hosts.yaml", f"version: 1\nhosts: [{text!r}]\n".replace("'", '"').encode())
    assert not findings
    assert [finding.code for finding in check(data)[0]] == ["EG105"]


def test_a_value_of_the_wrong_type_is_found_once() -> None:
    assert codes('version: "1"\nhosts: []\n') == ["EG103"]


def test_long_values_are_cut() -> None:
    (finding,) = compile_text(hosts(f"- {{host: a.example.com, tls: {{mode: {'x' * 9000}}}}}")).findings
    assert len(finding.message) < 200


def test_a_broken_host_does_not_hide_what_is_wrong_with_others() -> None:
    text = hosts("""
        - {host: a.example.com, prots: []}
        - {host: b.example.com, timeouts: {request: 0s}}
    """)
    assert found(text) == ["4:25 EG101", "5:36 EG218"]


def test_a_missing_version_does_not_hide_what_is_wrong_with_hosts() -> None:
    assert found("hosts: [a.example.com]\n") == ["1:1 EG102", "1:9 EG201"]


UNITS = ["a", "1", "/", "/a", ":", "::1", "a.", "a-", "-", "A", "1s", "1m", "*", "1.", "503,", "a/", "https://a", " "]
PATTERNS = sorted(
    {part["pattern"] for root in (schema(), schemas.values()) for _, part in parts(root) if "pattern" in part}
)


@pytest.mark.parametrize("pattern", PATTERNS)
def test_no_text_keeps_a_pattern_busy(pattern: str) -> None:
    # in a run of 10,000 each place is looked at a few times, not 10,000 times
    began = time.process_time()
    for unit in UNITS:
        for head in ("", "/", "a", "*.", "spiffe://", "x/ns/", "http-"):
            assert not re.fullmatch(pattern, f"{head}{unit * 10_000}\n")
    assert time.process_time() - began < 5


def test_many_items_are_compared_as_a_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("jsonschema._utils.equal", None)
    items = ", ".join(f"{{a: {number}}}, [{number}], {number}, '{number}'" for number in range(1000))
    assert codes(hosts(f"- {{host: a.example.com, endpoints: [{items}]}}")).count("EG107") == 0
    assert codes(hosts("- {host: a.example.com, endpoints: [1.1.1.1, {a: 1, b: 2}, {b: 2, a: 1}]}")).count("EG107") == 1


def test_broken_defaults_are_not_guessed() -> None:
    assert found("version: 1\ndefaults: {clients: shop}\nhosts: [a.example.com]\n") == ["2:21 EG103"]
    assert found("version: 1\ndefault: {clients: [shop]}\nhosts: [a.example.com]\n") == ["2:1 EG101"]
