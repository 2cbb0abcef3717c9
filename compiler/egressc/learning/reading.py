"""Logs of any length → their lines, one at a time: unpacked, and cut where a line does not end."""

import gzip
import io
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, NamedTuple, cast

from egressc import output
from egressc.commands.arguments import STANDARD

MAX_LINE = 65_536
#: An answer of Prometheus is one document, which is read whole.
MAX_ANSWER = 64 * 1024 * 1024
GZIP = b"\x1f\x8b"
ANSWER = re.compile(rb'\s*\{\s*"status"\s*:\s*"success"')


@contextmanager
def opened(name: str) -> Iterator[io.BufferedReader]:
    """The file, stdin for `-`, unpacked where it is gzip. OSError where it cannot be read."""
    with open(0, "rb", closefd=False) if name == STANDARD else Path(name).open("rb") as file:
        if file.peek(2)[:2] == GZIP:
            with gzip.GzipFile(fileobj=file) as unpacked:
                yield io.BufferedReader(cast("io.RawIOBase", unpacked))
        else:
            yield file


def is_answer(file: io.BufferedReader) -> bool:
    """Whether `file` is what Prometheus answers to a query."""
    return bool(ANSWER.match(file.peek(512)))


class Unread(NamedTuple):
    """A line that is not read, why, and what to do."""

    why: str
    fix: str


TOO_LONG = Unread(f"a line has more than {MAX_LINE:,} bytes", "leave the line")
#: What a caller has written may stand where the log was cut, and then look like what Envoy writes behind it.
CUT = Unread(
    "the last line has no end, so it may be a part of one",
    "give the log up to the end of a line; if the line is whole, add a line break",
)


def lines(file: BinaryIO) -> Iterator[str | Unread]:
    """The lines without their ends. JSON says itself where it ends."""
    while raw := file.readline(MAX_LINE + 1):
        if len(raw) <= MAX_LINE or raw.endswith(b"\n"):
            line = raw.decode("utf-8-sig", "replace").strip()
            yield line if raw.endswith(b"\n") or line.startswith("{") or not line else CUT
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(MAX_LINE)
        yield TOO_LONG


class Progress:
    """Says how far a long reading is: at a terminal each second, in one place; in a log now and then, a line each."""

    EVERY = 1 << 14
    AT_A_TERMINAL, IN_A_LOG = 1, 10  # seconds

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted
        self._terminal = sys.stderr.isatty()
        self._pause = self.AT_A_TERMINAL if self._terminal else self.IN_A_LOG
        self._next = time.monotonic() + self._pause
        self._shown = False

    def at(self, count: int) -> None:
        """Says it for `count` lines, if it is time."""
        if self._wanted and count % self.EVERY == 0 and time.monotonic() >= self._next:
            self._next = time.monotonic() + self._pause
            self._shown = True
            output.say(f"\r{count:,} lines" if self._terminal else f"{count:,} lines so far\n")

    def done(self) -> None:
        """Wipes what a terminal shows."""
        if self._shown and self._terminal:
            output.say("\r\x1b[K")
