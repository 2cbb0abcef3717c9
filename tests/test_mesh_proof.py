"""docs/proof.md: each run of a pair writes its own column, and no column keeps what the default pair shows no more."""

import os
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.mesh import page
from tests.mesh.page import Page, Row
from tests.mesh.proof import PAGE, ROUTES, SECTIONS, WILDCARDS, Writer, by_section, is_whole
from tests.mesh.versions import DEFAULT, PAIRS, Pair

OLDER, OTHER = PAIRS[1:3]
A, B = (Row(claim, "`GET http://api.example.com`", "HTTP/1.1 GET", "200") for claim in ("a", "b"))
OTHERWISE = A._replace(client="503")


def known(rows: Mapping[Row, set[Pair]]) -> Page:
    return {ROUTES: {row: frozenset(pairs) for row, pairs in rows.items()}}


def after(rows: Mapping[Row, set[Pair]], shown: list[Row], pair: Pair, *, whole: bool) -> dict[Row, set[Pair]]:
    """The rows of a section after a run."""
    updated = page.update(known(rows), {ROUTES: shown}, pair, whole)
    return {row: set(pairs) for row, pairs in updated[ROUTES].items()}


def test_a_page_is_read_as_it_was_written() -> None:
    written = {
        ROUTES: {A: frozenset({DEFAULT}), B._replace(sent="", upstream=""): frozenset({OLDER, OTHER})},
        WILDCARDS: {A: frozenset(PAIRS)},
    }
    text = page.render(written)
    assert page.read(text) == written
    assert "| Claim | Sent | The upstream saw | The client saw | 1.31·1.39 | 1.30·1.38 |" in text


def test_the_committed_page_is_one() -> None:
    text = PAGE.read_text()
    assert page.render(page.read(text)) == text
    assert list(page.read(text)) == [section for section in SECTIONS if section in page.read(text)]


def test_each_pair_has_a_column_of_its_own() -> None:
    rows = after({A: {DEFAULT}}, [A, B], OLDER, whole=True)
    assert rows == {A: {DEFAULT, OLDER}, B: {OLDER}}


@pytest.mark.parametrize("whole", [False, True])
def test_a_row_that_differs_on_one_pair_is_another_row(whole: bool) -> None:
    rows = after({A: {DEFAULT, OLDER}}, [OTHERWISE], OLDER, whole=whole)
    assert rows == {A: {DEFAULT}, OTHERWISE: {OLDER}}


@pytest.mark.parametrize("whole", [False, True])
def test_a_row_that_differs_on_the_default_pair_is_gone_for_all(whole: bool) -> None:
    rows = after({A: {DEFAULT, OLDER}}, [OTHERWISE], DEFAULT, whole=whole)
    assert rows == {OTHERWISE: {DEFAULT}}


def test_only_a_whole_run_tells_what_is_gone() -> None:
    assert after({A: {DEFAULT}, B: {DEFAULT}}, [A], DEFAULT, whole=False) == {A: {DEFAULT}, B: {DEFAULT}}
    assert after({A: {DEFAULT}, B: {DEFAULT, OLDER}}, [A], DEFAULT, whole=True) == {A: {DEFAULT}}
    assert after({A: {OLDER}, B: {OLDER}}, [A], OLDER, whole=True) == {A: {OLDER}}


def test_what_only_an_older_pair_shows_stays() -> None:
    assert after({A: {DEFAULT}, B: {OLDER}}, [A], DEFAULT, whole=True) == {A: {DEFAULT}, B: {OLDER}}


def test_the_default_pair_s_rows_have_the_order_of_its_tests() -> None:
    rows = {B: {OLDER}, OTHERWISE: {OLDER}}
    assert list(after(rows, [A, B], DEFAULT, whole=True)) == [A, B, OTHERWISE]
    assert list(after(rows, [A, B], DEFAULT, whole=False)) == [B, OTHERWISE, A]


def test_rows_come_in_the_order_of_the_files_whichever_ran_first() -> None:
    shown = [("tests/mesh/test_b.py", ROUTES, B), ("tests/mesh/test_a.py", ROUTES, A)]
    assert by_section(shown)[ROUTES] == [A, B]


def test_no_two_rows_claim_the_same() -> None:
    shown = [("tests/mesh/test_a.py", ROUTES, A), ("tests/mesh/test_b.py", ROUTES, OTHERWISE)]
    with pytest.raises(ValueError, match=r"^two rows of docs/proof\.md claim in Routes: a$"):
        by_section(shown)
    assert by_section([shown[0], ("tests/mesh/test_b.py", WILDCARDS, OTHERWISE)])[WILDCARDS] == [OTHERWISE]


@pytest.mark.parametrize(
    ("arguments", "marks", "keyword", "whole"),
    [
        (["tests/mesh"], "mesh", "", True),
        (["tests/mesh"], "mesh", "wildcards", False),
        (["tests/mesh"], "short", "", False),
        (["tests/mesh/test_routes.py"], "mesh", "", False),
    ],
)
def test_a_whole_run_is_one_of_all_tests(arguments: list[str], marks: str, keyword: str, whole: bool) -> None:
    assert is_whole(arguments, marks, keyword) == whole


CONFTEST = """
from pathlib import Path

from tests.mesh.proof import Writer, proof
from tests.mesh.versions import PAIRS

def pytest_configure(config):
    if not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(Path("proof.md"), PAIRS[1]))
"""
TESTS = """
def test_a(proof):
    proof.row("Routes", "a", "x|y", "nothing", "200")

def test_b(proof):
    proof.row("Routes", "b", "x", "nothing", "200")
    assert {passes}
"""


@pytest.mark.parametrize("processes", [[], ["--numprocesses=2"]])
@pytest.mark.parametrize("passes", [True, False])
def test_the_page_is_written_when_no_test_failed(tmp_path: Path, passes: bool, processes: list[str]) -> None:
    (tmp_path / "conftest.py").write_text(CONFTEST)
    (tmp_path / "test_page.py").write_text(TESTS.format(passes=passes))
    command = [sys.executable, "-m", "pytest", "-q", *processes]
    here = os.environ | {"PYTHONPATH": str(PAGE.parents[1])}
    ran = subprocess.run(command, cwd=tmp_path, env=here, capture_output=True, text=True, check=False)
    assert ran.returncode == (0 if passes else 1), ran.stdout + ran.stderr
    written = tmp_path / "proof.md"
    assert written.exists() == passes
    if passes:
        rows = page.read(written.read_text())[ROUTES]
        assert rows == {Row(claim, sent, "nothing", "200"): {OLDER} for claim, sent in (("a", "x¦y"), ("b", "x"))}


def test_a_test_that_failed_shows_nothing() -> None:
    """The evidence is in the report of the test, and only one that passed counts."""
    report = pytest.TestReport("tests/mesh/test_a.py::test_a", ("", 0, ""), {}, "failed", None, "call")
    report.user_properties.append(("proof", '["Routes", "a", "b", "c", "d"]'))
    writer = Writer(Path("unused"), DEFAULT)
    writer.pytest_runtest_logreport(report)
    assert writer.shown == []
    report.outcome = "passed"
    writer.pytest_runtest_logreport(report)
    assert writer.shown == [("tests/mesh/test_a.py", ROUTES, Row("a", "b", "c", "d"))]
