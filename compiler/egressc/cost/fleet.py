"""What the gateways of a plan ask of a cluster. What a further values file overrides, nobody knows here."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from egressc.assets import chart_values, resources
from egressc.model import Host
from egressc.model.quantities import quantity
from egressc.plan import Plan
from egressc.plan.load import Checks, Replicas, counted
from egressc.plan.spelled import from_to

Resources = Mapping[str, Any]

GIB = 2**30


@dataclass(frozen=True, slots=True)
class Amount:
    """How much, with as few pods as there may be and with as many."""

    least: float
    most: float

    @property
    def text(self) -> str:
        """`1,000-2,500`."""
        return from_to(self.least, self.most)


@dataclass(frozen=True, slots=True)
class Cost:
    """What a fleet needs: `gateways` are those whose pods are ours, `own` of them carry one host each.

    `cpu` is in cores and `memory` in bytes, both as requested. An upstream counts as one address where DNS knows more.
    """

    hosts: int
    gateways: int
    own: int
    pods: Amount
    cpu: Amount
    memory: Amount
    checks_per_minute: Amount

    @property
    def requests(self) -> str:
        """The CPU and the memory in a sentence."""
        memory = Amount(self.memory.least / GIB, self.memory.most / GIB)
        return f"{self.cpu.text} CPU and {memory.text} GiB"


def cost(plan: Plan) -> Cost:
    """What `plan` needs."""
    beside = {one.name: _beside(one.host) for one in plan.carrying if one.pods.single}
    pods = [
        (counted(settings), [resources(settings.resources), *beside.get(name, ())])
        for name, settings in plan.pod_settings.items()
    ]
    checked = [one.checks(port) for one in plan.carrying for port in one.host.ports]
    return Cost(
        hosts=len(plan.carriers),
        gateways=len(pods),
        own=len(beside),
        pods=_sum([(replicas, 1) for replicas, _ in pods]),
        cpu=_sum([(replicas, _requested("cpu", containers)) for replicas, containers in pods]),
        memory=_sum([(replicas, _requested("memory", containers)) for replicas, containers in pods]),
        checks_per_minute=_sum([(checks, checks.addresses or 1) for checks in checked]),
    )


def _sum(parts: Sequence[tuple[Replicas | Checks, float]]) -> Amount:
    """`parts`, each as often as it says."""
    least, most = (sum(getattr(part, end) * times for part, times in parts) for end in ("least", "most"))
    return Amount(round(least, 3), round(most, 3))


def _beside(host: Host) -> list[Resources]:
    """The resources of each container that a pod of the host's own has beside the proxy."""
    opa = host.external_authorization.opa if host.external_authorization else None
    beside: list[Resources] = [resources(opa.resources, "opaResources")] if opa else []
    if host.unfiltered and host.checked:
        beside.append(chart_values()["readinessContainer"]["resources"])
    return beside


def _requested(what: str, containers: Sequence[Resources]) -> float:
    return float(sum(quantity(one["requests"][what]) for one in containers))
