"""Durations as a list writes them."""

import re
from decimal import Decimal

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


def milliseconds(text: str) -> int:
    """`1h30m` → 5400000; fractions of a millisecond, which a rule refuses, are dropped."""
    return int(exact_milliseconds(text))


def exact_milliseconds(text: str) -> Decimal:
    """`1.5ms` → 1.5."""
    return sum((Decimal(number) * UNITS[unit] for number, unit in re.findall(r"([0-9.]+)(ms|s|m|h)", text)), Decimal(0))


def spell(milliseconds: int) -> str:
    """90000 → `90s`: a time as a list would say it, in its largest whole unit."""
    unit = next(unit for unit in ("h", "m", "s", "ms") if milliseconds % UNITS[unit] == 0)
    return f"{milliseconds // UNITS[unit]}{unit}"
