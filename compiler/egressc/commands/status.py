"""`egressc status`: a list in, and out a line for each host, Ready or why not."""

import argparse
import os
from pathlib import Path
from typing import Any

from egressc import output
from egressc.commands import cluster, lists
from egressc.commands.arguments import file
from egressc.doctor import status
from egressc.doctor.calls import MINUTES, calls
from egressc.doctor.kubectl import UnreachableError
from egressc.doctor.prometheus import Query, prometheus

TOKEN = "EGRESSC_PROMETHEUS_TOKEN"  # noqa: S105 - its name


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "status",
        parents=[lists.arguments(), lists.results(), lists.installation(), cluster.arguments(status.FORMATS)],
        help="a line for each host: whether its gateway is Ready in a cluster, or why not",
        epilog=f"exit codes: 0 every host is Ready; 1 one is not, or the list has errors; 2 misuse; {cluster.UNKNOWN} "
        "every host is Ready as far as the rights reach, or the Prometheus has no answer; "
        f"{cluster.UNREACHABLE} no cluster answers",
    )
    parser.add_argument(
        "--prometheus", metavar="URL", help=f"also ask this Prometheus for the calls of the last {MINUTES} minutes"
    )
    parser.add_argument(
        "--prometheus-token",
        metavar="FILE",
        type=file,
        help=f"a file with the bearer token for it; without it, {TOKEN} of the environment",
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the lines, those that are not Ready first."""
    query = _prometheus(given)
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    try:
        examination = cluster.examination(given, plan)
        counted, problem = calls(examination, query) if query else ({}, None)
        known, found = status.states(examination, counted)
    except UnreachableError as error:
        output.complain(error)
        return cluster.UNREACHABLE
    output.write(given.output, status.FORMATS[given.format](status.Status(known, query is not None, problem)))
    if any(one.text == "NotReady" for one in known):
        return lists.ERRORS
    return cluster.UNKNOWN if found.unknown or problem else lists.OK


def _prometheus(given: argparse.Namespace) -> Query | None:
    if given.prometheus is None:
        if given.prometheus_token is not None:
            given.parser.error("--prometheus-token is for a Prometheus: add --prometheus")
        return None
    token = os.environ.get(TOKEN)
    try:
        if given.prometheus_token is not None:
            token = Path(given.prometheus_token).read_text(encoding="utf-8").strip()
        return prometheus(given.prometheus, token)
    except OSError as error:
        given.parser.error(f"--prometheus-token {given.prometheus_token} cannot be read: {output.reason(error)}")
    except UnicodeDecodeError:
        given.parser.error(f"--prometheus-token {given.prometheus_token} is no text")
    except ValueError as error:
        given.parser.error(f"--prometheus: {error}")
    return None
