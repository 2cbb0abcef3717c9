"""`egressc compile`: lists in, the chart's values out."""

import argparse
import shlex
from typing import Any

from egressc import emit, output, printable
from egressc.commands import lists
from egressc.commands.arguments import file


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "compile", parents=[lists.arguments()], help="check the list and print the chart's values"
    )
    parser.add_argument(
        "--check", metavar="FILE", type=file, help="write nothing; exit 1 unless FILE is what the list compiles to"
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the values, or compares them with a file."""
    if given.check and given.output is not None:
        given.parser.error("--check writes nothing: leave out -o")
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    content = emit.dump(emit.values(plan))
    if given.check is None:
        output.write(given.output, content)
    elif not output.holds(given.check, content):
        overlays = [part for name in given.overlay for part in ("--overlay", name)]
        again = shlex.join(["egressc", "compile", *given.lists, *overlays, "-o", given.check])
        output.say(printable.lines(f"{given.check}: not what the list compiles to; run `{again}`\n"))
        return lists.ERRORS
    return lists.OK
