"""Who knows a name in the cluster's DNS: modules of tests that may run at the same time know none in common.

Each would lead the other's gateways to an upstream of its own. So the second that says a name fails, also in a run in
which the two do not meet.
"""

import os
from collections.abc import Collection

from tests.mesh import settings
from tests.mesh.beside import together
from tests.mesh.errors import MeshError

#: A line for each name: the run of tests, the tests that one process runs, and the name.
_CLAIMS = settings.HOSTS.parent / "claims"


def claim(names: Collection[str]) -> None:
    """Let the tests that run now, and those of the same process, be the only ones of this run that say these names.

    MeshError when others have said one. The caller holds the lock of the names. Outside of tests nothing is claimed.
    """
    test = os.environ.get("PYTEST_CURRENT_TEST")
    if not test:
        return
    run, mine = os.environ.get("PYTEST_XDIST_TESTRUNUID", str(os.getpid())), together(test)
    lines = [line.split("\t") for line in _CLAIMS.read_text().splitlines()] if _CLAIMS.exists() else []
    owners = {name: owner for which, owner, name in lines if which == run}
    if taken := sorted(name for name in names if owners.get(name, mine) != mine):
        raise MeshError(
            f"{', '.join(taken)}: a name of {owners[taken[0]]} too, which may run at the same time: "
            "choose another, or let beside.py keep the two together"
        )
    owners |= dict.fromkeys(names, mine)
    _CLAIMS.write_text("".join(f"{run}\t{owner}\t{name}\n" for name, owner in owners.items()))
