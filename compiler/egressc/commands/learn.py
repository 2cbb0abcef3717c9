"""`egressc learn`: access logs or metrics of an open mesh in, a host list of what was called out."""

import argparse
from typing import Any

from egressc import learning, output, printable
from egressc.commands import lists
from egressc.commands.arguments import file
from egressc.learning.origin import Origin, of_client
from egressc.learning.reading import Progress


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "learn",
        parents=[lists.results()],
        help="write a list from what an open mesh has called: access logs or metrics",
        epilog="exit codes: 0 done, also with warnings; 1 a file cannot be read or shows no calls, and nothing is "
        "written; 2 misuse",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        type=file,
        help="access logs of sidecars as Istio writes them, as text or JSON, also as Kubernetes and collectors of logs "
        "wrap them; istio_requests_total and istio_tcp_connections_opened_total, as text or as Prometheus answers; "
        "also gzip; - for stdin",
    )
    parser.add_argument(
        "--client",
        metavar="NAMESPACE[/SERVICEACCOUNT]",
        type=_client,
        help="whose logs these are, where the logs do not say it",
    )
    parser.add_argument(
        "--beside",
        action="append",
        default=[],
        metavar="LIST",
        type=file,
        help="a list that is there already: what it carries is not proposed; repeatable",
    )
    parser.add_argument("--refused", action="store_true", help="propose what the mesh refused, too (BlackHoleCluster)")
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the list, and says what is unknown."""
    lists.guard(given, (*given.files, *given.beside))
    text = given.findings == "text"
    progress = Progress(wanted=text)
    learned = learning.learn(given.files, given.client, given.beside, refused=given.refused, progress=progress)
    lists.say(given, learned.findings)
    if learned.text is None:
        return lists.ERRORS
    output.write(given.output, learned.text)
    if text:
        output.say(printable.lines(learned.summary) + "\n")
    return lists.OK


def _client(name: str) -> Origin:
    try:
        return of_client(name)
    except ValueError:
        raise argparse.ArgumentTypeError("write a namespace, or a namespace, a slash and a service account") from None
