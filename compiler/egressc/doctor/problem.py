"""What a check comes to: problems, what it could not find out, and what is well."""

import shlex
from collections.abc import Iterable
from dataclasses import dataclass, replace

from egressc import hidden
from egressc.counted import some
from egressc.findings import Code, Finding, Level, Span
from egressc.positions import Line

#: Of what others say in a message: letters.
LONGEST = 600


@dataclass(frozen=True, slots=True)
class Place:
    """Where the list says what a problem concerns: the line of its first host, and all of these hosts.

    `whole` is the whole list, whose hosts nobody needs to be told.
    """

    line: Line
    hosts: tuple[str, ...]
    whole: bool = False

    def has(
        self, code: Code, about: str, message: str, fix: str, *, since: str | None = None, level: Level | None = None
    ) -> "Problem":
        """A problem here: `about` is the object, `message` goes on after its name."""
        said = hidden.sentence(" ".join(f"{about} {message}".split()))[:LONGEST]
        return Problem(code, level or code.level, about, said, fix, since, self)


@dataclass(frozen=True, slots=True)
class Problem:
    """Something wrong with the object `about`, since when (RFC 3339), and for which hosts."""

    code: Code
    level: Level
    about: str
    message: str
    fix: str
    since: str | None
    place: Place

    @property
    def finding(self) -> Finding:
        """The same as a finding at the line of the list that it concerns."""
        hosts = self.place.hosts
        concerned = f" (for {some(hosts)})" if len(hosts) > 1 and not self.place.whole else ""
        said = f"{self.message}{concerned}" + (f", since {self.since}" if self.since else "")
        span = Span(self.place.line.file, self.place.line.line, self.place.line.column)
        return self.code(span, said, self.fix, self.level)


@dataclass(frozen=True, slots=True, order=True)
class Unknown:
    """What could not be found out, and why."""

    check: str
    about: str
    why: str


@dataclass(frozen=True, slots=True)
class Well:
    """What is well, where there is more to say than that."""

    says: str


Outcome = Problem | Unknown | Well


def merged(problems: Iterable[Problem]) -> tuple[Problem, ...]:
    """The problems, errors first; what several hosts have of the same object is one."""
    kinds: dict[tuple[str, ...], Problem] = {}
    for one in problems:
        key = one.code.name, one.level, one.message, one.fix
        known = kinds.get(key, one)
        line = min(known.place.line, one.place.line)
        hosts = tuple(sorted({*known.place.hosts, *one.place.hosts}))
        kinds[key] = replace(known, place=Place(line, hosts, known.place.whole))
    return tuple(sorted(kinds.values(), key=lambda one: one.level))


def run(*words: str) -> str:
    """A command as a fix says it: ``run `kubectl …` ``."""
    return f"run {command(*words)}"


def command(*words: str) -> str:
    """A command in backticks, safe to paste; a backtick of a name is none of these."""
    return f"`{shlex.join(words).replace('`', '')}`"
