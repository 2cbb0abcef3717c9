"""How often each kind of call was seen: in memory that does not grow with the logs."""

from collections import Counter
from dataclasses import dataclass, field

from egressc import hidden
from egressc.findings import Code, Finding, Span
from egressc.hostname import short
from egressc.learning.calls import Call, Skip

NOT_READ = Code(
    "EG414",
    "lines of a log that cannot be read",
    "The lines are neither of a form of access log that is known nor metrics: Istio's text, Istio's JSON, Envoy's own "
    "text, or any of these as Kubernetes and collectors of logs wrap them. Their calls are not in the list.",
    "warning",
)
TOO_MANY = Code(
    "EG425",
    "more different calls than are counted",
    "Callers choose the names that they call. So only so many different calls are counted, and memory stays bounded. "
    "Calls that came later and were not among them are not in the list.",
    "warning",
)
MOST = 10_000
SHOWN = 3
MAX_SHOWN, MAX_READ = 60, 2000
LEAVE = "give `egressc learn` access logs, or leave the line"


@dataclass(slots=True)
class Seen:
    """How often, and where first."""

    count: int
    span: Span


@dataclass(slots=True)
class Tally:
    """What was read. `most` is the number of different calls that are counted.

    `in_other` is whether the last line was of those beside the access log: some of them go on in the next lines.
    """

    most: int = MOST
    calls: dict[Call, Seen] = field(default_factory=dict)
    skipped: Counter[Skip] = field(default_factory=Counter)
    lines: int = 0
    beyond: int = 0
    bare: dict[str, Span] = field(default_factory=dict)
    findings: list[Finding] = field(default_factory=list)
    in_other: bool = False
    _unread: dict[str, int] = field(default_factory=dict)
    _first_beyond: Span | None = None

    def add(self, call: Call, span: Span, count: int = 1) -> None:
        """Counts calls."""
        known = self.calls.get(call)
        if known:
            known.count += count
        elif len(self.calls) < self.most:
            self.calls[call] = Seen(count, span)
        else:
            self.beyond += count
            self._first_beyond = self._first_beyond or span

    def unread(self, span: Span, why: str, line: str = "", fix: str = LEAVE) -> None:
        """Counts a line that cannot be read; the first ones of a file are shown."""
        count = self._unread[span.file] = self._unread.get(span.file, 0) + 1
        if count <= SHOWN:
            # what is hidden may end behind what is shown
            said = f": {short(hidden.value(line[:MAX_READ])[:MAX_SHOWN])}" if line else ""
            self.findings.append(NOT_READ(span, f"{why}{said}", fix))

    def said(self) -> list[Finding]:
        """What is to say of the reading."""
        more = [
            NOT_READ(
                Span(file, 1, 1),
                f"{count - SHOWN:,} more lines cannot be read",
                "look whether the file is an access log in a form of Istio's",
            )
            for file, count in self._unread.items()
            if count > SHOWN
        ]
        if self._first_beyond:
            message = f"{self.beyond:,} calls are not counted: there are more than {self.most:,} different ones"
            more.append(TOO_MANY(self._first_beyond, message, "give fewer logs at once"))
        return [*self.findings, *more]
