"""What commands have in common that read host lists: their arguments, and what is said of what is read."""

import argparse
import contextlib
from collections.abc import Sequence
from pathlib import Path

from egressc import output, report
from egressc.commands.arguments import STANDARD, Parser, file, result
from egressc.compile import Compilation, compile_files
from egressc.counted import times
from egressc.findings import Finding
from egressc.plan import Plan

OK, ERRORS, MISUSE, DIFFERS = 0, 1, 2, 3
CODES = "exit codes: 0 done, also with warnings; 1 the list has errors, and nothing is written; 2 misuse"


def arguments() -> argparse.ArgumentParser:
    """The lists and their overlays."""
    parser = Parser(add_help=False)
    parser.add_argument(
        "lists",
        nargs="+",
        metavar="LIST",
        type=file,
        help="a host list, - for stdin; several are one list, each with its own defaults",
    )
    parser.add_argument(
        "--overlay",
        action="append",
        default=[],
        metavar="FILE",
        type=file,
        help="what differs in one environment; repeatable",
    )
    return parser


def results() -> argparse.ArgumentParser:
    """Where findings and results go."""
    parser = Parser(add_help=False)
    parser.add_argument(
        "--findings", choices=sorted(report.FORMATS), default="text", help="how findings are shown on stderr"
    )
    parser.add_argument(
        "-o",
        "--output",
        metavar="FILE",
        type=result,
        help="write there instead of to stdout (-), whole or not at all",
    )
    return parser


def installation() -> argparse.ArgumentParser:
    """What the chart gets beside the list, and where it is installed."""
    parser = Parser(add_help=False)
    parser.add_argument(
        "-f",
        "--values",
        action="append",
        default=[],
        metavar="FILE",
        type=file,
        help="more values for the chart; repeatable",
    )
    parser.add_argument("-n", "--namespace", default="egress", help="the release's namespace (default: egress)")
    return parser


def compiled(given: argparse.Namespace) -> Compilation:
    """What comes of the lists that are `given`; nothing is said yet."""
    guard(given, (*given.lists, *given.overlay))
    return compile_files(given.lists, given.overlay)


def plan_of(given: argparse.Namespace) -> Plan | None:
    """The plan of the lists that are `given`, after their findings are said; None where one is an error."""
    compilation = compiled(given)
    say(given, compilation.findings)
    return compilation.plan


def say(given: argparse.Namespace, findings: Sequence[Finding], drift: Sequence[Finding] = ()) -> None:
    """Says the lists' `findings`, and where a result differs from a file, as it was asked for."""
    output.say(report.FORMATS[given.findings]((*findings, *drift)))
    count = sum(finding.level == "error" for finding in findings)
    if count and given.findings == "text":
        output.say(f"{times(count, 'error')}: nothing is written\n")


def guard(given: argparse.Namespace, names: Sequence[str]) -> None:
    """Refuses to read stdin twice, and to write over one of the files `names`."""
    if names.count(STANDARD) > 1:
        given.parser.error("stdin can be read once")
    for name in names if given.output else ():
        # what cannot be looked at, cannot be read or written either, which is said then
        with contextlib.suppress(OSError):
            if name != STANDARD and Path(given.output).samefile(name):
                given.parser.error(f"-o {given.output} would overwrite the list")
