"""Ways that are measured in turn, so that whatever else the machine does falls on all of them."""

import statistics
from collections.abc import Mapping, Sequence

from tests.ops.ground import Ground
from tests.ops.load import push

CONNECTIONS = 16


def compared(
    what: str, turns: Sequence[Mapping[str, float]], over: Mapping[str, str], unit: str = ""
) -> dict[str, float]:
    """The median of each way, and of what a way is over another one in the same turn: `over` has the other by the way.

    The names are `<what>_<way><unit>` and `<what>_<way>_over_<other>`.
    """
    medians = {f"{what}_{way}{unit}": statistics.median(turn[way] for turn in turns) for way in turns[0]}
    ratios = {
        f"{what}_{way}_over_{other}": statistics.median(turn[way] / turn[other] for turn in turns)
        for way, other in over.items()
    }
    return medians | ratios


def rate(ground: Ground, host: str, seconds: float, path: str = "") -> float:
    """So many requests a second does a host answer, on CONNECTIONS connections."""
    report = push(ground.client, f"http://{host}/{path}", CONNECTIONS, seconds)
    ground.upstream.forget()
    return report.rate
