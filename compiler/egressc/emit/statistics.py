"""Which statistics of upstreams a gateway's pods keep: each proxy knows the clusters of all hosts."""

import re
from collections.abc import Iterable

from egressc.plan import GatewayCarrier


def counted(hosts: Iterable[GatewayCarrier]) -> str:
    """A regular expression (RE2) of the whole names of `hosts`, which the pods carry; empty where they carry none."""
    names = [re.sub(r"[.*]", r"\\\g<0>", gateway.host.host) for gateway in hosts]
    return names[0] if len(names) == 1 else f"({'|'.join(names)})" if names else ""
