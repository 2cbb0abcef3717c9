"""The command line: finds the command and runs it. Results go to stdout, findings to stderr."""

import gc
from collections.abc import Sequence

from egressc import __version__, output
from egressc.commands import COMMANDS, lists
from egressc.commands.arguments import Parser
from egressc.helm import HelmError

INTERRUPTED = 130


def main(argv: Sequence[str] | None = None) -> int:
    """Runs one command; returns 0, also with warnings, 1 where the list has errors, 2 on misuse, 3 where asked."""
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
    return lists.MISUSE


def parser() -> Parser:
    """The whole command line."""
    whole = Parser(
        prog="egressc", description="A short list of external hosts in, egress gateways out.", epilog=lists.CODES
    )
    whole.add_argument("--version", action="version", version=f"egressc {__version__}")
    commands = whole.add_subparsers(required=True, dest="command", metavar="COMMAND")
    for command in COMMANDS:
        command.add(commands)
    return whole


def _run(argv: Sequence[str] | None) -> int:
    given = parser().parse_args(argv)
    code: int = given.run(given)
    return code
