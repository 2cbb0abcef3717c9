"""Plain text in columns: cells wrap, lines never do."""

import re
from collections.abc import Iterable, Sequence

BREAKS = re.compile(r"(?<=[./,:=-])")  # where a name may go on in the next line
GAP = "  "
LEAST = 8  # characters of a column


def table(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    """`rows` of cells, aligned; a column is as wide as its longest line, `widths` characters at most.

    A newline in a cell begins a new line; lines end without blanks, and columns without text are left out.
    """
    return "".join(aligned(rows, widths))


def aligned(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> list[str]:
    """The lines of each of `rows` in such a table."""
    cells = [[wrap(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    sizes = _sizes(cells)
    return ["".join(_line(row, index, sizes) for index in range(max(map(len, row)))) for row in cells]


def _line(row: Sequence[Sequence[str]], index: int, sizes: Sequence[int]) -> str:
    parts = (cell[index] if index < len(cell) else "" for cell in row)
    line = GAP.join(part.ljust(size) for part, size in zip(parts, sizes, strict=True) if size)
    return f"{line.rstrip()}\n"


def fit(
    rows: Sequence[Sequence[str]], widths: Sequence[int], width: int, least: Sequence[int] | None = None
) -> list[int]:
    """How wide the columns of `rows` are in `width` characters: those with most to give give way, down to `least`."""
    cells = [[wrap(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    sizes = _sizes(cells) or list(widths)
    spare = [size - kept for size, kept in zip(sizes, least or [LEAST] * len(sizes), strict=True)]
    over = sum(sizes) + len(GAP) * (sum(map(bool, sizes)) - 1) - width
    while over > 0 and max(spare) > 0:
        at = spare.index(max(spare))
        sizes[at], spare[at], over = sizes[at] - 1, spare[at] - 1, over - 1
    return sizes


def _sizes(cells: Sequence[Sequence[Sequence[str]]]) -> list[int]:
    return [max((len(line) for cell in column for line in cell), default=0) for column in zip(*cells, strict=True)]


def wrap(text: str, width: int) -> list[str]:
    """`text` in lines of `width` characters at most, broken between words, else inside names after their punctuation.

    Blanks at the beginning of a line of `text` begin all of its lines.
    """
    lines = []
    for paragraph in text.split("\n"):
        indent = paragraph[: len(paragraph) - len(paragraph.lstrip())]
        lines += [indent + line for line in _fill(paragraph.split(), width - len(indent))]
    return lines


def _fill(words: Sequence[str], width: int) -> list[str]:
    lines = [""]
    for word in words:
        if lines[-1] and len(lines[-1]) + 1 + len(word) <= width:
            lines[-1] += f" {word}"
        else:
            lines[-1:] = ([lines[-1]] if lines[-1] else []) + _pieces(word, width)
    return lines


def shorten(text: str, length: int) -> str:
    """`text` in `length` characters at most, an ellipsis for what is left out."""
    return text if len(text) <= length else f"{text[: length - 1].rstrip()}…"


def _pieces(word: str, width: int) -> list[str]:
    parts = (part[start : start + width] for part in BREAKS.split(word) for start in range(0, len(part), width))
    pieces = [""]
    for part in parts:
        if len(pieces[-1]) + len(part) <= width:
            pieces[-1] += part
        else:
            pieces.append(part)
    return pieces
