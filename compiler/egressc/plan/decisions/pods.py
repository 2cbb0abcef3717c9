"""How pods run: as the list says it, or else as the chart's values have it."""

from collections.abc import Iterator, Mapping
from typing import Any

from egressc.model import PodSettings
from egressc.plan.decision import NOTHING, Decision, Object, chosen
from egressc.plan.load import counted
from egressc.plan.way import GatewayWay


def running(way: GatewayWay) -> Iterator[Decision]:
    """What is decided about pods that are ours: how they are asked, how many there are, and how they end."""
    if not way.pods.ours:
        return
    if way.checks_upstream and way.pods.single:
        says = "the kubelet asks the pod for GET :15099/ready, where nothing else is"
        if not way.filtered:
            says = "has a container beside the proxy, where curl asks the upstream"
        yield Decision(way.object("Deployment"), says)
    shared = way.host.shared
    for decision in run((shared or way.host).pod_settings, way.namespace, way.pods.name):
        # what a shared gateway says stands in its own entry
        yield decision._replace(sets=NOTHING) if shared else decision


def amounts(resources: Mapping[str, Any] | None) -> dict[str, Any]:
    """`requests` and `limits`, where they say anything: what is empty changes nothing."""
    return {kind: said for kind, said in (resources or {}).items() if said}


def run(settings: PodSettings, namespace: str, name: str) -> Iterator[Decision]:
    """What `settings` say of the pods of this name, and what holds where they say nothing."""
    deployment = Object("Deployment", namespace, name)
    if settings.drain:
        says = f"gives open connections {settings.drain.spelled} when a pod ends"
        yield Decision(deployment, says, settings.said("drain"), {"drainSeconds": settings.drain.milliseconds // 1000})
    if resources := amounts(settings.resources):
        says = "asks for CPU and memory as the list says"
        yield Decision(deployment, says, settings.said("resources"), {"resources": resources})
    number = counted(settings)
    by = Object("HorizontalPodAutoscaler", namespace, name) if number.scaled else deployment
    given = {"replicas": settings.replicas, "autoscaling": settings.autoscaling}
    sets = {key: value for key, value in given.items() if value}
    yield Decision(by, f"{number.text} pods", number.lines, sets)
    budget, limits = Object("PodDisruptionBudget", namespace, name), settings.pod_disruption_budget
    says = "limits how many pods Kubernetes ends at once"
    yield chosen(budget, says, settings.said("podDisruptionBudget"), {"podDisruptionBudget": limits})
