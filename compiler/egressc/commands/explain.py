"""`egressc explain`: lists in, and out the fleet or the way to one host, for people and programs."""

import argparse
from typing import Any

from egressc import explain, output
from egressc.commands import lists


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "explain",
        parents=[lists.arguments(), lists.results()],
        help="show the fleet, or the path of one host's requests",
        epilog=lists.CODES,
    )
    parser.add_argument("--host", help="the host to show, hop by hop")
    parser.add_argument(
        "--format",
        choices=sorted(explain.FLEET_FORMATS),
        default="text",
        help="default: text; html is a page for a browser, in one file",
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes what is asked for."""
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    if given.host is None:
        output.write(given.output, explain.FLEET_FORMATS[given.format](plan))
        return lists.OK
    carrier = next((one for one in plan.carriers if one.host.host == given.host), None)
    if carrier is None:
        output.complain(f"the list has no host {given.host}")
        return lists.MISUSE
    output.write(given.output, explain.HOST_FORMATS[given.format](carrier))
    return lists.OK
