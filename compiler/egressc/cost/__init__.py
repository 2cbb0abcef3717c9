"""COST: what a plan asks of a cluster and of Helm, by the chart's defaults where the list is silent."""

from collections.abc import Sequence

from egressc.cost.fleet import Amount, Cost, cost
from egressc.cost.release import LIMIT, release_bytes, share
from egressc.counted import times

__all__ = ["LIMIT", "Amount", "Cost", "cost", "line", "release_bytes", "share"]


def line(costs: Cost, releases: Sequence[int]) -> str:
    """The whole cost in a line, with the sizes of the `releases` that Helm stores."""
    stored = f"; a release of {share(releases[0])}" if releases else ""
    if len(releases) > 1:
        stored = f"; {len(releases)} releases, the largest of {share(max(releases))}"
    return (
        f"{times(costs.hosts, 'host', ',')} in {times(costs.gateways, 'gateway', ',')}: "
        f"{costs.pods.text} pods that request {costs.requests}, {costs.checks_per_minute.text} checks a minute, by the "
        f"chart's defaults{stored}"
    )
