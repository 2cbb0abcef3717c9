"""What a shared gateway takes with more and more hosts."""

from collections.abc import Mapping, Sequence

import trustme

from tests.mesh import images
from tests.mesh.errors import MeshError
from tests.mesh.fleet import secret
from tests.mesh.kubectl import apply
from tests.mesh.release import Values
from tests.mesh.waiting import wait_until
from tests.ops.ground import EGRESS, Ground, Key, create, empty_namespace, host_list, names, rendered
from tests.ops.load import attack
from tests.ops.proxy import fresh, proxy

GATEWAY = "shared"
#: What it takes is measured, not what it may take.
ROOMY: Values = {"resources": {"requests": {"cpu": "5m", "memory": "40Mi"}, "limits": {"memory": "8Gi"}}}
#: How many hosts, by who verifies them: Envoy keeps a copy of the CAs for each host.
COUNTS = {"public": (1, 100, 300), "own_ca": (100, 300, 1000), "few_cas": (300, 1000)}
#: By the same, how many CAs the hosts' Secret has; the public ones are in no Secret.
CAS = {"own_ca": 1, "few_cas": 10}


def measure(ground: Ground, counts: Mapping[str, Sequence[int]] = COUNTS) -> dict[str, float]:
    """Bytes, for each count of hosts, by who verifies them."""
    ground.know(names(max(map(max, counts.values()))))
    return {key: number for kind, sizes in counts.items() for key, number in _grown(ground, kind, sizes).items()}


def _grown(ground: Ground, kind: str, counts: Sequence[int]) -> dict[str, float]:
    found: dict[str, float] = {}
    there: set[Key] = set()
    tls = {"tls": {"secret": "cas"}} if kind in CAS else {}
    with empty_namespace():
        apply(secret(EGRESS, "cas", {"ca.crt": _bundle(CAS.get(kind, 1))}))
        for count in counts:
            every = rendered(host_list([{"host": one} | tls for one in names(count)], GATEWAY), ROOMY)
            create(one for key, one in every.items() if key not in there)
            there = set(every)
            await_routes(ground, count)
            name = f"shared_{kind}_{count}"
            found[f"{name}_peak"] = proxy(EGRESS, GATEWAY).peak
            one = fresh(EGRESS, GATEWAY)
            await_routes(ground, count)
            found |= {f"{name}_listeners": one.listeners, f"{name}_allocated": one.allocated}
    return found


def _bundle(count: int) -> str:
    """The upstream's CA, and others of the size of public ones, so many in all."""
    others = (trustme.CA(key_type=trustme.KeyType.RSA).cert_pem.bytes().decode() for _ in range(count - 1))
    return "".join([images.public_authority().certificate, *others])


def await_routes(ground: Ground, count: int) -> None:
    """Wait until every one of so many hosts has answered."""
    wait_until(lambda: _routed(ground, count), f"{count} hosts answer", seconds=400, every=1)


def _routed(ground: Ground, count: int) -> bool:
    """Whether every host answers."""
    try:
        hosts = names(count)
        return attack(ground.client, [f"http://{host}/" for host in hosts], 100, max(1, count / 100)).failed == 0
    except MeshError:
        return False
