"""How many pods a gateway has, and how many checks its upstream gets from them."""

from dataclasses import dataclass
from typing import Literal

from egressc.assets import chart_values
from egressc.model import PodSettings, Port
from egressc.plan.spelled import from_to
from egressc.plan.way import GatewayWay
from egressc.positions import Lines

MINUTE = 60_000


@dataclass(frozen=True, slots=True)
class Replicas:
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


def replicas(way: GatewayWay) -> Replicas:
    """The pods that carry `way`."""
    shared = way.host.shared
    if shared and not way.pods.ours:
        return Replicas(1, 1, scaled=False, counted=False, lines=shared.said("adopt"))
    return counted((shared or way.host).pod_settings)


def counted(settings: PodSettings) -> Replicas:
    """The pods of `settings`, as the chart's Deployment and HorizontalPodAutoscaler count them."""
    fixed = settings.replicas or (0 if settings.autoscaling else chart_values()["replicas"])
    scaling = chart_values()["autoscaling"] | (settings.autoscaling or {})
    least, most = fixed or scaling["minReplicas"], fixed or scaling["maxReplicas"]
    lines = settings.said("replicas") or settings.said("autoscaling")
    return Replicas(least, most, scaled=not fixed, counted=True, lines=lines)


def checks(way: GatewayWay, port: Port) -> Checks:
    """The checks that the upstream behind the client port `port` of `way` gets."""
    host, running = way.host, replicas(way)
    each = MINUTE / host.readiness.interval.milliseconds if port in host.checked else 0
    if host.kind in ("DNS_ROUND_ROBIN", "PROXY") or not way.filtered:  # curl takes the first that answers
        return Checks(each * running.least, each * running.most, "upstream", 1)
    addresses = len(host.endpoints) if host.kind == "STATIC" else None
    return Checks(each * running.least, each * running.most, "address", addresses)
