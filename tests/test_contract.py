"""What must hold between the objects of a fleet: nothing dangles, nothing leaks, nobody gets past a gateway."""

from collections.abc import Callable
from functools import cache, partial
from typing import Any

import pytest
from hypothesis import given

from egressc.compile import Compilation, compile_files
from egressc.plan import Plan
from tests.cases import VALID, Case
from tests.chart import Helm
from tests.contract import CONCERNS
from tests.contract.fleet import Fleet
from tests.contract.rare import RARE
from tests.lists import compile_text
from tests.strategies import defaults, fleets, gateways
from tests.test_properties import FEW, compiled, source


def _case(case: Case) -> Plan:
    return _plan(compile_files([str(path) for path in case.lists], [str(path) for path in case.overlays]))


def _rare(text: str) -> Plan:
    return _plan(compile_text(text))


def _plan(compilation: Compilation) -> Plan:
    assert not [finding for finding in compilation.findings if finding.level == "error"], compilation.findings
    assert compilation.plan
    return compilation.plan


LISTS: dict[str, Callable[[], Plan]] = {case.name: partial(_case, case) for case in VALID}
LISTS |= {name: partial(_rare, text) for name, text in RARE.items()}


@pytest.fixture(scope="module")
def printed(helm4: Helm) -> Callable[[str], Fleet]:
    """Called with the name of a list: its fleet, printed once for all concerns."""

    @cache
    def of(name: str) -> Fleet:
        return Fleet.printed(helm4, LISTS[name]())

    return of


#: What rests on EnvoyFilters, and is otherwise without them: see test_no_envoy_filters.py.
FILTERED = {"access", "hops", "pods", "readiness", "requests", "upstream"}
ASKED = [(concern, name) for concern in CONCERNS for name in LISTS]
ASKED = [one for one in ASKED if one[0] not in FILTERED or not one[1].endswith("no-envoy-filters")]


@pytest.mark.parametrize(("concern", "name"), ASKED)
def test_cases(concern: str, name: str, printed: Callable[[str], Fleet]) -> None:
    CONCERNS[concern](printed(name))


@given(fleets(), defaults(), gateways())
@FEW
def test_fleets(helm4: Helm, fleet: list[Any], inherited: dict[str, Any], shared: list[Any]) -> None:
    compilation = compiled(source(fleet, defaults=inherited), gateways=shared)
    printed = Fleet.printed(helm4, _plan(compilation))
    for check in CONCERNS.values():
        check(printed)
