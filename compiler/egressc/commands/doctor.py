"""`egressc doctor`: a list in, and out what is wrong with its fleet in a cluster, and what to do."""

import argparse
from typing import Any

from egressc import output
from egressc.commands import cluster, lists
from egressc.doctor import diagnosis, formats
from egressc.doctor.caller import Caller
from egressc.doctor.kubectl import UnreachableError
from egressc.explain import choice


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "doctor",
        parents=[lists.arguments(), lists.results(), lists.installation(), cluster.arguments(formats.FORMATS)],
        help="ask a cluster, without a change, whether the fleet can work and does",
        epilog=f"{cluster.CODES}; {cluster.UNKNOWN} nothing is wrong as far as the rights reach; "
        f"{cluster.UNREACHABLE} no cluster answers",
    )
    parser.add_argument(
        "--from",
        dest="caller",
        metavar="NAMESPACE/WORKLOAD",
        type=_caller,
        help="also ask whether this workload may call, with --host whether it may call that host",
    )
    parser.add_argument("--host", help="the host that --from is to call")
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes what is wrong, the worst first."""
    if given.host and not given.caller:
        given.parser.error("--host is what somebody calls: add --from")
    plan = lists.plan_of(given)
    if plan is None:
        return lists.ERRORS
    try:
        host = choice.host(plan, given.host).host.host if given.host else None
    except choice.UnknownError as error:
        output.complain(error)
        return lists.MISUSE
    caller = Caller(given.caller[0], given.caller[1], host) if given.caller else None
    try:
        found = diagnosis(cluster.examination(given, plan, caller))
    except UnreachableError as error:
        output.complain(error)
        return cluster.UNREACHABLE
    output.write(given.output, formats.FORMATS[given.format](found))
    if found.errors:
        return lists.ERRORS
    return cluster.UNKNOWN if found.unknown else lists.OK


def _caller(text: str) -> tuple[str, str]:
    """A namespace and a name in it."""
    namespace, slash, name = text.partition("/")
    if not (namespace and slash and name):
        raise argparse.ArgumentTypeError("a caller is a namespace, a slash and a name, such as shop/cart")
    return namespace, name
