"""The tables of docs/operations.md: the figures of a measurement, each beside its limit."""

import re
from collections.abc import Mapping
from pathlib import Path

from tests.ops.figures import SECTIONS

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
#: What a table stands between: `<!-- figures: shared -->` and `<!-- /figures -->`.
PLACE = re.compile(r"(<!-- figures: (.+?) -->\n).*?(<!-- /figures -->)", re.DOTALL)


def written(text: str, numbers: Mapping[str, float]) -> str:
    """The page's `text` with its tables made of these numbers; a table without any stays as it is."""

    def made(place: re.Match[str]) -> str:
        rows = table(place[2], numbers)
        return f"{place[1]}\n{rows}\n{place[3]}" if rows else place[0]

    return PLACE.sub(made, text)


def table(section: str, numbers: Mapping[str, float]) -> str:
    """The table of a section, of what is measured of it; empty where nothing is."""
    known = [(figure, numbers[key]) for key, figure in SECTIONS[section].items() if key in numbers]
    rows = [
        f"| {figure.says} | {figure.text(number)} | {figure.limit}{'' if figure.kept(number) else ': missed'} |\n"
        for figure, number in known
    ]
    return "".join(["| What | Measured | Limit |\n", "| --- | --- | --- |\n", *rows]) if rows else ""
