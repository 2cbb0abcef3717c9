"""`egressc import`: objects of Istio or an allowlist in, a host list out."""

import argparse
from typing import Any

from egressc import compile as compiler
from egressc import importing, output
from egressc.commands import lists
from egressc.commands.arguments import file


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "import",
        parents=[lists.results()],
        help="write a list from objects of Istio or from an allowlist",
        epilog="exit codes: 0 done, also with warnings; 1 a file has errors, and nothing is written; 2 misuse",
    )
    parser.add_argument(
        "files",
        nargs="+",
        metavar="FILE",
        type=file,
        help="objects as YAML or as `kubectl get -o json` prints them, an ACL of smokescreen, Squid's configuration, "
        "CSV with a header, or names one a line; - for stdin",
    )
    parser.add_argument(
        "--from", dest="form", choices=importing.FORMS, help="the form of the files; default: what each looks like"
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the list, and says what could not be carried over."""
    lists.guard(given, given.files)
    imported = importing.import_sources(compiler.read_files(given.files), given.form)
    lists.say(given, imported.findings)
    if imported.text is None:
        return lists.ERRORS
    output.write(given.output, imported.text)
    return lists.OK
