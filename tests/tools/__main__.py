"""`python -m tests.tools NAME…`: build what is named, `helm` for the one that `make demo` uses, and print the paths."""

import argparse
import sys

from tests.tools.errors import ToolError
from tests.tools.programs import PROGRAMS, helm, tool


def main() -> int:
    """The exit code: 0, or 1 when a tool cannot be had."""
    parser = argparse.ArgumentParser(
        "python -m tests.tools", description="Build the pinned tools and print their paths."
    )
    names = ["helm", *PROGRAMS]
    parser.add_argument("names", nargs="+", metavar="NAME", choices=names, help=", ".join(names))
    try:
        for name in parser.parse_args().names:
            print(helm() if name == "helm" else tool(name), flush=True)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
