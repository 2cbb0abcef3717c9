"""How much memory a gateway's proxy takes for its hosts, as `make ops` measures it without traffic.

docs/operations.md has the measurements.
"""

from bisect import bisect_right
from math import ceil
from typing import NamedTuple

KIB, MIB = 2**10, 2**20
#: In MiB: a proxy and Istio's agent with one host; each further host that they carry, and more where it is verified by
#: the public CAs, of which Envoy keeps a copy for each; each host that istiod only tells them.
ONE_HOST, CARRIED, PUBLIC, TOLD = 109, 0.4, 1.2, 0.2
#: In KiB: a rule of an AuthorizationPolicy in one filter chain. Without EnvoyFilters each chain has the rules of all
#: hosts. Measured: 2.3 for an identity, 3.6 for one of any trust domain, 3.8 with two methods and two paths.
RULE = 4
#: A limit has room for a change, where Envoy has the old and the new configuration side by side, and for traffic.
ROOM = 1.5
STEP = 64


class Load(NamedTuple):
    """What a proxy keeps: the hosts that it carries, and how many of these the public CAs verify.

    It is told of `told` hosts, those that it carries among them. `copies` are the rules of policies, each as often as
    there are filter chains that it stands in.
    """

    carried: int
    public: int
    told: int
    copies: int = 0

    def of(self, hosts: int) -> "Load":
        """The load of a gateway that carries so many of the hosts, at most all; the others it is told of."""
        share = hosts / self.carried
        return Load(hosts, ceil(self.public * share), self.told, ceil(self.copies * share * share))


def idle(load: Load) -> int:
    """The bytes of such a proxy."""
    more = CARRIED * (load.carried - 1) + PUBLIC * max(0, load.public - 1) + TOLD * (load.told - load.carried)
    return round((ONE_HOST + more) * MIB) + _rules(load)


def least_limit(load: Load) -> int:
    """The least limit, in bytes, that such a proxy keeps under load and in a change."""
    # a host that comes or goes changes every chain that has its rules: the old and the new ones are there at once
    return round(ROOM * (idle(load) - _rules(load))) + 2 * _rules(load)


def most_hosts(load: Load, limit: int) -> int:
    """How many of the hosts of `load` a gateway with this limit carries, 0 where it is too little for one."""
    return bisect_right(range(1, load.carried + 1), limit, key=lambda hosts: least_limit(load.of(hosts)))


def _rules(load: Load) -> int:
    return load.copies * RULE * KIB


def rounded(size: int) -> str:
    """`448Mi`: `size` bytes as a quantity, in whole steps, never less."""
    return f"{ceil(size / MIB / STEP) * STEP}Mi"
