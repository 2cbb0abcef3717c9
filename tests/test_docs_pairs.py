"""The README's table of releases is what docs/proof.md says of each pair."""

import pytest

from docs import pairs
from tests.mesh.page import CLOSED, Row
from tests.mesh.proof import FAULTS, ROUTES, SECTIONS, WILDCARDS
from tests.mesh.versions import DEFAULT, PAIRS, Pair

OLDER = PAIRS[1]
A, B, OTHER = (Row(claim, "", "", "") for claim in ("a", "b", f"{CLOSED} a"))


def test_it_is_current() -> None:
    assert pairs.README.read_text(encoding="utf-8") == pairs.readme(), "run `python -m docs.pairs`"


def test_each_section_belongs_to_one_concern() -> None:
    """The faults of the test mesh are no concern of a reader."""
    sections = [section for those in pairs.CONCERNS.values() for section in those]
    assert sorted([*sections, FAULTS]) == sorted(SECTIONS)


@pytest.mark.parametrize(
    ("older", "cell"),
    [
        ([A, B], "all"),
        ([A], "some"),
        ([], ""),
        ([A, OTHER], "some ¹"),
        ([OTHER], "some ¹"),
    ],
)
def test_a_cell_is_the_share_of_what_the_default_pair_has_shown(older: list[Row], cell: str) -> None:
    shown: dict[Row, frozenset[Pair]] = {A: frozenset({DEFAULT}), B: frozenset({DEFAULT})}
    rows = {row: shown.get(row, frozenset()) | ({OLDER} if row in older else set()) for row in (A, B, OTHER)}
    head, _, envoys, *lines = pairs.table({WILDCARDS: rows, ROUTES: shown}).splitlines()
    assert head.startswith("| Istio | 1.31 | 1.30 | ")
    assert envoys.startswith("| with Envoy | 1.39 | 1.38 | ")
    (line,) = (line for line in lines if line.startswith("| wildcards |"))
    assert line.split(" | ")[1:3] == ["all", cell]


def test_nothing_is_all_of_what_nobody_has_shown() -> None:
    rows = {A: frozenset({OLDER})}
    (line,) = (line for line in pairs.table({WILDCARDS: rows}).splitlines() if line.startswith("| wildcards |"))
    assert line.split(" | ")[1:4] == ["", "some", ""]
