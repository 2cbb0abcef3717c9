"""The figures of docs/operations.md: each measured number has a row, and each table is made of numbers alone."""

import pytest

from docs import layouts
from tests.ops import lost
from tests.ops.figures import SECTIONS, Figure
from tests.ops.page import PAGE, PLACE, table, written

TEXT = PAGE.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", layouts.PAGES, ids=lambda page: page.name)
def test_the_layouts_are_those_that_the_compiler_counts(page: object) -> None:
    assert isinstance(page, type(PAGE))
    text = page.read_text(encoding="utf-8")
    assert layouts.made(text) == text, "run `python -m docs.layouts`"


def test_the_page_has_a_table_for_each_section() -> None:
    assert [place[2] for place in PLACE.finditer(TEXT)] == list(SECTIONS)


def test_a_number_beyond_its_limit_is_marked() -> None:
    assert "| 9 MB | at most 8 MB: missed |" in table("shared", {"shared_own_ca_1000_listeners": 9e6})
    assert "| 5.4 MB | at most 8 MB |" in table("shared", {"shared_own_ca_1000_listeners": 5.4e6})
    assert "| 0.5 | at least 0.6: missed |" in table("data path", {"rate_through_over_direct": 0.5})
    assert "| 1 | at most 0: missed |" in table("lost", {"lost_killed": 1})


def test_each_event_in_which_requests_could_be_lost_has_its_figures() -> None:
    events = lost.EVENTS | lost.ALONE
    assert {f"{what}_{event}" for event in events for what in ("lost", "cut")} == set(SECTIONS["lost"])


def test_what_is_not_measured_stays_as_it_is() -> None:
    assert written(TEXT, {}) == TEXT
    now = written(TEXT, {"tries_get": 1})
    assert "by default | 1 | at most 1 |" in now
    assert written(now, {"tries_get": 1}) == now


@pytest.mark.parametrize(
    ("unit", "number", "text"),
    [("MB", 5.4e6, "5.4 MB"), ("MB", 281e6, "281 MB"), ("s", 12.345, "12.3 s"), ("", 20_000, "20,000"), ("", 0, "0")],
)
def test_numbers_are_written_for_people(unit: str, number: float, text: str) -> None:
    assert Figure("", unit).text(number) == text
