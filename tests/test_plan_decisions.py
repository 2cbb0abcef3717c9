"""What the plan says an object decides is so, because of the values that it names."""

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress
from copy import deepcopy
from functools import reduce
from operator import getitem
from typing import Any, NamedTuple

import pytest

from egressc import emit
from egressc.explain import FLEET_FORMATS, HOST_FORMATS
from egressc.plan import Carrier, Decision, Object, Plan
from tests.cases import CASES, VALID, Case
from tests.chart import Documents, Helm, RefusedError

LISTS = [*VALID, Case(CASES / "explain")]
Values = dict[str, Any]
Path = tuple[str, ...]
Printed = dict[tuple[str, str, str], str]  # by kind, namespace and name
HEAD = re.compile(
    r"""^kind: (?P<kind>\w+)$.*?^  name: "?(?P<name>[^"\n]+)"?$(?:\n  namespace: "?(?P<namespace>[^"\n]+)"?$)?""",
    re.MULTILINE | re.DOTALL,
)


class Setting(NamedTuple):
    """One value that a decision about the host of `carrier` sets."""

    carrier: Carrier
    decision: Decision
    path: Path

    @property
    def key(self) -> tuple[str, ...]:
        """What it is like, whatever the host is called: one of each is tried."""
        carried, by = self.carrier, self.decision.by
        suffix = by.name.removeprefix(carried.name).removeprefix(carried.gateway or carried.name)
        pods = "adopted" if carried.adopts else "own" if carried.gateway == carried.name else "shared"
        return (carried.speaker, pods, by.kind, suffix, *self.path)


@pytest.fixture(params=LISTS, ids=lambda case: case.name)
def plan(request: pytest.FixtureRequest) -> Plan:
    chosen: Case = request.param
    plan = chosen.compile().plan
    assert plan
    return plan


@pytest.fixture
def documents(plan: Plan, helm4: Helm) -> Documents:
    return helm4.render(emit.values(plan))


def test_explain_names_exactly_the_objects_that_the_chart_prints(plan: Plan, documents: Documents) -> None:
    named = json.loads(FLEET_FORMATS["json"](plan))["companions"]
    for carrier in plan.carriers:
        about = json.loads(HOST_FORMATS["json"](carrier))
        named += about["objects"]
        decisions = [one for port in about["ports"] for hop in port["hops"] for one in hop["decisions"]]
        decisions += about["readiness"] + about["exposure"]
        assert all(one["by"] in about["objects"] for one in decisions)
        assert any(one["sets"] for one in decisions)
    assert {_key(Object(**one)) for one in named} == set(documents)


def test_what_a_decision_sets_makes_its_object_so(helm4: Helm) -> None:
    known: set[tuple[str, ...]] = set()
    wrong: list[str] = []
    for case in LISTS:
        plan = case.compile().plan
        assert plan
        settings = []
        for setting in _settings(plan):
            if setting.key not in known:
                known.add(setting.key)
                settings.append(setting)
        if settings:
            wrong += _try(plan, settings, helm4)
    assert wrong == []
    assert len(known) > 100


def _settings(plan: Plan) -> Iterator[Setting]:
    for carrier in plan.carriers:
        for decision in carrier.decisions():
            for path in _leaves(decision.sets):
                yield Setting(carrier, decision, path)


def _leaves(data: Any) -> Iterator[Path]:
    for key, value in data.items():
        if isinstance(value, dict) and value:
            yield from ((key, *path) for path in _leaves(value))
        else:
            yield (key,)


def _try(plan: Plan, settings: Iterable[Setting], helm: Helm) -> Iterator[str]:
    """What of `settings` its object does not depend on.

    They are taken out of the values, one of each host at a time, and the objects that they decide are looked at.
    """
    values = emit.values(plan)
    before = _printed(helm, values)
    waiting = list(settings)
    while waiting:
        chosen = list({setting.carrier.name: setting for setting in reversed(waiting)}.values())
        waiting = [setting for setting in waiting if setting not in chosen]
        for setting, documents in _rendered(values, chosen, helm):
            by = _key(setting.decision.by)
            # what the chart has where nobody says it may be the same: another value is not
            if before[by] == documents.get(by) == _with_another(values, setting, helm).get(by):
                yield f"{setting.decision.by.text} {setting.decision.says}: whatever {'.'.join(setting.path)} is"


def _rendered(values: Values, settings: list[Setting], helm: Helm) -> Iterator[tuple[Setting, Printed]]:
    """What is printed without each of the settings: of all hosts at once that the chart takes so."""
    wanted: list[Setting] = []
    while settings:
        try:
            documents = _printed(helm, _without(values, settings))
        except RefusedError as error:
            named = {match[1] for match in re.finditer(r"at '/(?:gateways|sidecars)/([^/']+)", str(error))}
            wanted += [setting for setting in settings if setting.carrier.name in named]
            settings = [setting for setting in settings if setting.carrier.name not in named]
            if not named:
                raise
        else:
            yield from ((setting, documents) for setting in settings)
            break
    yield from ((setting, _with_another(values, setting, helm)) for setting in wanted)


def _with_another(values: Values, setting: Setting, helm: Helm) -> Printed:
    """What is printed with another value where the chart wants one."""
    *parents, last = setting.path
    given = reduce(getitem, setting.path, _entries(values, setting)[0])
    for other in _others(given):
        changed = deepcopy(values)
        for entry in _entries(changed, setting):
            reduce(getitem, parents, entry)[last] = other
        with suppress(RefusedError):
            return _printed(helm, changed)
    raise AssertionError(f"the chart takes no other {setting.path} of {setting.carrier.name}")


def _others(value: Any) -> Iterator[Any]:
    """Values like `value`, one of which the chart may take."""
    if isinstance(value, list):
        yield from (value[1:], *([other] for other in _others(value[0])))
    elif isinstance(value, dict):
        yield from ({**value, key: other} for key in value for other in _others(value[key]))
    elif isinstance(value, str):
        yield from (f"{value}1", f"1{value}", "/other", "MUTUAL" if value == "SIMPLE" else "SIMPLE", "other")
    else:
        yield not value if isinstance(value, bool) else value + 1


def _without(values: Values, settings: Iterable[Setting]) -> Values:
    changed = deepcopy(values)
    for setting in settings:
        for entry in _entries(changed, setting):
            _take_out(entry, setting.path)
    return changed


def _take_out(entry: Values, path: Path) -> None:
    key, *rest = path
    if rest:
        _take_out(entry[key], tuple(rest))
        if entry[key]:
            return
    del entry[key]


def _entries(values: Values, setting: Setting) -> list[Values]:
    """Where the values have `setting`: the host's entry, or those of a port."""
    carrier, port = setting.carrier, setting.decision.port
    entry: Values = values["gateways" if carrier.gateway else "sidecars"][carrier.name]
    if port is None:
        return [entry]
    if carrier.gateway:
        return [one for one in entry["ports"] if one["port"] == port]
    places: Mapping[str, Any] = entry["namespaces"]
    here = {"the release's namespace": "*"}.get(setting.decision.by.namespace, setting.decision.by.namespace)
    return [one for one in places[here]["ports"] if one["port"] == port]


def _printed(helm: Helm, values: Values) -> Printed:
    """The text of each document that the chart prints: to parse them all would take as long as to print them."""
    parts = helm.text(values).split("\n---\n")
    found = ((HEAD.search(part), part) for part in parts)
    return {(head["kind"], head["namespace"] or "", head["name"]): part for head, part in found if head}


def _key(one: Object) -> tuple[str, str, str]:
    """Where a rendering of the release `egress` in the namespace of that name has the object."""
    namespace = one.namespace.replace("the release's namespace", "egress")
    return one.kind, namespace, one.name.replace("NAMESPACE.RELEASE", "egress.egress")
