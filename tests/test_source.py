"""YAML in, data with positions out; nothing that YAML can do surprises."""

import codecs
from typing import Any

import pytest
import yaml

from egressc import emit, source
from egressc.findings import Span
from egressc.positions import Mapping, Sequence, locate
from egressc.source import MAX_BYTES, load
from tests.lists import compile_text, hosts

LIST = hosts("""
    - api.example.com
    - host: mail.example.com
      description: "Grüße, 10 €"
      ports:
      - {port: 443, protocol: TLS}
""")


@pytest.fixture(params=["libyaml", "PyYAML"])
def loader(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> str:
    name = str(request.param)
    monkeypatch.setattr(source, "Loader", yaml.CSafeLoader if name == "libyaml" else yaml.SafeLoader)
    return name


def read(text: str | bytes) -> Any:
    data, findings = load("hosts.yaml", text.encode() if isinstance(text, str) else text)
    assert not findings
    return data


def problems(text: str | bytes) -> list[str]:
    _, findings = load("hosts.yaml", text.encode() if isinstance(text, str) else text)
    return [f"{finding.span.line}:{finding.span.column} {finding.code}" for finding in findings]


def at(line: int, column: int) -> Span:
    return Span("hosts.yaml", line, column)


@pytest.mark.usefixtures("loader")
def test_every_key_and_value_knows_its_place() -> None:
    data = read("a: 1\nb:\n  - x\n  - {c: y}\n")
    assert data == {"a": 1, "b": ["x", {"c": "y"}]}
    assert isinstance(data, Mapping)
    assert isinstance(data["b"], Sequence)
    assert (data.span, data.keys_at["b"], data.values_at["b"]) == (at(1, 1), at(2, 1), at(3, 3))
    assert data["b"].items_at == [at(3, 5), at(4, 5)]
    assert data["b"][1].keys_at["c"] == at(4, 6)
    assert data["b"][1].values_at["c"] == at(4, 9)


def test_what_is_missing_is_located_at_its_parent() -> None:
    data = read("a:\n  b: [1]\n")
    assert locate(data, ("a", "b"), key=True) == at(2, 3)
    assert locate(data, ("a", "b")) == at(2, 6)
    assert locate(data, ("a", "b", 0), key=True) == at(2, 7)
    assert locate(data, ("a", "c"), key=True) == at(2, 3)
    assert locate(data, ("x", "y")) == at(1, 1)
    assert locate(data, ("a", "b", 7)) == at(2, 6)


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("80", 80),
        ("+80", 80),
        ("0080", 80),
        ("0.5", 0.5),
        (".5", 0.5),
        ("true", True),
        ("null", None),
        ("~", None),
        ("", None),
        ("yes", "yes"),
        ("no", "no"),
        ("on", "on"),
        ("True", "True"),
        ("1e3", "1e3"),
        ("0o17", "0o17"),
        ("0x1F", "0x1F"),
        ("12:30", "12:30"),
        ("1_000", "1_000"),
        (".inf", ".inf"),
        ("2027-06-30", "2027-06-30"),
        ("99999999999999999999", "99999999999999999999"),
        (f"{'9' * 400}.0", f"{'9' * 400}.0"),
        ("0.12345678901234567890", "0.12345678901234567890"),
        ("'80'", "80"),
        ('"true"', "true"),
    ],
)
def test_only_words_that_every_yaml_reads_alike_are_more_than_text(text: str, value: object) -> None:
    read_value = read(f"a: {text}\n")["a"]
    assert read_value == value
    assert type(read_value) is type(value)


@pytest.mark.parametrize(
    "raw",
    [
        codecs.BOM_UTF8 + LIST.encode(),
        LIST.replace("\n", "\r\n").encode(),
        codecs.BOM_UTF8 + LIST.replace("\n", "\r\n").encode(),
    ],
    ids=["BOM", "CRLF", "both"],
)
def test_bom_and_crlf_change_nothing(raw: bytes) -> None:
    plain, same = compile_text(LIST), compile_text(raw)
    assert plain.plan is not None
    assert same.plan is not None
    assert emit.dump(emit.values(plain.plan)) == emit.dump(emit.values(same.plan))


@pytest.mark.parametrize("text", ["{0}: 1\n{0}: 2\n", "a: &{0} 1\n", "a: *{0}\n"])
def test_long_names_are_cut(text: str) -> None:
    _, findings = load("hosts.yaml", text.format("a" * 1000).encode())
    assert findings
    assert all(len(finding.message + finding.fix) < 300 for finding in findings)


@pytest.mark.parametrize("raw", [b"\xef\xbb\xbfa: \xff\n", b"a: \xff\n", "a: ü".encode("latin-1")])
def test_bytes_that_are_not_utf_8_are_found_where_they_are(raw: bytes) -> None:
    assert problems(raw) == ["1:4 EG001"]


def test_utf_16_is_not_utf_8() -> None:
    assert problems("version: 1\n".encode("utf-16")) == ["1:1 EG001"]


def test_control_characters_are_found_behind_others_than_ascii() -> None:
    assert problems("über: 1\nß: \x07\n") == ["2:4 EG002"]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("text", ["", "\n\n", "# only this\n", "---\n", "null\n", "~", "--- # nothing\n..."])
def test_empty(text: str) -> None:
    assert problems(text) == ["1:1 EG005"]


@pytest.mark.parametrize(("text", "place"), [("- a\n", "1:1"), ("hosts\n", "1:1"), ("\n 5\n", "2:2")])
def test_anything_but_a_mapping_is_no_list(text: str, place: str) -> None:
    assert problems(text) == [f"{place} EG103"]


def test_ten_megabytes_are_enough() -> None:
    head = b"version: 1\nhosts: []\n#"
    assert not load("hosts.yaml", head + b"x" * (MAX_BYTES - len(head)))[1]
    assert problems(head + b"x" * (MAX_BYTES - len(head) + 1)) == ["1:1 EG007"]


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize("opening", ["[", "{a: ", "- ", "? ", "{a: ["])
def test_no_depth_exhausts_the_stack(opening: str) -> None:
    assert problems(opening * 100_000)[-1].endswith("EG007")


def test_aliases_do_not_explode() -> None:
    lines = ["a0: &a0 [x, x]"] + [f"a{i}: &a{i} [*a{i - 1}, *a{i - 1}]" for i in range(1, 300)]
    found = problems("\n".join(lines))
    assert {problem.split()[1] for problem in found} == {"EG004"}
    assert len(found) == 300 + 299  # each anchor and each alias's name once


@pytest.mark.usefixtures("loader")
@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("a: 1\nb: 2\na: {x: 1, x: 2}\n", ["3:1 EG003", "3:11 EG003"]),
        ("a: &x 1\nb: *x\nc: *x\n", ["1:4 EG004", "2:4 EG004"]),
        ("a: &x {b: 1}\nc:\n  <<: *x\n", ["1:4 EG004", "3:3 EG004"]),
        ("a: !!str 5\nb: ! 5\nc: !mine {}\n", ["1:4 EG004", "2:4 EG004", "3:4 EG004"]),
        ("80: a\ntrue: b\nnull: c\n", ["1:1 EG006", "2:1 EG006", "3:1 EG006"]),
        ("? [a, b]\n: c\n? {d: e}\n: f\n", ["1:3 EG006", "3:3 EG006"]),
        ("a: 1\n---\nb: 2\n", ["2:1 EG005"]),
        ("a: 1\n\tb: 2\n", ["2:1 EG002"]),
        ("a:\n  - b\n\t- c\n", ["3:1 EG002"]),
        ("a: *.example.com\n", ["1:5 EG004"]),
        ("a: @b\n", ["1:4 EG002"]),
        ("a: `b`\n", ["1:4 EG002"]),
        ("a: [1, 2\n", ["1:4 EG002"]),
        ('a: "b\n', ["1:4 EG002"]),
        ("a: b: c\n", ["1:5 EG002"]),
    ],
)
def test_what_a_list_must_not_contain(text: str, found: list[str]) -> None:
    assert problems(text) == found


def test_what_is_refused_leaves_the_rest_readable() -> None:
    data, findings = load("hosts.yaml", b"a: 1\na: 2\n<<: {b: 3}\nc: !x 4\nd: [5, *e, 6]\n")
    assert data == {"a": 1, "c": 4, "d": [5, 6]}
    assert len(findings) == 4
