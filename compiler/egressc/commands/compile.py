"""`egressc compile`: lists in, the chart's values out."""

import argparse
import re
import shlex
from typing import Any

from egressc import emit, output, printable
from egressc.commands import lists
from egressc.commands.arguments import file
from egressc.compile import storable
from egressc.cost import cost, line, release_bytes
from egressc.findings import Finding, Span


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "compile",
        parents=[lists.arguments(), lists.results()],
        help="check the list and print the chart's values",
        epilog=f"{lists.CODES}; with --check 1 also if FILE differs; 3 with --exit-code if the output was another",
    )
    parser.add_argument(
        "--check", metavar="FILE", type=file, help="write nothing; exit 1 unless FILE is what the list compiles to"
    )
    parser.add_argument(
        "--key",
        metavar="NAME",
        type=_key,
        help="put the values under this key, for a chart that has ours as a subchart",
    )
    parser.add_argument(
        "--exit-code", action="store_true", help="exit 3 if -o wrote what was not there before, as hooks of Git want it"
    )
    parser.add_argument(
        "--no-release",
        action="store_true",
        help="Helm will store no release of the chart, as under Argo CD: its size does not matter",
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the values and says what they cost, or compares them with a file."""
    if given.check and given.output is not None:
        given.parser.error("--check writes nothing: leave out -o")
    if given.exit_code and given.output is None:
        given.parser.error("--exit-code is about a file: add -o")
    compilation = lists.compiled(given)
    content, release = "", 0
    if compilation.plan:
        values = emit.values(compilation.plan)
        content = emit.dump({given.key: values} if given.key else values)
        if not given.no_release:
            release = release_bytes(compilation.plan, content)
            compilation = storable(compilation, release)
    if compilation.plan is None:
        lists.say(given, compilation.findings)
        return lists.ERRORS
    if given.check is None:
        lists.say(given, compilation.findings)
        differs = given.exit_code and not output.holds(given.output, content)
        output.write(given.output, content)
        if given.findings == "text":
            output.say(printable.lines(f"{given.output}: written anew\n") if differs else "")
            output.say(f"{line(cost(compilation.plan), None if given.no_release else release)}\n")
        return lists.DIFFERS if differs else lists.OK
    drift = [] if output.holds(given.check, content) else [_drift(given)]
    lists.say(given, compilation.findings, drift)
    return lists.ERRORS if drift else lists.OK


def _drift(given: argparse.Namespace) -> Finding:
    overlays = [part for name in given.overlay for part in ("--overlay", name)]
    key = ["--key", given.key] if given.key else []
    unstored = ["--no-release"] if given.no_release else []
    again = shlex.join(["egressc", "compile", *given.lists, *overlays, *key, *unstored, "-o", given.check])
    return Finding(Span(given.check, 1, 1), "drift", "not what the list compiles to", f"run `{again}`")


def _key(name: str) -> str:
    """The name of a subchart, or its alias."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise argparse.ArgumentTypeError("no chart has such a name")
    return name
