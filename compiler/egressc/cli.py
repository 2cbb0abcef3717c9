"""The command line: wires the flow and prints. Values go to stdout, findings to stderr."""

import argparse
import contextlib
import gc
import shlex
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from egressc import __version__, emit, explain, output, printable, report
from egressc.compile import compile_files
from egressc.explain.carriers import carriers
from egressc.helm import HelmError, template
from egressc.plan import Plan

OK, ERRORS, MISUSE, INTERRUPTED = 0, 1, 2, 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, also with warnings, 1 where the list has errors, 2 on misuse."""
    gc.disable()  # one pass over trees without cycles: collecting them costs a quarter of the time at 10,000 hosts
    output.prepare()
    try:
        return _run(argv)
    except (HelmError, OSError, output.OutputError) as error:
        output.complain(error)
    except MemoryError:
        output.complain("there is not enough memory for this list")
    except KeyboardInterrupt:
        return INTERRUPTED
    return MISUSE


def _run(argv: Sequence[str] | None) -> int:
    parser = _parser()
    arguments = parser.parse_args(argv)
    _refuse_contradictions(parser, arguments)
    compilation = compile_files(arguments.lists, arguments.overlay)
    output.say(report.FORMATS[arguments.findings](compilation.findings))
    if compilation.plan is None:
        if arguments.findings == "text":
            count = sum(finding.level == "error" for finding in compilation.findings)
            output.say(f"{count} error{'s' * (count != 1)}: nothing is written\n")
        return ERRORS
    code: int = arguments.run(arguments, compilation.plan)
    return code


def _refuse_contradictions(parser: argparse.ArgumentParser, arguments: argparse.Namespace) -> None:
    if arguments.output is None:
        return
    if arguments.command == "compile" and arguments.check:
        parser.error("--check writes nothing: leave out -o")
    for name in (*arguments.lists, *arguments.overlay):
        # what cannot be looked at, cannot be read or written either, which is said then
        with contextlib.suppress(OSError):
            if Path(arguments.output).samefile(name):
                parser.error(f"-o {arguments.output} would overwrite the list")


def _compile(arguments: argparse.Namespace, plan: Plan) -> int:
    content = emit.dump(emit.values(plan))
    if arguments.check:
        if output.holds(arguments.check, content):
            return OK
        overlays = [part for name in arguments.overlay for part in ("--overlay", name)]
        again = shlex.join(["egressc", "compile", *arguments.lists, *overlays, "-o", arguments.check])
        output.say(printable.lines(f"{arguments.check}: not what the list compiles to; run `{again}`\n"))
        return ERRORS
    output.write(arguments.output, content)
    return OK


def _render(arguments: argparse.Namespace, plan: Plan) -> int:
    output.write(arguments.output, template(emit.values(plan), arguments.values, arguments.namespace))
    return OK


def _explain(arguments: argparse.Namespace, plan: Plan) -> int:
    if arguments.host is not None:
        carrier = next((one for one in carriers(plan) if one.host.host == arguments.host), None)
        if carrier is None:
            output.complain(f"the list has no host {arguments.host}")
            return MISUSE
        output.write(arguments.output, explain.HOST_FORMATS[arguments.format](carrier))
    else:
        output.write(arguments.output, explain.FLEET_FORMATS[arguments.format](plan))
    return OK


class _Parser(argparse.ArgumentParser):
    """A parser whose words go where those of egressc go, and quote arguments as safely."""

    def _print_message(self, message: str, file: Any = None) -> None:  # type: ignore[explicit-override]
        if file is sys.stderr:
            output.say(printable.lines(message))
        else:
            output.write(None, message)


def _file(name: str) -> str:
    if not name or "\0" in name:
        raise argparse.ArgumentTypeError("no file has such a name")
    return name


def _parser() -> argparse.ArgumentParser:
    parser = _Parser(prog="egressc", description="A short list of external hosts in, egress gateways out.")
    parser.add_argument("--version", action="version", version=f"egressc {__version__}")
    commands = parser.add_subparsers(required=True, dest="command", metavar="COMMAND")
    shared = _Parser(add_help=False)
    shared.add_argument(
        "lists",
        nargs="+",
        metavar="LIST",
        type=_file,
        help="a host list; several are one list, each with its own defaults",
    )
    shared.add_argument(
        "--overlay",
        action="append",
        default=[],
        metavar="FILE",
        type=_file,
        help="what differs in one environment; repeatable",
    )
    shared.add_argument(
        "--findings", choices=sorted(report.FORMATS), default="text", help="how findings are shown on stderr"
    )
    shared.add_argument(
        "-o", "--output", metavar="FILE", type=_file, help="write there instead of to stdout, whole or not at all"
    )
    command = commands.add_parser("compile", parents=[shared], help="check the list and print the chart's values")
    command.add_argument(
        "--check", metavar="FILE", type=_file, help="write nothing; exit 1 unless FILE is what the list compiles to"
    )
    command.set_defaults(run=_compile)
    command = commands.add_parser(
        "render", parents=[shared], help="compile, and print the manifests by `helm template`"
    )
    command.add_argument(
        "-f",
        "--values",
        action="append",
        default=[],
        metavar="FILE",
        type=_file,
        help="more values for the chart; repeatable",
    )
    command.add_argument("-n", "--namespace", default="egress", help="the release's namespace (default: egress)")
    command.set_defaults(run=_render)
    command = commands.add_parser(
        "explain", parents=[shared], help="show the fleet, or the path of one host's requests"
    )
    command.add_argument("--host", help="the host to show, hop by hop")
    command.add_argument("--format", choices=sorted(explain.FLEET_FORMATS), default="text", help="default: text")
    command.set_defaults(run=_explain)
    return parser
