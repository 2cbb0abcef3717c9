"""`egressc chart`: the chart that belongs to this compiler, as a folder."""

import argparse
import shutil
import tempfile
from pathlib import Path
from typing import Any

from egressc import output
from egressc.assets import chart_path
from egressc.commands import lists
from egressc.commands.arguments import file


def add(commands: Any) -> None:
    """Adds the command."""
    parser = commands.add_parser(
        "chart",
        help="write the chart of this version into a folder",
        epilog="exit codes: 0 done; 2 misuse, or DIR is not empty",
    )
    parser.add_argument(
        "-o", "--output", metavar="DIR", type=file, required=True, help="a folder that does not exist, or is empty"
    )
    parser.set_defaults(run=run, parser=parser)


def run(given: argparse.Namespace) -> int:
    """Writes the folder, whole or not at all."""
    folder = Path(given.output)
    if folder.is_symlink() or (folder.exists() and not (folder.is_dir() and not any(folder.iterdir()))):
        raise output.OutputError(f"{folder} is not empty: nothing is written")
    try:
        folder.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=folder.parent, prefix=".egressc-") as beside:
            copy = Path(shutil.copytree(chart_path(), Path(beside, "chart")))
            copy.chmod(0o755)
            copy.replace(folder)  # a rename, which also takes the place of an empty folder, and of no other
    except OSError as error:
        raise output.OutputError(f"{folder} cannot be written: {output.reason(error)}") from error
    return lists.OK
