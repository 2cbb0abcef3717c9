"""How many there are, in words for people: `2 hosts`; `a, b and 7 more`."""

from collections.abc import Sequence


def times(number: int, what: str, mark: str = "") -> str:
    """`1 host`, `2 hosts`; with the mark `,` also `2,000 hosts`."""
    return f"{number:{mark}} {what}{'s' * (number != 1)}"


def some(names: Sequence[str], most: int = 3) -> str:
    """`a, b, c and 7 more`."""
    return " ".join([", ".join(names[:most]), *_more(names, most)])


def few(texts: Sequence[str], most: int) -> list[str]:
    """The first of `texts`, and behind them how many more there are: for cells, and for a line each."""
    return [*texts[:most], *_more(texts, most)]


def _more(texts: Sequence[str], most: int) -> list[str]:
    left = len(texts) - most
    return [f"and {left} more"] if left > 0 else []
