"""`python -m tests.ops [MEASUREMENT …]`: measures, and writes build/ops.json and the tables of docs/operations.md.

What an earlier run has measured stays. The exit code is 1 where a number is beyond its limit.
"""

import argparse
import json
import sys
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path

from tests.mesh import lifecycle
from tests.mesh.errors import MeshError
from tests.mesh.lock import locked
from tests.ops import (
    bad_neighbour,
    budget,
    data_path,
    installation,
    lost,
    neighbours_held,
    own_growth,
    page,
    shared_growth,
    tuning,
)
from tests.ops.figures import FIGURES
from tests.ops.ground import Ground, ground
from tests.ops.load import prepare

OUTPUT = Path("build", "ops.json")
#: Those that need a quiet machine come last.
MEASUREMENTS: dict[str, Callable[[Ground], dict[str, float]]] = {
    "shared-growth": shared_growth.measure,
    "neighbours-held": neighbours_held.measure,
    "own-growth": own_growth.measure,
    "installation": installation.measure,
    "lost": lost.measure,
    "budget": budget.measure,
    "bad-neighbour": bad_neighbour.measure,
    "data-path": data_path.measure,
    "tuning": tuning.measure,
}


def main() -> int:
    """The exit code."""
    parser = argparse.ArgumentParser(prog="python -m tests.ops", description=__doc__)
    parser.add_argument("measurements", nargs="*", metavar="MEASUREMENT", help=f"of {', '.join(MEASUREMENTS)}")
    parser.add_argument("--istiod", action="store_true", help="change istiod's settings, too: nothing else may run")
    given = parser.parse_args()
    if unknown := [one for one in given.measurements if one not in MEASUREMENTS]:
        parser.error(f"there is no measurement {unknown[0]}")
    istiod = {"own-growth": own_growth.measure, "lost": lost.measure}
    todo = MEASUREMENTS | {name: partial(measure, configure=given.istiod) for name, measure in istiod.items()}
    with locked(shared=True):
        lifecycle.check_up()
        with ground() as stage:
            prepare(stage.client)
            failed = [name for name in given.measurements or todo if not _measured(name, todo[name], stage)]
    numbers = _known()
    missed = [key for key, figure in FIGURES.items() if key in numbers and not figure.kept(numbers[key])]
    for key in missed:
        print(f"{key}: {FIGURES[key].text(numbers[key])}, {FIGURES[key].limit}")
    return 1 if missed or failed else 0


def _measured(name: str, measure: Callable[[Ground], dict[str, float]], stage: Ground) -> bool:
    """Whether it could be measured; what was is kept at once, for the next may fail."""
    print(f"measuring {name} …", file=sys.stderr)
    try:
        _keep(measure(stage))
    except (MeshError, AssertionError) as error:
        print(f"{name} could not be measured: {error}", file=sys.stderr)
        return False
    return True


def _known() -> dict[str, float]:
    return dict(json.loads(OUTPUT.read_text(encoding="utf-8"))) if OUTPUT.exists() else {}


def _keep(numbers: Mapping[str, float]) -> None:
    known = {**_known(), **numbers}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(known, indent=2) + "\n", encoding="utf-8")
    text = page.PAGE.read_text(encoding="utf-8")
    page.PAGE.write_text(page.written(text, known), encoding="utf-8")


if __name__ == "__main__":
    try:
        sys.exit(main())
    except MeshError as error:
        sys.exit(str(error))
