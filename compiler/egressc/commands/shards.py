"""A fleet in several releases: how many, and the file of each."""

import argparse
from collections.abc import Sequence
from pathlib import Path

from egressc import output
from egressc.commands.arguments import Parser
from egressc.plan import Plan
from egressc.plan.shards import shards

#: The file of a shard, by its number from 1 on.
SHARD = "shard-{}.yaml"
MOST = 1000


def arguments() -> argparse.ArgumentParser:
    """In how many releases the fleet is installed."""
    parser = Parser(add_help=False)
    parser.add_argument(
        "--shards",
        metavar="N",
        type=_count,
        help=f"split the fleet into N releases, in the folder of -o: {SHARD.format(1)} to {SHARD.format('N')}",
    )
    return parser


def files(folder: str, count: int) -> list[str]:
    """The files of all shards, in order. Raises OutputError if there are more: their hosts would be there twice."""
    names = [str(Path(folder, SHARD.format(number + 1))) for number in range(count)]
    known = {*names}
    for path in sorted(Path(folder).glob(SHARD.format("[0-9]*"))):
        if str(path) not in known:
            raise output.OutputError(
                f"{path} is of a fleet in more releases than {count}, and its hosts are in the others too. "
                "Remove the file when its release is uninstalled"
            )
    return names


def write(given: argparse.Namespace, contents: Sequence[str]) -> None:
    """Writes the result, or each shard's. Raises OutputError."""
    if given.shards:
        output.write_all(dict(zip(files(given.output, given.shards), contents, strict=True)))
    else:
        output.write(given.output, contents[0])


def of(given: argparse.Namespace, plan: Plan, folder: str | None) -> tuple[Plan, ...]:
    """What goes into each file: the whole plan, or a shard of it for each file in `folder`."""
    if not given.shards:
        return (plan,)
    if folder is None:
        given.parser.error("--shards writes several files: add -o with a folder")
    return shards(plan, given.shards)


def _count(text: str) -> int:
    """A number of releases."""
    if not text.isdecimal() or not 1 <= int(text) <= MOST:
        raise argparse.ArgumentTypeError(f"a fleet has 1 to {MOST} releases")
    return int(text)
