"""What must hold between the objects of a fleet: nothing dangles, nothing leaks, nobody gets past a gateway."""

from collections.abc import Callable
from functools import cache
from typing import Any

import pytest
from hypothesis import given

from egressc import emit
from tests.cases import VALID, Case
from tests.chart import Helm, compiled
from tests.contract import CONCERNS
from tests.contract.fleet import Fleet
from tests.strategies import fleets
from tests.test_properties import FEW, source, values


@pytest.fixture(scope="module")
def printed(helm4: Helm) -> Callable[[str], Fleet]:
    """Called with the name of a case: its fleet, printed once for all concerns."""

    @cache
    def of(name: str) -> Fleet:
        (case,) = (case for case in VALID if case.name == name)
        return Fleet.printed(helm4, emit.dump(compiled(*case.lists, overlays=case.overlays)))

    return of


@pytest.mark.parametrize("case", VALID, ids=lambda case: case.name)
@pytest.mark.parametrize("concern", CONCERNS)
def test_cases(case: Case, concern: str, printed: Callable[[str], Fleet]) -> None:
    CONCERNS[concern](printed(case.name))


@given(fleets())
@FEW
def test_fleets(helm4: Helm, fleet: list[Any]) -> None:
    printed = Fleet.printed(helm4, values(source(fleet)))
    for check in CONCERNS.values():
        check(printed)
