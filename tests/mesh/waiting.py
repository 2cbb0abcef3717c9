"""Waiting for a condition, never for a time."""

import time
from collections.abc import Callable
from typing import TypeVar

from tests.mesh.errors import MeshError

T = TypeVar("T")


def wait_until(condition: Callable[[], T], what: str, *, seconds: float, every: float = 0.2) -> T:
    """The first true value of `condition`, which is asked again `every` so many seconds.

    MeshError, with `what` was waited for, when there is none within `seconds`.
    """
    limit = time.monotonic() + seconds
    while not (value := condition()):
        if time.monotonic() > limit:
            raise MeshError(f"{what}: not within {seconds:g} s")
        time.sleep(every)
    return value
