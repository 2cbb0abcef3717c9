"""`egressc explain`: lists in, and out the fleet or the way to one host, for people and programs."""

import argparse
import datetime
import os
import shutil
import sys
from dataclasses import replace
from typing import Any

from egressc import emit, explain, output
from egressc.commands import lists
from egressc.cost import release_bytes
from egressc.explain.choice import Choice, UnknownError, chosen, host
from egressc.explain.commands import commands
from egressc.explain.view import FULL, View
from egressc.plan import Plan

FILTERS = {
    "client": ("NAMESPACE[/ACCOUNT]", "only hosts that it may call"),
    "owner": ("OWNER", "only hosts of this owner"),
    "gateway": ("[NAMESPACE/]NAME", "only hosts on this gateway"),
    "namespace": ("NAMESPACE", "only hosts whose gateway is in this namespace"),
}


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "explain",
        parents=[lists.arguments(), lists.results()],
        help="show the fleet, or the path of one host's requests",
        epilog=lists.CODES,
    )
    parser.add_argument("--host", help="the host to show, hop by hop; below a wildcard, the wildcard")
    parser.add_argument(
        "--commands", action="store_true", help="print the commands that look for what is wrong with --host by hand"
    )
    for name, (metavar, words) in FILTERS.items():
        parser.add_argument(f"--{name}", metavar=metavar, help=words)
    parser.add_argument(
        "--format",
        choices=sorted(explain.FLEET_FORMATS),
        default="text",
        help="default: text; html is a page for a browser, in one file",
    )
    parser.add_argument(
        "--today",
        metavar="YYYY-MM-DD",
        type=_day,
        help="the day by which reviews are overdue; default: of SOURCE_DATE_EPOCH if it is set, else today",
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes what is asked for."""
    if given.commands and given.host is None:
        given.parser.error("--commands are those of one host: add --host")
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    choice = Choice(**{name: getattr(given, name) for name in FILTERS})
    try:
        content = _shown(given, plan, chosen(plan, choice), choice)
    except UnknownError as error:
        output.complain(error)
        return lists.MISUSE
    output.write(given.output, content)
    return lists.OK


def _shown(given: argparse.Namespace, whole: Plan, part: Plan, choice: Choice) -> str:
    view = View(
        today=given.today or _today(),
        width=_width(given),
        asked=choice.words,
        of=len(whole.carriers),
    )
    if given.host is None:
        release = release_bytes(whole, emit.dump(emit.values(whole)))
        return explain.FLEET_FORMATS[given.format](part, replace(view, release=release))
    carrier = host(part, given.host)
    if given.commands:
        return commands(carrier)
    asked = () if carrier.host.host == given.host else (given.host,)
    return explain.HOST_FORMATS[given.format](carrier, replace(view, asked=asked))


def _width(given: argparse.Namespace) -> int:
    """The columns of the terminal, or those that COLUMNS says; nothing limits a pipe or a file."""
    to_terminal = given.output is None and (sys.stdout.isatty() or "COLUMNS" in os.environ)
    return min(shutil.get_terminal_size((FULL, 0)).columns, FULL) if to_terminal else FULL


def _today() -> str:
    epoch = os.environ.get("SOURCE_DATE_EPOCH", "")
    if epoch.isdecimal():
        return datetime.datetime.fromtimestamp(int(epoch), datetime.UTC).date().isoformat()
    return datetime.datetime.now(datetime.UTC).date().isoformat()


def _day(text: str) -> str:
    try:
        return datetime.date.fromisoformat(text).isoformat()
    except ValueError:
        raise argparse.ArgumentTypeError("write it as 2027-06-30") from None
