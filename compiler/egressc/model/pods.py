"""What the list says of pods, of a host's own or of a shared gateway's."""

from dataclasses import dataclass
from typing import Any

from egressc.model.durations import Duration
from egressc.positions import Settled

POD_SETTINGS = ("drain", "replicas", "autoscaling", "podDisruptionBudget", "resources")


@dataclass(frozen=True, slots=True, kw_only=True)
class PodSettings(Settled):
    """How pods run; None is up to the chart's values. The mappings are as Kubernetes' own objects have them."""

    drain: Duration | None
    replicas: int | None
    autoscaling: dict[str, int] | None
    pod_disruption_budget: dict[str, Any] | None
    resources: dict[str, Any] | None
