"""What the second hop costs: requests through a gateway against TLS from the client's own sidecar, in turn."""

from egressc.names import gateway_name
from tests.ops.ground import EGRESS, QUICK, Entry, Ground, host_list, installed, name
from tests.ops.load import Report, attack
from tests.ops.proxy import proxy
from tests.ops.turns import compared, rate

#: By HTTP/1.1 and by HTTP/2 to a gateway, and by the client's own sidecar.
WAYS = {"through": name("through"), "over_http2": name("over"), "direct": name("direct")}
THROUGH, HTTP2, DIRECT = WAYS.values()
OVER = {"through": "direct", "over_http2": "direct"}
TURNS, SECONDS, RATE, BUSY = 3, 10, 300, 1000
GATEWAY = gateway_name(THROUGH)


def measure(ground: Ground) -> dict[str, float]:
    """Requests a second, times at a constant rate, and the gateway's own memory and CPU without and with load."""
    ground.know([*WAYS.values()])
    hosts: list[Entry] = [THROUGH, {"host": HTTP2, "gatewayProtocol": "HTTP2"}, {"host": DIRECT, "at": "sidecar"}]
    with installed(host_list(hosts), QUICK):
        ground.await_answers(*WAYS.values())
        for host in WAYS.values():
            rate(ground, host, 3)  # warm
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
    turns = [{way: rate(ground, host, SECONDS) for way, host in WAYS.items()} for _ in range(TURNS)]
    return compared("rate", turns, OVER)


def _latency(ground: Ground) -> dict[str, float]:
    turns = [{way: _timed(ground, host) for way, host in WAYS.items()} for _ in range(TURNS)]
    p50 = [{way: report.p50 for way, report in turn.items()} for turn in turns]
    p99 = [{way: report.p99 for way, report in turn.items()} for turn in turns]
    return compared("p50", p50, OVER, "_ms") | compared("p99", p99, OVER, "_ms")


def _timed(ground: Ground, host: str) -> Report:
    report = attack(ground.client, [f"http://{host}/"], RATE, SECONDS)
    ground.upstream.forget()
    return report
