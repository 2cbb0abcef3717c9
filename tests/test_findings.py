"""Codes: each is declared once, belongs to a family, and never gets another meaning."""

import re
from pathlib import Path

import pytest

import egressc
from egressc import cli
from egressc.compile import compile_sources
from egressc.findings import CODES, FAMILIES, RETIRED, Code, Finding, Span

HERE = Span("hosts.yaml", 1, 1)


def test_each_code_stands_once_in_the_compiler() -> None:
    """No list of codes by hand, in no docstring; and the command line has imported all that are declared."""
    modules = Path(egressc.__file__).parent.rglob("*.py")
    names = [name for module in modules for name in re.findall(r"EG[0-9]{3}", module.read_text(encoding="utf-8"))]
    assert compile_sources([]).findings == ()
    assert cli.parser().prog
    assert sorted(names) == sorted([*CODES, *RETIRED])
    assert {name[:3] for name in CODES} == set(FAMILIES)


@pytest.mark.parametrize("name", ["EG201", *sorted(RETIRED), "EG901", "W1"])
def test_a_code_has_one_meaning_for_ever(name: str) -> None:
    before = dict(CODES)
    with pytest.raises(ValueError, match=name):
        Code(name, "another meaning", "Something else.")
    assert before == CODES


def test_titles_and_texts_are_for_people() -> None:
    assert len({code.title for code in CODES.values()}) == len(CODES)
    for code in CODES.values():
        assert re.fullmatch(r"[^A-Z.].*[^.]|TLS.*[^.]", code.title), f"{code.name}: a heading after its code"
        assert re.fullmatch(r"[A-Z`].*\.", code.text), f"{code.name}: whole sentences"


def test_a_code_makes_findings_of_its_level_unless_one_is_less() -> None:
    numbers, reports = CODES["EG219"], CODES["EG256"]
    assert numbers(HERE, "a", "b") == Finding(HERE, "EG219", "a", "b", "error")
    assert numbers(HERE, "a", "b", "warning").level == "warning"
    assert reports(HERE, "a", "b").level == "warning"
