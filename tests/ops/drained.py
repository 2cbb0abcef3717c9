"""Whether connections that end within the drain live on while all pods are replaced."""

from tests.mesh.kubectl import kubectl
from tests.ops.ground import ADDRESS, AS_SHIPPED, EGRESS, Ground, host_list, installed, name
from tests.ops.held import held
from tests.ops.neighbours_held import HELD

#: The chart's own drain.
SECONDS = 30


def measure(ground: Ground) -> dict[str, float]:
    """How many of WebSockets, TCP connections and streams of HTTP/2 were cut, and how many there were."""
    ground.know([name(one) for one in ("ws", "stream", "tcp")])
    with installed(host_list(HELD), AS_SHIPPED):
        ground.await_answers(name("ws"), name("stream"))
        kinds = {"websocket": name("ws"), "tcp": ADDRESS, "stream": name("stream")}
        with held(ground.client, kinds, SECONDS) as connections:
            kubectl("rollout", "restart", "deployments", f"--namespace={EGRESS}")
        return {"drained_cut": connections.cut, "drained": sum(connections.opened.values())}
