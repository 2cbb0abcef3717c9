"""Whatever a list holds: what is printed steers no terminal, and commands no CI."""

import json

import pytest
import yaml
from hypothesis import given
from hypothesis import strategies as st

from egressc import emit, printable
from tests.harmless import ATTACKS, COMMANDS, harmless

TEXTS = st.lists(st.text() | st.sampled_from(ATTACKS) | st.sampled_from(":#[ \n\r\u202e"), max_size=5).map("".join)


@pytest.mark.parametrize("attack", ATTACKS)
def test_attacks_are_found_by_the_tests(attack: str) -> None:
    assert not harmless(f"\n{attack}") or attack.startswith(("x::", "#::"))  # which no CI reads
    assert harmless(printable.lines(attack))


@given(TEXTS)
def test_a_line_is_one_and_harmless(text: str) -> None:
    line = printable.line(text)
    assert harmless(line)
    assert len(f".{line}.".splitlines()) == 1
    assert printable.line(line) == line


@given(TEXTS)
def test_lines_are_as_many(text: str) -> None:
    assert harmless(printable.lines(text))
    assert printable.lines(text).count("\n") == text.count("\n")


@given(st.text(st.characters(min_codepoint=32, max_codepoint=126, exclude_characters="#:")))
def test_ordinary_text_stays_as_it_is(text: str) -> None:
    assert printable.line(text) == text
    assert printable.line("# Grüße: a::b, 10 €") == "# Grüße: a::b, 10 €"


@given(st.recursive(TEXTS | st.integers(), lambda inner: st.lists(inner) | st.dictionaries(TEXTS, inner), max_leaves=5))
def test_json_and_yaml_say_the_same_in_escapes(data: object) -> None:
    text = printable.as_json(data)
    assert harmless(text)
    assert json.loads(text) == data


@given(
    st.text(st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff"))
    | st.sampled_from(COMMANDS).map(lambda command: command.replace("\x1b", ""))
    | st.sampled_from(COMMANDS).map(lambda command: f"{'word ' * 2000}{command.replace(chr(27), '')}")
)
def test_values_are_harmless_and_say_the_same(text: str) -> None:
    dumped = emit.dump({text: [text]})
    assert harmless(dumped)
    assert yaml.load(dumped, yaml.CSafeLoader) == {text: [text]}
