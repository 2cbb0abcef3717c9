"""Logs of any length → their lines, one at a time: unpacked, and cut where a line does not end."""

import gzip
import io
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO, cast

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


def lines(file: BinaryIO) -> Iterator[str | None]:
    """The lines without their ends; None for one that is longer than MAX_LINE."""
    while raw := file.readline(MAX_LINE + 1):
        if len(raw) <= MAX_LINE or raw.endswith(b"\n"):
            yield raw.decode("utf-8-sig", "replace").strip()
            continue
        while raw and not raw.endswith(b"\n"):
            raw = file.readline(MAX_LINE)
        yield None


class Progress:
    """Says how far a long reading is, from its second second on, to people at a terminal; nothing of it stays there."""

    EVERY = 1 << 14

    def __init__(self, *, wanted: bool) -> None:
        self._wanted = wanted and sys.stderr.isatty()
        self._next = time.monotonic() + 1
        self._shown = False

    def at(self, count: int) -> None:
        """Says it for `count` lines, at most once a second."""
        if self._wanted and count % self.EVERY == 0 and time.monotonic() >= self._next:
            self._next = time.monotonic() + 1
            self._shown = True
            output.say(f"\r{count:,} lines")

    def done(self) -> None:
        """Wipes what was said."""
        if self._shown:
            output.say("\r\x1b[K")
