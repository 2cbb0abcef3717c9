"""How pods run, a host's own and a shared gateway's: numbers that make sense together."""

import re
from collections.abc import Iterator, Mapping
from typing import Any

from egressc.assets import chart_values, resources
from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Opa, PodSettings
from egressc.model.quantities import quantity
from egressc.rules import durations
from egressc.rules.settings import NUMBERS

UNIT = Code(
    "EG295",
    "an amount whose unit is missing or another one",
    "Memory is in bytes, and CPU in cores. `512` or `512m` of memory is less than a kilobyte, and Kubernetes would "
    "kill each pod at once. `100` of CPU is a hundred cores, which no node has.",
)
LEAST_MEMORY = 2**20
MOST_CPU = 64


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Settings of a host's own pods that cannot be."""
    yield from _check(host.pod_settings)
    if host.external_authorization and (opa := host.external_authorization.opa):
        yield from _resources(opa, opa.resources or {}, "opaResources")


def check_shared(inventory: Inventory) -> Iterator[Finding]:
    """The same for shared gateways."""
    for shared in inventory.shared:
        yield from _check(shared.pod_settings)


def _check(pods: PodSettings) -> Iterator[Finding]:
    yield from durations.check_pods(pods)
    yield from _scaling(pods)
    yield from _evictions(pods)
    yield from _resources(pods, pods.resources or {}, "resources")


def _scaling(pods: PodSettings) -> Iterator[Finding]:
    scaling = pods.autoscaling or {}
    # what the list does not say is the chart's
    least, most = ((scaling.get(key) or chart_values()["autoscaling"][key]) for key in ("minReplicas", "maxReplicas"))
    if scaling and least > most:
        given = "minReplicas" if "minReplicas" in scaling else "maxReplicas"
        fix = f"write `maxReplicas: {least}`, or more"
        if given == "maxReplicas":
            fix = f"write `minReplicas: {most}` beside it: the chart's own is {least}"
        message = f"the gateway cannot have at least {least} and at most {most} pods"
        yield NUMBERS(pods.at("autoscaling", given), message, fix)
    if pods.replicas is not None and pods.autoscaling is not None:
        message = "`replicas` and `autoscaling` both say how many pods there are"
        yield NUMBERS(pods.at("replicas"), message, "keep `replicas` (a fixed number) or `autoscaling`")


def _evictions(pods: PodSettings) -> Iterator[Finding]:
    least = pods.replicas or (pods.autoscaling or {}).get("minReplicas")
    for key, value in (pods.pod_disruption_budget or {}).items():
        kept = value == "100%" or (isinstance(value, int) and least is not None and value >= least)
        if value in (0, "0%") if key == "maxUnavailable" else kept:
            where, fix = pods.at("podDisruptionBudget", key), "write `maxUnavailable: 1`, or more"
            yield NUMBERS(where, "no pod may ever be evicted: its node cannot be drained", fix, "warning")


def _resources(said: PodSettings | Opa, given: Mapping[str, Any], key: str) -> Iterator[Finding]:
    yield from _units(said, given)
    amounts = resources(given, key) if given else {"requests": {}, "limits": {}}
    for name, limit in amounts["limits"].items():
        request = amounts["requests"].get(name)
        if request is not None and quantity(request) > quantity(limit):
            asked, held = (said.says("resources", kind, name) for kind in ("requests", "limits"))
            where = said.at("resources", "requests" if asked else "limits", name)
            fix = f"write {limit} or less, or a higher limit"
            if not asked:
                fix = f"write `requests: {{{name}: {limit}}}` beside it: the chart's own is {request}"
            elif not held:
                fix = f"write `limits: {{{name}: {request}}}` beside it, or more: the chart's own is {limit}"
            yield NUMBERS(where, f"the request for {name} ({request}) is above its limit ({limit})", fix)


def _units(said: PodSettings | Opa, given: Mapping[str, Any]) -> Iterator[Finding]:
    """Amounts with the unit of something else, or with none."""
    for kind, amounts in given.items():
        for name, amount in amounts.items():
            number = re.match(r"[0-9.]+", str(amount))
            where = said.at("resources", kind, name)
            if name == "memory" and number and 0 < quantity(amount) < LEAST_MEMORY:
                message = f"{amount} of memory is {quantity(amount):f} bytes: nothing runs with so little"
                yield UNIT(where, message, f"write `{number[0]}Mi`")
            elif name == "cpu" and quantity(amount) >= MOST_CPU:
                message = f"{amount} of CPU is {quantity(amount):f} cores"
                yield UNIT(where, message, f"write `{amount}m` for thousandths of a core", "warning")
