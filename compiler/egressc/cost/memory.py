"""How much memory a gateway's proxy takes for its hosts, as `make ops` measures it without traffic.

docs/operations.md has the measurements.
"""

from math import ceil

MIB = 2**20
#: In MiB: a proxy and Istio's agent with one host; each further host that they carry, and more where it is verified by
#: the public CAs, of which Envoy keeps a copy for each; each host that istiod only tells them.
ONE_HOST, CARRIED, PUBLIC, TOLD = 109, 0.3, 1.3, 0.2
#: A limit has room for a change, where Envoy has the old and the new configuration side by side, and for traffic.
ROOM = 1.5
STEP = 64


def idle(carried: int, public: int, told: int) -> int:
    """The bytes of a proxy that carries so many hosts, so many of them verified by the public CAs.

    It is told of `told` hosts, those that it carries among them.
    """
    more = CARRIED * (carried - 1) + PUBLIC * max(0, public - 1) + TOLD * (told - carried)
    return round((ONE_HOST + more) * MIB)


def least_limit(carried: int, public: int, told: int) -> int:
    """The least limit, in bytes, that such a proxy keeps under load and in a change."""
    return round(ROOM * idle(carried, public, told))


def rounded(size: int) -> str:
    """`448Mi`: `size` bytes as a quantity, in whole steps, never less."""
    return f"{ceil(size / MIB / STEP) * STEP}Mi"
