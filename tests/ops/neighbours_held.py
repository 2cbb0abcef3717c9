"""Whether connections through a shared gateway live while other hosts of it are added, changed and removed."""

from tests.ops.ground import ADDRESS, APPS, AS_SHIPPED, Entry, Ground, host_list, installed, name, names
from tests.ops.held import held

#: Longer than the 45 s after which Envoy closes what is left on a filter chain that has changed.
SECONDS = 75
COUNT = 10
TCP = {
    "host": name("tcp"),
    "addresses": [ADDRESS],
    "ports": [{"port": 5432, "protocol": "TCP"}],
    "tls": {"mode": "none", "unverified": "the lines are in this test"},
}
STREAM = {"host": name("stream"), "ports": [{"port": 80, "protocol": "HTTP2"}]}
HELD: list[Entry] = [name("ws"), STREAM, TCP]
CHANGED = {"host": name(1), "clients": [{"namespace": APPS, "methods": ["GET"]}], "timeouts": {"request": "9s"}}
ANOTHER_TCP = TCP | {"host": name("tcp2"), "addresses": ["240.0.99.2"]}


def measure(ground: Ground) -> dict[str, float]:
    """How many connections were cut, and how many there were, for each kind of change."""
    found: dict[str, float] = {}
    others = names(COUNT)
    ground.know([*(name(one) for one in ("ws", "stream", "tcp", "new", "tcp2")), *others])
    lists: dict[str, list[Entry]] = {
        "added": [*HELD, *others, name("new"), ANOTHER_TCP],
        "changed": [*HELD, others[0], CHANGED, *others[2:], name("new"), ANOTHER_TCP],
        "removed": [*HELD, others[0]],
    }
    with installed(host_list([*HELD, *others], "shared"), AS_SHIPPED) as release:
        ground.await_answers(name("ws"), name("stream"))
        kinds = {"websocket": name("ws"), "tcp": ADDRESS, "stream": name("stream")}
        for what, hosts in lists.items():
            with held(ground.client, kinds, SECONDS) as connections:
                release.apply(host_list(hosts, "shared"), AS_SHIPPED, wait=False)
            found |= {f"held_{what}_cut": connections.cut, f"held_{what}": sum(connections.opened.values())}
    return found
