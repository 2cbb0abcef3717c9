"""What a host or a shared gateway says of its pods."""

from typing import Any

from egressc.model import Duration, PodSettings
from egressc.positions import Mapping, plain


def pod_settings(data: Mapping) -> PodSettings:
    """The settings of pods in `data`, an entry or an item of `gateways`."""

    def get(name: str) -> Any:
        return plain(data[name]) if name in data else None

    return PodSettings(
        source=data,
        drain=Duration.of(data["drain"]) if "drain" in data else None,
        replicas=get("replicas"),
        autoscaling=get("autoscaling"),
        pod_disruption_budget=get("podDisruptionBudget"),
        resources=get("resources"),
    )
