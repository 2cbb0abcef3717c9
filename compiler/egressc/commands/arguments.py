"""Parsing the command line."""

import argparse
import sys
from typing import Any

from egressc import output, printable


class Parser(argparse.ArgumentParser):
    """A parser whose words go where those of egressc go, and quote arguments as safely."""

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
