"""Plain text in columns: cells wrap, lines never do."""

import re
from collections.abc import Iterable, Sequence

BREAKS = re.compile(r"(?<=[./,:=-])")  # where a name may go on in the next line
GAP = "  "


def table(rows: Iterable[Sequence[str]], widths: Sequence[int]) -> str:
    """`rows` of cells, aligned; a column is as wide as its longest line, `widths` characters at most.

    A newline in a cell begins a new line; lines end without blanks, and columns without text are left out.
    """
    cells = [[wrap(cell, width) for cell, width in zip(row, widths, strict=True)] for row in rows]
    sizes = [max((len(line) for cell in column for line in cell), default=0) for column in zip(*cells, strict=True)]
    lines = []
    for row in cells:
        for index in range(max(map(len, row))):
            parts = (cell[index] if index < len(cell) else "" for cell in row)
            line = GAP.join(part.ljust(size) for part, size in zip(parts, sizes, strict=True) if size)
            lines.append(line.rstrip())
    return "".join(f"{line}\n" for line in lines)


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
