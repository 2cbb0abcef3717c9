"""What is wrong with a list: a code, a place, a sentence, and what to write instead."""

from dataclasses import dataclass
from typing import Literal, NamedTuple

Level = Literal["error", "warning"]


class Span(NamedTuple):
    """A place in a file; line and column count from 1."""

    file: str
    line: int
    column: int


@dataclass(frozen=True, slots=True, order=True)
class Finding:
    """One thing that is wrong. Sorting puts findings in the order of the files' lines."""

    span: Span
    code: str
    message: str
    fix: str
    level: Level = "error"


FAMILIES = {
    "EG0": "The file",
    "EG1": "The shape",
    "EG2": "One host",
    "EG3": "Between hosts",
    "EG4": "Names",
}
#: Codes that once had a meaning. A code never gets another one.
RETIRED = frozenset({"EG283", "EG306"})
#: All codes by name: a module that is imported adds its own, and `egressc.compile` imports them all.
CODES: dict[str, "Code"] = {}


@dataclass(frozen=True, slots=True)
class Code:
    """A kind of finding, declared where it is found; calling it makes a finding.

    `title` is its heading in docs/findings.md; `text` says there why egressc refuses it, and what to write.
    A ValueError where the name is taken, was another code's, or belongs to no family.
    """

    name: str
    title: str
    text: str
    level: Level = "error"

    def __post_init__(self) -> None:
        if self.name in CODES or self.name in RETIRED or self.name[:3] not in FAMILIES:
            raise ValueError(f"{self.name} cannot be a code: it is taken, retired, or of no family")
        CODES[self.name] = self

    def __call__(self, span: Span, message: str, fix: str, level: Level | None = None) -> Finding:
        """A finding at `span`; `level` is for one that is less or more than its code."""
        return Finding(span, self.name, message, fix, level or self.level)
