"""Durations as a list writes them."""

import re
from dataclasses import dataclass, field
from decimal import Decimal
from functools import cache

UNITS = {"ms": 1, "s": 1000, "m": 60_000, "h": 3_600_000}


@dataclass(frozen=True, slots=True, order=True)
class Duration:
    """A time, `exact` in milliseconds; `text` is how the list spells it."""

    exact: Decimal
    text: str = field(compare=False)

    @classmethod
    def of(cls, text: str) -> "Duration":
        """`1h30m` is 5400000 milliseconds."""
        parts = re.findall(r"([0-9.]+)(ms|s|m|h)", text)
        return cls(sum((Decimal(number) * UNITS[unit] for number, unit in parts), Decimal(0)), text)

    @property
    def milliseconds(self) -> int:
        """Whole milliseconds; a rule refuses fractions of one."""
        return int(self.exact)

    @property
    def spelled(self) -> str:
        """90000 milliseconds are `90s`: as a list would say it, in the largest whole unit."""
        return _spelled(self.milliseconds)


@cache  # most hosts have the same times
def _spelled(milliseconds: int) -> str:
    unit = next(unit for unit in ("h", "m", "s", "ms") if milliseconds % UNITS[unit] == 0)
    return f"{milliseconds // UNITS[unit]}{unit}"
