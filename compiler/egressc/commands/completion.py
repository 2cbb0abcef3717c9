"""`egressc completion`: what lets a shell complete the command line."""

import argparse
from collections.abc import Iterator
from typing import Any

from egressc import output
from egressc.commands import lists
from egressc.commands.arguments import file, result

SHELLS = ("bash", "fish", "zsh")


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "completion",
        help="print a script that lets your shell complete egressc's command line",
        description="Try it with `source <(egressc completion bash)`; zsh and fish load it from a file.",
        epilog="exit codes: 0 done; 2 misuse",
    )
    parser.add_argument("shell", choices=SHELLS)
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the script."""
    import shtab  # noqa: PLC0415  no other command needs it

    from egressc.cli import parser  # noqa: PLC0415  which has this command

    whole = parser()
    for action in _actions(whole):
        if action.type in (file, result):
            setattr(action, "complete", shtab.FILE)  # noqa: B010  argparse knows no such attribute, and shtab looks for it
    output.write(None, shtab.complete(whole, given.shell))
    return lists.OK


def _actions(parser: argparse.ArgumentParser) -> Iterator[argparse.Action]:
    """The arguments of a parser and of its commands."""
    for action in parser._actions:
        yield action
        if isinstance(action, argparse._SubParsersAction):
            for command in action.choices.values():
                yield from _actions(command)
