"""What commands have in common that read host lists: their arguments, and the plan of what is read."""

import argparse
import contextlib
from pathlib import Path

from egressc import output, report
from egressc.commands.arguments import Parser, file
from egressc.compile import compile_files
from egressc.plan import Plan

OK, ERRORS, MISUSE = 0, 1, 2


def arguments() -> argparse.ArgumentParser:
    """The lists, their overlays, and where findings and results go."""
    parser = Parser(add_help=False)
    parser.add_argument(
        "lists",
        nargs="+",
        metavar="LIST",
        type=file,
        help="a host list; several are one list, each with its own defaults",
    )
    parser.add_argument(
        "--overlay",
        action="append",
        default=[],
        metavar="FILE",
        type=file,
        help="what differs in one environment; repeatable",
    )
    parser.add_argument(
        "--findings", choices=sorted(report.FORMATS), default="text", help="how findings are shown on stderr"
    )
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=file, help="write there instead of to stdout, whole or not at all"
    )
    return parser


def plan_of(given: argparse.Namespace) -> Plan | None:
    """The plan of the lists that are `given`, after their findings are said; None where one is an error."""
    if _overwritten(given):
        given.parser.error(f"-o {given.output} would overwrite the list")
    compilation = compile_files(given.lists, given.overlay)
    output.say(report.FORMATS[given.findings](compilation.findings))
    if compilation.plan is None and given.findings == "text":
        count = sum(finding.level == "error" for finding in compilation.findings)
        output.say(f"{count} error{'s' * (count != 1)}: nothing is written\n")
    return compilation.plan


def _overwritten(given: argparse.Namespace) -> bool:
    """Whether the output would take the place of a list."""
    for name in (*given.lists, *given.overlay) if given.output else ():
        # what cannot be looked at, cannot be read or written either, which is said then
        with contextlib.suppress(OSError):
            if Path(given.output).samefile(name):
                return True
    return False
