"""One mesh a machine: who changes it holds the lock alone, who uses it shares it. Some tests run beside no other."""

import fcntl
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from tests.mesh import settings
from tests.mesh.errors import MeshError

#: Held by each module of tests while it runs.
_TURN = Path("/run/lock/egressc-mesh-turn")


@contextmanager
def locked(*, shared: bool = False) -> Iterator[None]:
    """Hold the machine's mesh: alone to bring it up or down, shared to run tests on it.

    The system frees it when the process ends, however it ends. MeshError when another process is in the way.
    """
    with settings.LOCK.open("a+") as file:
        try:
            fcntl.flock(file, (fcntl.LOCK_SH if shared else fcntl.LOCK_EX) | fcntl.LOCK_NB)
        except BlockingIOError:
            holder = (
                "being brought up or down" if shared else "in use: tests run on it, or it is being brought up or down"
            )
            raise MeshError(
                f"the mesh of this machine is {holder} by another process (`fuser {settings.LOCK}` tells which)"
            ) from None
        yield


@contextmanager
def turn(*, alone: bool) -> Iterator[None]:
    """Wait until a module's tests may run: beside those of other processes, or alone, when no other's run."""
    with _TURN.open("a+") as file:
        fcntl.flock(file, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield


@contextmanager
def owned(namespace: str) -> Iterator[None]:
    """Have a namespace for a module's tests; MeshError when another module has one of this name."""
    with _TURN.with_name(f"{settings.LOCK.name}-{namespace}").open("a+") as file:
        try:
            fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise MeshError(
                f"the namespace {namespace} is another module's, whose tests run now: "
                "give it another name, or let beside.py keep the two together"
            ) from None
        yield
