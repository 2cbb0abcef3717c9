"""What an object decides about a request."""

from dataclasses import dataclass

from egressc.explain.lines import Lines
from egressc.explain.objects import Object
from egressc.model import Duration


@dataclass(frozen=True, slots=True)
class Decision:
    """What the object `by` makes so; `lines` are empty where the list is silent and a default holds."""

    by: Object
    says: str
    lines: Lines


def time(duration: Duration | None, says: str, lines: Lines) -> tuple[str, Lines]:
    """`says` with `duration`, and where the list says it."""
    return says.format(duration.spelled if duration else "any time"), lines
