"""How much memory a gateway's proxy takes for its hosts, as `make ops` measures it without traffic.

docs/operations.md has the measurements.
"""

from math import ceil

MIB = 2**20
#: In MiB: a proxy and Istio's agent with one host; each further host that they carry; each that istiod only tells them.
ONE_HOST, CARRIED, TOLD = 105, 0.35, 0.2
#: A limit has room for a change, where Envoy has the old and the new configuration side by side, and for traffic.
ROOM = 1.5
STEP = 64


def idle(carried: int, told: int) -> int:
    """The bytes of a proxy that carries so many hosts, and is told of so many, those that it carries among them."""
    return round((ONE_HOST + CARRIED * (carried - 1) + TOLD * (told - carried)) * MIB)


def least_limit(carried: int, told: int) -> int:
    """The least limit, in bytes, that such a proxy keeps under load and in a change."""
    return round(ROOM * idle(carried, told))


def rounded(size: int) -> str:
    """`448Mi`: `size` bytes as a quantity, in whole steps, never less."""
    return f"{ceil(size / MIB / STEP) * STEP}Mi"
