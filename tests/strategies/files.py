"""What stands in a file beside its hosts: defaults of any setting, and gateways that hosts share."""

from typing import Any

from hypothesis import strategies as st

from tests.strategies import settings
from tests.strategies.words import GATEWAYS, Draw, Entry, durations, subset

BUDGETS = st.sampled_from([{"minAvailable": 1}, {"maxUnavailable": "25%"}, {"minAvailable": "50%"}])
SCALING = st.sampled_from([{}, {"replicas": 3}, {"autoscaling": {"minReplicas": 2, "maxReplicas": 1000}}])


@st.composite
def defaults(draw: Draw) -> Entry:
    """Settings that hosts of every kind inherit, where they apply."""
    inherited = subset(
        draw,
        readiness=settings.readiness(has_requests=True, follows=True),
        timeouts=settings.timeouts(has_requests=True),
        retries=settings.retries(),
        connectionPool=settings.connection_pool({"HTTP2"}),
        outlierDetection=settings.outlier_detection(),
        deniedRanges=st.sampled_from([["10.0.0.0/8"], ["fd00::/8", "192.0.2.7/32", "::1/128"]]),
        enforcement=st.sampled_from(["enforce", "report"]),
        accessLog=st.booleans(),
    )
    pods: Entry = draw(_pods())
    return inherited | pods


@st.composite
def gateways(draw: Draw) -> list[Any]:
    """The gateways of GATEWAYS, the shared one with any setting of its pods."""
    shared, *others = GATEWAYS
    return [shared | draw(_pods()), *others]


@st.composite
def _pods(draw: Draw) -> Entry:
    said = subset(draw, drain=durations(1000), podDisruptionBudget=BUDGETS, resources=settings.resources())
    scaling: Entry = draw(SCALING)
    return said | scaling
