"""What reuse of connections, workers and buffers buy: each against a gateway as it is shipped, in turn with it."""

from egressc.names import gateway_name
from tests.mesh.kubectl import Manifest
from tests.ops.ground import EGRESS, QUICK, Entry, Ground, host_list, installed, name
from tests.ops.proxy import proxy
from tests.ops.turns import compared, rate

#: Each request has a connection to the upstream, and its TLS, of its own.
FRESH = {"connectionPool": {"maxRequestsPerConnection": 1}}
SHIPPED, HANDSHAKES, DIRECT, ONE_WORKER, WORKERS, BUFFERS = (
    name(one) for one in ("shipped", "handshakes", "direct", "worker", "workers", "buffers")
)
HOSTS: list[Entry] = [
    SHIPPED,
    {"host": HANDSHAKES} | FRESH,
    {"host": DIRECT, "at": "sidecar"} | FRESH,
    {"host": ONE_WORKER, "resources": {"requests": {"cpu": "5m"}, "limits": {"cpu": 1}}},
    {"host": WORKERS, "resources": {"requests": {"cpu": "5m"}, "limits": {"cpu": 16}}},
    BUFFERS,
]
#: Envoy's own for each connection, in bytes.
BUFFER = 2**20
LARGE = f"bytes?count={10**6}"
TURNS, SECONDS = 3, 8
OVER = {
    "handshakes": "handshakes_direct",
    "shipped": "handshakes",
    "worker": "shipped",
    "workers": "shipped",
    "buffers": "shipped",
    "large_buffers": "large",
}


def measure(ground: Ground) -> dict[str, float]:
    """Requests a second of each way, what they are over those of another in the same turn, and memory after them."""
    ground.know([one if isinstance(one, str) else one["host"] for one in HOSTS])
    with installed(host_list(HOSTS), QUICK, objects=[_buffers(BUFFERS)]):
        ground.await_answers(SHIPPED, HANDSHAKES, DIRECT, ONE_WORKER, WORKERS, BUFFERS)
        turns = [
            {
                "shipped": rate(ground, SHIPPED, SECONDS),
                "handshakes": rate(ground, HANDSHAKES, SECONDS),
                "handshakes_direct": rate(ground, DIRECT, SECONDS),
                "worker": rate(ground, ONE_WORKER, SECONDS),
                "workers": rate(ground, WORKERS, SECONDS),
                "buffers": rate(ground, BUFFERS, SECONDS),
                "large": rate(ground, SHIPPED, SECONDS, LARGE),
                "large_buffers": rate(ground, BUFFERS, SECONDS, LARGE),
            }
            for _ in range(TURNS)
        ]
        peaks = {
            f"peak_{way}": proxy(EGRESS, gateway_name(host)).peak
            for way, host in {"shipped": SHIPPED, "worker": ONE_WORKER, "workers": WORKERS, "buffers": BUFFERS}.items()
        }
    return compared("rate", turns, OVER) | peaks


def _buffers(host: str) -> Manifest:
    """What takes the chart's limit for what is read at once back, at one gateway."""
    patch = {
        "applyTo": "CLUSTER",
        "match": {"context": "GATEWAY"},
        "patch": {"operation": "MERGE", "value": {"per_connection_buffer_limit_bytes": BUFFER}},
    }
    selector = {"labels": {"egressc.io/gateway": gateway_name(host)}}
    return {
        "apiVersion": "networking.istio.io/v1alpha3",
        "kind": "EnvoyFilter",
        "metadata": {"name": "buffers", "namespace": EGRESS},
        "spec": {"priority": 10, "workloadSelector": selector, "configPatches": [patch]},
    }
