"""What a shared gateway takes with more and more hosts."""

from collections.abc import Iterator
from contextlib import contextmanager

from tests.mesh import images
from tests.mesh.errors import MeshError
from tests.mesh.fleet import secret
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import create_namespace, delete_namespaces
from tests.mesh.waiting import wait_until
from tests.ops.ground import EGRESS, Ground, Key, create, host_list, names, rendered
from tests.ops.load import attack
from tests.ops.proxy import Proxy, fresh, proxy

COUNTS = (1, 100, 300, 1000)
GATEWAY = "shared"
COMPARED = 100
OWN_CA = {"secret": "own-ca"}


def measure(ground: Ground, counts: tuple[int, ...] = COUNTS) -> dict[str, float]:
    """Bytes, for each count of hosts that the public CAs verify, and for COMPARED with a CA of their own."""
    found: dict[str, float] = {}
    ground.know(names(max(counts)))
    there: set[Key] = set()
    with _namespace():
        for count in counts:
            every = rendered(host_list(names(count), GATEWAY))
            create(one for key, one in every.items() if key not in there)
            there = set(every)
            _await_all(ground, count)
            found[f"shared_{count}_peak"] = proxy(EGRESS, GATEWAY).peak
            one = fresh(EGRESS, GATEWAY)
            _await_all(ground, count)
            found |= sizes(one, f"shared_{count}")
    with _namespace():
        authority = images.public_authority().certificate  # as if it were nobody else's
        apply(secret(EGRESS, "own-ca", {"ca.crt": authority}))
        create(rendered(host_list([{"host": one, "tls": OWN_CA} for one in names(COMPARED)], GATEWAY)).values())
        _await_all(ground, COMPARED)
        found |= sizes(fresh(EGRESS, GATEWAY), f"shared_own_ca_{COMPARED}")
    return found


@contextmanager
def _namespace() -> Iterator[None]:
    delete_namespaces(EGRESS)
    create_namespace(EGRESS)
    try:
        yield
    finally:
        delete_namespaces(EGRESS)


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
