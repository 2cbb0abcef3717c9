"""What Kubernetes calls a quantity: a number with a unit, of CPU or memory."""

import re
from decimal import Decimal
from typing import Any

#: The units that the schema lets through.
UNITS = {"m": Decimal("0.001"), "": Decimal(1)} | {
    unit: Decimal(base) ** power
    for base, units in ((1000, ("k", "M", "G", "T")), (1024, ("Ki", "Mi", "Gi", "Ti")))
    for power, unit in enumerate(units, 1)
}


def quantity(given: Any) -> Decimal:
    """`100m`, `128Mi`, 0.5: in cores or in bytes."""
    number, unit = re.fullmatch(r"([0-9.]+(?:e[-+]?[0-9]+)?)([A-Za-z]*)", str(given)).groups()  # type: ignore[union-attr]
    return Decimal(number) * UNITS[unit]
