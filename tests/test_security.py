"""docs/security.md is a contract: each row names a test that is there, and rests on lines that a test sees go."""

import ast
import re
import shutil
from pathlib import Path
from typing import Any

import pytest

from egressc import emit
from tests.chart import CHART, Helm
from tests.lists import compile_text
from tests.security import LINES, LIST, Line

ROOT = Path(__file__).parents[1]
#: The cases of the public catalogue of ways around an egress gateway, by their numbers there.
CATALOGUE = {
    f"{family}-{number:02}"
    for family, numbers in {
        "P0": range(1, 5),
        "N1": (*range(1, 16), *range(20, 29)),
        "N2": (1, 2),
        "N3": range(1, 6),
        "N4": (1, 2, 10, 11, 12),
        "N5": (1, 2),
        "N6": (1,),
    }.items()
    for number in numbers
}


def rows() -> list[tuple[str, str]]:
    """What is enforced, and the test that the page names for it."""
    section = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## Enforced")[2]
    table = [line.strip("|").split(" | ") for line in section.partition("\n##")[0].splitlines() if line.startswith("|")]
    return [(row[0].strip(), row[-1].strip()) for row in table[2:]]


def is_there(named: str) -> bool:
    """Whether file::test, the file seen from tests/mesh, names a test."""
    file, _, test = named.partition("::")
    tree = ast.parse((ROOT / "tests" / "mesh" / file).read_text(encoding="utf-8"))
    return test in {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}


@pytest.fixture(scope="module")
def values() -> dict[str, Any]:
    plan = compile_text(LIST).plan
    assert plan
    return emit.values(plan)


def test_every_row_rests_on_a_line() -> None:
    assert [what for what, _ in rows()] == list(LINES)


@pytest.mark.parametrize(("what", "named"), rows(), ids=lambda text: text)
def test_every_row_names_a_test(what: str, named: str) -> None:
    assert re.fullmatch(r"`.*::.*`", named), what
    assert is_there(named.strip("`"))


def ways() -> list[list[str]]:
    """The ways around a gateway: what, cases of the catalogue, closed or not, by what, and where it is proven."""
    section = (ROOT / "docs" / "security.md").read_text(encoding="utf-8").partition("## Ways around")[2]
    table = section.partition("| Way |")[2].partition("\n\n")[0].splitlines()[2:]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table]


def test_every_case_of_the_catalogue_stands_once() -> None:
    cases = [case for way in ways() for case in way[1].split(", ") if case != "-"]
    assert sorted(cases) == sorted(CATALOGUE)


@pytest.mark.parametrize("way", ways(), ids=lambda way: str(way[0]))
def test_every_way_names_its_proof(way: list[str]) -> None:
    _, _, state, by, proven = way
    assert state in ("closed", "open", "works")
    assert by
    for named in re.findall(r"`(\S+\.py::\w+)`", f"{by} {proven}"):
        assert is_there(named), named
    assert proven == "said only" or re.fullmatch(r"`\S+\.py::\w+`", proven)


@pytest.mark.parametrize("line", [line for lines in LINES.values() for line in lines], ids=lambda line: line.text)
def test_a_line_that_goes_is_noticed(values: dict[str, Any], helm4: Helm, tmp_path: Path, line: Line) -> None:
    assert line.holds(helm4.render(values))
    chart = tmp_path / "chart"
    shutil.copytree(CHART, chart)
    template = chart / "templates" / line.template
    whole = template.read_text(encoding="utf-8")
    assert line.text in whole
    # the line is gone, and what is left is a template still
    kept = "".join(re.findall(r"\{\{-? (?:with|range|if|else|end)[^}]*\}\}", line.text))
    template.write_text(
        re.sub(rf"^.*{re.escape(line.text)}.*\n", f"{kept}\n", whole, flags=re.MULTILINE), encoding="utf-8"
    )
    assert not holds_without(line, helm4, values, chart)


def holds_without(line: Line, helm: Helm, values: dict[str, Any], chart: Path) -> bool:
    """Whether a chart without the line prints what the row says; one that prints nothing does not."""
    try:
        return line.holds(helm.render(values, chart=chart))
    except (LookupError, TypeError, AttributeError):
        return False
