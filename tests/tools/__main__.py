"""`python -m tests.tools NAME…`: make what is named and print the paths, a line each."""

import argparse
import sys
from collections.abc import Callable

from tests.tools.chromium import installed
from tests.tools.errors import ToolError
from tests.tools.programs import PROGRAMS, helm, tool
from tests.tools.schemas import schema_location

OTHERS: dict[str, Callable[[], object]] = {"chromium": installed, "helm": helm, "schemas": schema_location}


def main() -> int:
    """The exit code: 0, 1 when something cannot be made, 130 when interrupted."""
    parser = argparse.ArgumentParser("python -m tests.tools", description="Make pinned tools and print their paths.")
    names = [*PROGRAMS, *OTHERS]
    parser.add_argument("names", nargs="+", metavar="NAME", choices=names, help=", ".join(names))
    try:
        for name in parser.parse_args().names:
            print(OTHERS[name]() if name in OTHERS else tool(name), flush=True)
    except ToolError as error:
        print(error, file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    raise SystemExit(main())
