"""Parsing the command line."""

import argparse
import sys
from collections.abc import Sequence
from typing import Any

from egressc import output, printable

#: Stands for stdin among files to read, and for stdout among files to write.
STANDARD = "-"


class Parser(argparse.ArgumentParser):
    """A parser whose words go where those of egressc go, and quote arguments as safely.

    Options may stand between positional arguments.
    """

    _mixes = True

    def parse_known_args(self, args: Sequence[str] | None = None, namespace: Any = None) -> Any:  # type: ignore[explicit-override, override]
        """What argparse finds. That of Python 3.11 takes positional arguments only while they stand together."""
        if not self._mixes or self._subparsers is not None:
            return super().parse_known_args(args, namespace)
        self._mixes = False  # it calls this method itself, for either kind of arguments
        try:
            return self.parse_known_intermixed_args(args, namespace)
        finally:
            self._mixes = True

    def _print_message(self, message: str, file: Any = None) -> None:  # type: ignore[explicit-override]
        if file is sys.stderr:
            output.say(printable.lines(message))
        else:
            output.write(None, message)


def file(name: str) -> str:
    """The name of a file, as an argument's type."""
    if not name or "\0" in name:
        raise argparse.ArgumentTypeError("no file has such a name")
    return name


def result(name: str) -> str | None:
    """The name of a file to write, None for stdout."""
    return None if name == STANDARD else file(name)
