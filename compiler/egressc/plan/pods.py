"""Pods on the way to a host, found by their labels: those that call, and those that carry it."""

from dataclasses import dataclass
from typing import Any

Labels = tuple[tuple[str, str], ...]

POD_LABEL = "egressc.io/gateway"  # finds the pods of a gateway in their namespace


@dataclass(frozen=True, slots=True)
class CallerPods:
    """Pods that a client's sidecar lets through: of a namespace (None: any), with these labels."""

    namespace: str | None
    labels: Labels

    @property
    def values(self) -> dict[str, Any]:
        """As the chart's values have them."""
        given = (("namespace", self.namespace), ("podLabels", dict(self.labels)))
        return {key: value for key, value in given if value}

    def text(self, anywhere: str) -> str:
        """`pods of shop with app=web`; `anywhere` are the namespaces where none is named."""
        labels = ", ".join(f"{key}={value}" for key, value in self.labels)
        return f"pods of {self.namespace or anywhere}" + (f" with {labels}" if labels else "")


def distinct(pods: set[CallerPods]) -> tuple[CallerPods, ...]:
    """`pods` in their order; none where one of them is any pod at all."""
    if CallerPods(None, ()) in pods:
        return ()
    return tuple(sorted(pods, key=lambda one: (one.namespace or "", one.labels)))


@dataclass(frozen=True, slots=True)
class Pods:
    """The pods that carry a host, found by `labels`.

    `ours` are made by the chart; `single` ones carry no other host.
    """

    name: str
    labels: Labels
    ours: bool
    single: bool

    @property
    def selector(self) -> dict[str, str]:
        """What finds the pods in their namespace."""
        return dict(self.labels[:1] if self.ours else self.labels)


def pod_labels(name: str, namespace: str) -> Labels:
    """What the pods of a gateway are found by, also where Istio looks for labels in every namespace."""
    return ((POD_LABEL, name), ("egressc.io/namespace", namespace))
