"""How many pods a gateway has, and how many checks its upstream gets from them."""

from dataclasses import dataclass
from typing import Literal

from egressc.assets import chart_values
from egressc.explain.lines import Lines
from egressc.plan import Gateway

MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Pods:
    """How many pods the gateway has, at least and at most, and whether their number follows the load.

    Not `counted` are pods that are not ours: the numbers are then those of one pod.
    """

    least: int
    most: int
    scaled: bool
    counted: bool
    lines: Lines

    @property
    def text(self) -> str:
        """`2-5`."""
        return from_to(self.least, self.most) if self.counted else "others'"


@dataclass(frozen=True, slots=True)
class Checks:
    """How many checks a minute all pods together make, `per` the whole upstream or each of its addresses.

    `addresses` is their number, None where it is up to DNS.
    """

    least: float
    most: float
    per: Literal["upstream", "address"]
    addresses: int | None

    @property
    def each(self) -> str:
        """The checks that one upstream, or one address of it, gets."""
        return from_to(self.least, self.most)

    @property
    def text(self) -> str:
        """The same, with what one is where it is not the whole upstream."""
        if self.per == "upstream" or not self.most:
            return self.each
        return f"{self.each} for each of {self.addresses}" if self.addresses else f"{self.each} an address"


def pods(gateway: Gateway) -> Pods:
    """The pods of `gateway`, as the chart's Deployment and HorizontalPodAutoscaler count them."""
    shared = gateway.host.shared
    if shared and shared.adopt:
        return Pods(1, 1, scaled=False, counted=False, lines=shared.said("adopt"))
    said = shared.pod_settings if shared else gateway.host.pod_settings
    fixed = said.replicas or (0 if said.autoscaling else chart_values()["replicas"])
    scaling = chart_values()["autoscaling"] | (said.autoscaling or {})
    key = "autoscaling" if said.autoscaling and not said.replicas else "replicas"
    least, most = fixed or scaling["minReplicas"], fixed or scaling["maxReplicas"]
    return Pods(least, most, scaled=not fixed, counted=True, lines=said.said(key))


def checks(gateway: Gateway, running: Pods) -> Checks:
    """The checks that the upstream behind one client port of `gateway` gets."""
    host = gateway.host
    each = MINUTE / host.readiness.interval.milliseconds if gateway.checks_upstream else 0
    if host.kind in ("DNS_ROUND_ROBIN", "PROXY"):
        return Checks(each * running.least, each * running.most, "upstream", 1)
    addresses = len(host.endpoints) if host.kind == "STATIC" else None
    return Checks(each * running.least, each * running.most, "address", addresses)


def from_to(least: float, most: float) -> str:
    """`12-30`, or one number where both are the same."""
    first, last = (f"{number:.4g}" if number < 1000 else f"{number:.0f}" for number in (least, most))
    return first if first == last else f"{first}-{last}"
