"""`egressc schema`: the JSON schemas of host lists and of the chart's values."""

import argparse
from pathlib import Path
from typing import Any

from egressc import output
from egressc.assets import chart_path, schema_path
from egressc.commands import lists
from egressc.commands.arguments import result


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "schema",
        help="print a JSON schema, for editors and other tools",
        epilog="exit codes: 0 done; 2 misuse",
    )
    parser.add_argument("of", choices=["hosts", "values"], help="host lists, or the values of the chart")
    parser.add_argument(
        "-o", "--output", metavar="FILE", type=result, help="write there instead of to stdout (-), whole or not at all"
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the schema."""
    files: dict[str, Path] = {"hosts": schema_path(), "values": chart_path() / "values.schema.json"}
    output.write(given.output, files[given.of].read_text(encoding="utf-8"))
    return lists.OK
