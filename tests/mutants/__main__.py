"""`make mutants`: each fault of the table must be noticed by a test that states the right behaviour."""

import argparse
import datetime
import random
import sys
import tempfile
from collections import Counter
from pathlib import Path

from tests.mutants import MUTANTS
from tests.mutants.mutant import NotThereError
from tests.mutants.trial import TrialError, tried

ROOT = Path(__file__).parents[2]


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.mutants", description=__doc__)
    parser.add_argument("--draw", type=int, metavar="N", help="try N of them, others each day")
    parser.add_argument("--only", default="", metavar="TEXT", help="try those whose file or harm has this text")
    parser.add_argument("--whole", action="store_true", help="run all tests before a mutant counts as survived")
    given = parser.parse_args()
    mutants = [mutant for mutant in MUTANTS if given.only in mutant.file + mutant.harm]
    if given.draw and given.draw < len(mutants):
        mutants = random.Random(datetime.date.today().isoformat()).sample(mutants, given.draw)  # noqa: S311
    outcomes: Counter[str] = Counter()
    try:
        with tempfile.TemporaryDirectory() as folder:
            for result in tried(ROOT, Path(folder), mutants, whole=given.whole):
                outcomes[result.outcome] += 1
                print(
                    f"{result.outcome:<8} {result.seconds:3.0f} s  {result.mutant.file}: {result.mutant.harm}",
                    flush=True,
                )
    except (NotThereError, TrialError) as error:
        print(f"make mutants: {error}", file=sys.stderr)
        return 1
    print(
        f"{len(mutants)} mutants: {outcomes['killed']} killed by a test that states the behaviour, "
        f"{outcomes['named']} by a packet test that is named, {outcomes['survived']} survived"
    )
    return 1 if outcomes["survived"] else 0


if __name__ == "__main__":
    sys.exit(main())
