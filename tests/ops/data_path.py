"""What the second hop costs: requests through a gateway against TLS from the client's own sidecar, side by side.

The ways are measured in turn, so that whatever else the machine does falls on both.
"""

import statistics
from collections.abc import Mapping, Sequence

from tests.ops.ground import EGRESS, QUICK, Entry, Ground, host_list, installed, name
from tests.ops.load import Report, attack, push
from tests.ops.proxy import proxy

#: By HTTP/1.1 and by HTTP/2 to a gateway, and by the client's own sidecar.
WAYS = {"through": name("through"), "over_http2": name("over"), "direct": name("direct")}
THROUGH, HTTP2, DIRECT = WAYS.values()
TURNS, SECONDS, CONNECTIONS, RATE, BUSY = 3, 10, 16, 300, 1000
GATEWAY = "hthrough-ops-example-com"


def measure(ground: Ground) -> dict[str, float]:
    """Requests a second, times at a constant rate, and the gateway's own memory and CPU without and with load."""
    ground.know([*WAYS.values()])
    hosts: list[Entry] = [THROUGH, {"host": HTTP2, "gatewayProtocol": "HTTP2"}, {"host": DIRECT, "at": "sidecar"}]
    with installed(host_list(hosts), QUICK):
        ground.await_answers(*WAYS.values())
        for host in WAYS.values():
            push(ground.client, f"http://{host}/", CONNECTIONS, 3)  # warm
            ground.upstream.forget()
        one = proxy(EGRESS, GATEWAY)
        found: dict[str, float] = {"idle_resident": one.resident, "idle_cores": one.cores(20)}
        found |= _throughput(ground) | _latency(ground)
        before = one.cpu_seconds()
        busy = attack(ground.client, [f"http://{THROUGH}/"], BUSY, SECONDS)
        found |= {
            "busy_cores": (one.cpu_seconds() - before) / SECONDS,
            "busy_resident": one.resident,
            "busy_rate": busy.rate,
            "busy_failed": busy.failed,
        }
    return found


def _throughput(ground: Ground) -> dict[str, float]:
    return _compared(
        "rate", "", [{way: _pushed(ground, host).rate for way, host in WAYS.items()} for _ in range(TURNS)]
    )


def _latency(ground: Ground) -> dict[str, float]:
    turns = [{way: _timed(ground, host) for way, host in WAYS.items()} for _ in range(TURNS)]
    found: dict[str, float] = {}
    for which in ("p50", "p99"):
        times = [{way: getattr(report, which) for way, report in turn.items()} for turn in turns]
        found |= _compared(which, "_ms", times)
    return found


def _compared(what: str, unit: str, turns: Sequence[Mapping[str, float]]) -> dict[str, float]:
    """The median of each way, and of what each is over the direct one in the same turn."""
    medians = {f"{what}_{way}{unit}": statistics.median(turn[way] for turn in turns) for way in WAYS}
    ratios = {
        f"{what}_{way}_over_direct": statistics.median(turn[way] / turn["direct"] for turn in turns)
        for way in WAYS
        if way != "direct"
    }
    return medians | ratios


def _pushed(ground: Ground, host: str) -> Report:
    report = push(ground.client, f"http://{host}/", CONNECTIONS, SECONDS)
    ground.upstream.forget()
    return report


def _timed(ground: Ground, host: str) -> Report:
    report = attack(ground.client, [f"http://{host}/"], RATE, SECONDS)
    ground.upstream.forget()
    return report
