"""Whether connections through a shared gateway live while other hosts of it are added, changed and removed."""

from tests.ops.ground import ADDRESS, APPS, AS_SHIPPED, Entry, Ground, host_list, installed, name, names
from tests.ops.held import GRPC, TCP, WEBSOCKET, held

#: Longer than the 45 s after which Envoy closes what is left on a filter chain that has changed.
SECONDS = 75
COUNT = 10
LINES = {
    "host": name("tcp"),
    "addresses": [ADDRESS],
    "ports": [{"port": 5432, "protocol": "TCP"}],
    "tls": {"mode": "none", "unverified": "the lines are in this test"},
}
STREAM = {"host": name("stream"), "ports": [{"port": 80, "protocol": "HTTP2"}]}
HELD: list[Entry] = [name("ws"), STREAM, LINES]
CHANGED = {"host": name(1), "clients": [{"namespace": APPS, "methods": ["GET"]}], "timeouts": {"request": "9s"}}
ANOTHER = LINES | {"host": name("tcp2"), "addresses": ["240.0.99.2"]}


def measure(ground: Ground) -> dict[str, float]:
    """How many connections were cut, and how many there were, for each kind of change."""
    found: dict[str, float] = {}
    others = names(COUNT)
    ground.know([*(name(one) for one in ("ws", "stream", "tcp", "new", "tcp2")), *others])
    lists: dict[str, list[Entry]] = {
        "added": [*HELD, *others, name("new"), ANOTHER],
        "changed": [*HELD, others[0], CHANGED, *others[2:], name("new"), ANOTHER],
        "removed": [*HELD, others[0]],
    }
    with installed(host_list([*HELD, *others], "shared"), AS_SHIPPED) as release:
        ground.await_answers(name("ws"), name("stream"))
        targets = {WEBSOCKET: f"ws://{name('ws')}/", TCP: f"{ADDRESS}:5432", GRPC: f"{name('stream')}:80"}
        for what, hosts in lists.items():
            with held(ground.client, targets, SECONDS) as connections:
                release.apply(host_list(hosts, "shared"), AS_SHIPPED, wait=False)
            found |= {f"held_{what}_cut": connections.cut, f"held_{what}": connections.opened}
    return found
