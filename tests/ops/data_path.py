"""What the second hop costs: requests through a gateway against TLS from the client's own sidecar, side by side.

The two are measured in turn, in pairs, so that whatever else the machine does falls on both.
"""

import statistics

from tests.ops.ground import EGRESS, QUICK, Ground, host_list, installed, name
from tests.ops.load import Report, attack, push
from tests.ops.proxy import proxy

THROUGH, DIRECT = name("through"), name("direct")
PAIRS, SECONDS, CONNECTIONS, RATE, BUSY = 3, 10, 16, 300, 1000
GATEWAY = "hthrough-ops-example-com"


def measure(ground: Ground) -> dict[str, float]:
    """Requests a second, times at a constant rate, and the gateway's own memory and CPU without and with load."""
    ground.know([THROUGH, DIRECT])
    with installed(host_list([THROUGH, {"host": DIRECT, "at": "sidecar"}]), QUICK):
        ground.await_answers(THROUGH, DIRECT)
        for host in (THROUGH, DIRECT):
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
    pairs = [[_pushed(ground, host).rate for host in (THROUGH, DIRECT)] for _ in range(PAIRS)]
    through, direct = (statistics.median(side) for side in zip(*pairs, strict=True))
    ratio = statistics.median(one / other for one, other in pairs)
    return {"rate_through": through, "rate_direct": direct, "rate_through_over_direct": ratio}


def _latency(ground: Ground) -> dict[str, float]:
    pairs = [[_timed(ground, host) for host in (THROUGH, DIRECT)] for _ in range(PAIRS)]
    found: dict[str, float] = {}
    for which in ("p50", "p99"):
        times = [[getattr(report, which) for report in pair] for pair in pairs]
        through, direct = (statistics.median(side) for side in zip(*times, strict=True))
        ratio = statistics.median(one / other for one, other in times)
        found |= {f"{which}_through_ms": through, f"{which}_direct_ms": direct, f"{which}_through_over_direct": ratio}
    return found


def _pushed(ground: Ground, host: str) -> Report:
    report = push(ground.client, f"http://{host}/", CONNECTIONS, SECONDS)
    ground.upstream.forget()
    return report


def _timed(ground: Ground, host: str) -> Report:
    report = attack(ground.client, [f"http://{host}/"], RATE, SECONDS)
    ground.upstream.forget()
    return report
