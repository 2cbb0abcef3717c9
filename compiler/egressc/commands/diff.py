"""`egressc diff`: two lists in, and out what the change from one to the other means."""

import argparse
from typing import Any

from egressc import diff, output
from egressc.commands import lists
from egressc.commands.arguments import file
from egressc.compile import compile_files


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "diff",
        parents=[lists.results()],
        help="say what a change of the list means, the risky first",
        epilog=f"{lists.CODES}; 3 with --exit-code if anything differs",
    )
    parser.add_argument("old", metavar="OLD", type=file, help="the list before, - for stdin")
    parser.add_argument("new", metavar="NEW", type=file, help="the list after, - for stdin")
    for side in ("old", "new"):
        words = {"old": "before", "new": "after"}[side]
        for option, content in ((side, "a further file of the list"), (f"{side}-overlay", "an overlay of the list")):
            parser.add_argument(
                f"--{option}",
                action="append",
                default=[],
                metavar="FILE",
                type=file,
                dest=f"{side}_{'overlays' if '-' in option else 'more'}",
                help=f"{content} {words}; repeatable",
            )
    parser.add_argument("--format", choices=sorted(diff.FORMATS), default="text", help="default: text")
    parser.add_argument("--exit-code", action="store_true", help="exit 3 if anything differs")
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes what differs."""
    sides = [([given.old, *given.old_more], given.old_overlays), ([given.new, *given.new_more], given.new_overlays)]
    lists.guard(given, [name for names, overlays in sides for name in (*names, *overlays)])
    old, new = (compile_files(*side) for side in sides)
    lists.say(given, tuple(dict.fromkeys((*old.findings, *new.findings))))
    if old.plan is None or old.inventory is None or new.plan is None or new.inventory is None:
        return lists.ERRORS
    changes = diff.changes((old.inventory, old.plan), (new.inventory, new.plan))
    output.write(given.output, diff.FORMATS[given.format](changes))
    return lists.DIFFERS if changes and given.exit_code else lists.OK
