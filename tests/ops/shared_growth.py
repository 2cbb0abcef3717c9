"""What a shared gateway takes with more and more hosts, and how long it takes until they are routed."""

import time

from tests.mesh.errors import MeshError
from tests.mesh.waiting import wait_until
from tests.ops.ground import AS_SHIPPED, EGRESS, Ground, host_list, installed, names
from tests.ops.load import attack
from tests.ops.proxy import Proxy, fresh, proxy

COUNTS = (1, 100, 300, 1000)
GATEWAY = "shared"


def measure(ground: Ground, counts: tuple[int, ...] = COUNTS) -> dict[str, float]:
    """Bytes and seconds, for each count of hosts on one gateway."""
    found: dict[str, float] = {}
    ground.know(names(max(counts)))
    with installed(host_list(names(1), GATEWAY), AS_SHIPPED) as release:
        for count in counts:
            started = time.monotonic()
            release.apply(host_list(names(count), GATEWAY), AS_SHIPPED, wait=False, seconds=600)
            found[f"shared_{count}_applied_s"] = time.monotonic() - started
            _await_all(ground, count)
            found[f"shared_{count}_routed_s"] = time.monotonic() - started
            found[f"shared_{count}_peak"] = proxy(EGRESS, GATEWAY).peak
            one = fresh(EGRESS, GATEWAY)
            _await_all(ground, count)
            found |= sizes(one, f"shared_{count}")
    return found


def _await_all(ground: Ground, count: int) -> None:
    wait_until(lambda: _routed(ground, count), f"{count} hosts answer", seconds=400, every=1)


def _routed(ground: Ground, count: int) -> bool:
    """Whether every host answers."""
    try:
        hosts = names(count)
        return attack(ground.client, [f"http://{host}/" for host in hosts], 100, max(1, count / 100)).failed == 0
    except MeshError:
        return False


def sizes(one: Proxy, name: str) -> dict[str, float]:
    """What a proxy takes, under this name."""
    return {
        f"{name}_listeners": one.listeners,
        f"{name}_clusters": one.clusters,
        f"{name}_allocated": one.allocated,
        f"{name}_resident": one.resident,
    }
