"""COST: what a plan asks of a cluster and of Helm, by the chart's defaults where the list is silent."""

from egressc.cost.fleet import Amount, Cost, cost
from egressc.cost.release import LIMIT, release_bytes, share

__all__ = ["LIMIT", "Amount", "Cost", "cost", "line", "release_bytes", "share"]


def line(costs: Cost, release: int | None) -> str:
    """The whole cost in a line; a `release` of None is one that nobody stores."""
    stored = f"; a release of {share(release)}" if release is not None else ""
    return (
        f"{costs.hosts:,} host{'s' * (costs.hosts != 1)} in {costs.gateways:,} gateway{'s' * (costs.gateways != 1)}: "
        f"{costs.pods.text} pods that request {costs.requests}, {costs.checks_per_minute.text} checks a minute, by the "
        f"chart's defaults{stored}"
    )
