"""`egressc compile`: lists in, the chart's values out."""

import argparse
import re
import shlex
from collections.abc import Iterable
from typing import Any

from egressc import emit, output, printable
from egressc.commands import lists, shards
from egressc.commands.arguments import file
from egressc.compile import storable
from egressc.cost import cost, line, release_bytes
from egressc.findings import Finding, Span
from egressc.plan import Plan


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "compile",
        parents=[lists.arguments(), lists.results(), shards.arguments()],
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
    contents: list[str] = []
    sizes: list[int] = []
    if compilation.plan:
        plans = shards.of(given, compilation.plan, given.check or given.output)
        contents = [_content(given, plan) for plan in plans]
        if not given.no_release:
            sizes = [release_bytes(plan, content) for plan, content in zip(plans, contents, strict=True)]
            compilation = storable(compilation, sizes, sharded=given.shards is not None)
    if compilation.plan is None:
        lists.say(given, compilation.findings)
        return lists.ERRORS
    if given.check is not None:
        drift = [_drift(given, name) for name in _differing(given, given.check, contents)]
        lists.say(given, compilation.findings, drift)
        return lists.ERRORS if drift else lists.OK
    lists.say(given, compilation.findings)
    written = list(_differing(given, given.output, contents)) if given.exit_code else []
    shards.write(given, contents)
    if given.findings == "text":
        output.say("".join(printable.lines(f"{name}: written anew\n") for name in written))
        output.say(f"{line(cost(compilation.plan), sizes)}\n")
    return lists.DIFFERS if written else lists.OK


def _content(given: argparse.Namespace, plan: Plan) -> str:
    values = emit.values(plan)
    return emit.dump({given.key: values} if given.key else values)


def _differing(given: argparse.Namespace, name: str, contents: list[str]) -> Iterable[str]:
    """The files under `name` that have another content."""
    names = shards.files(name, given.shards) if given.shards else [name]
    return (one for one, content in zip(names, contents, strict=True) if not output.holds(one, content))


def _drift(given: argparse.Namespace, name: str) -> Finding:
    overlays = [part for name in given.overlay for part in ("--overlay", name)]
    key = ["--key", given.key] if given.key else []
    unstored = ["--no-release"] if given.no_release else []
    split = ["--shards", str(given.shards)] if given.shards else []
    again = shlex.join(["egressc", "compile", *given.lists, *overlays, *key, *unstored, *split, "-o", given.check])
    return Finding(Span(name, 1, 1), "drift", "not what the list compiles to", f"run `{again}`")


def _key(name: str) -> str:
    """The name of a subchart, or its alias."""
    if not re.fullmatch(r"[A-Za-z0-9_-]+", name):
        raise argparse.ArgumentTypeError("no chart has such a name")
    return name
