"""`egressc status`: a list in, and out a line for each host, Ready or why not."""

import argparse
from typing import Any

from egressc import output
from egressc.commands import cluster, lists
from egressc.doctor import status
from egressc.doctor.kubectl import UnreachableError


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "status",
        parents=[lists.arguments(), lists.results(), lists.installation(), cluster.arguments(status.FORMATS)],
        help="a line for each host: whether its gateway is Ready in a cluster, or why not",
        epilog=f"exit codes: 0 every host is Ready; 1 one is not, or the list has errors; 2 misuse; {cluster.UNKNOWN} "
        f"every host is Ready as far as the rights reach; {cluster.UNREACHABLE} no cluster answers",
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the lines, those that are not Ready first."""
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    try:
        known, found = status.states(cluster.examination(given, plan))
    except UnreachableError as error:
        output.complain(error)
        return cluster.UNREACHABLE
    output.write(given.output, status.FORMATS[given.format](known))
    if any(one.text == "NotReady" for one in known):
        return lists.ERRORS
    return cluster.UNKNOWN if found.unknown else lists.OK
