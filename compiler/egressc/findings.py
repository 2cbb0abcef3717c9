"""What is wrong with a list: a code, a place, a sentence, and what to write instead."""

import re
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, NamedTuple

from egressc import hidden

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


SINGLE = 3  # findings of one kind that are said one by one
NAME = re.compile(r"(?<![`\w.*-])(\*\.)?[\w-]+(\.[\w-]+)+(:\d+)?(?![`\w])")  # of a host, in a message
RUNS = 20  # of the lines of the others, those that are named
FAMILIES = {
    "EG0": "The file",
    "EG1": "The shape",
    "EG2": "One host",
    "EG3": "Between hosts",
    "EG4": "Names, imports and clusters",
}
#: Codes that once had a meaning. A code never gets another one.
RETIRED = frozenset({"EG283", "EG306"})
#: All codes by name: a module that is imported adds its own, and `egressc.cli` imports them all.
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
        return Finding(span, self.name, hidden.sentence(message), hidden.sentence(fix), level or self.level)


def folded(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """`findings` in the order of the lines, each once.

    Where more than SINGLE of a file say the same of several hosts, with the same to write, they are one.
    """
    kinds: dict[tuple[str, ...], list[Finding]] = defaultdict(list)
    for one in sorted(set(findings)):
        kinds[one.span.file, one.code, one.level, one.fix, NAME.sub("", one.message)].append(one)
    return tuple(sorted(one for kind in kinds.values() for one in (kind if len(kind) <= SINGLE else [_fold(kind)])))


def _fold(kind: list[Finding]) -> Finding:
    first, *rest = kind
    lines = sorted({one.span.line for one in rest})
    runs: list[list[int]] = []
    for line in lines:
        if runs and line == runs[-1][-1] + 1:
            runs[-1][1:] = [line]
        else:
            runs.append([line])
    places = ", ".join("-".join(map(str, run)) for run in runs[:RUNS])
    more = f" and {len(runs) - RUNS} more places" if len(runs) > RUNS else ""
    said = f"; {len(rest)} more are the same, on line{'s' * (len(lines) > 1)} {places}{more}"
    return replace(first, message=first.message + said)
