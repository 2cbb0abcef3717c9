"""Whether the memory of gateway pods fits the hosts that they carry, and those that istiod tells them of."""

from collections import Counter
from collections.abc import Iterator, Mapping
from itertools import groupby
from typing import Any

from egressc.assets import chart_values
from egressc.cost.memory import CARRIED, MIB, PUBLIC, ROOM, TOLD, idle, least_limit, rounded
from egressc.findings import Code, Finding, Span
from egressc.model import Host, Inventory, PodSettings
from egressc.model.quantities import quantity
from egressc.rules.pods import LEAST_MEMORY

EVERYWHERE = "*"

TOO_LITTLE = Code(
    "EG366",
    "a memory limit that the hosts of a gateway do not fit in",
    f"Each host that a gateway carries takes about {CARRIED:.2g} MiB of its proxy, and {PUBLIC:.2g} MiB more if the "
    f"public CAs verify it: Envoy keeps a copy of them for each. A host that istiod only tells it of takes {TOLD:.2g} "
    "MiB: all hosts of its namespace, and those that the whole mesh may call. A pod beyond its limit is killed, with "
    f"all its hosts. egressc asks for {ROOM} times what a proxy takes without traffic. docs/operations.md has the "
    "measurements.",
    "warning",
)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """Gateways with more hosts than their memory limit carries."""
    told = _told(inventory)
    for shared in inventory.shared:
        hosts = inventory.carried_by(shared)
        if hosts and not shared.adopt:
            carried, public = len(hosts), sum(map(_public, hosts))
            what = f"the gateway {shared.name} carries {carried:,} hosts"
            sizes = carried, public, max(carried, told[shared.namespace] + told[EVERYWHERE])
            yield from _check(shared.pod_settings, shared.at("name"), what, sizes, "at the gateway")
    own = sorted((host for host in inventory.hosts if not host.in_sidecar and host.gateway is None), key=_alike)
    for (namespace, _), group in groupby(own, key=_alike):
        hosts = list(group)
        known = max(1, told[namespace] + told[EVERYWHERE])
        what = f"istiod tells each gateway in {namespace} of {known:,} hosts"
        where = "in `defaults`, or give hosts or owners a `namespace` of their own"
        yield from _check(hosts[0].pod_settings, min(one.at("host") for one in hosts), what, (1, 1, known), where)


def _told(inventory: Inventory) -> Counter[str]:
    """How many hosts istiod tells the gateways of each namespace of; under EVERYWHERE those that it tells all of."""
    told: Counter[str] = Counter()
    for host in inventory.hosts:
        here = set() if host.in_sidecar else {host.namespace}
        told.update({EVERYWHERE} if host.seen_by_all else {client.namespace or "" for client in host.callers} | here)
    return told


def _public(host: Host) -> bool:
    """Whether the public CAs verify it, at any of its ports."""
    return any(
        port.tls.mode != "none" and not port.tls.secret and not (port.tls.files and port.tls.files.ca)
        for port in host.ports
    )


def _alike(host: Host) -> tuple[str, str]:
    """Gateways that have the same limit for the same reason."""
    return host.namespace, str(_limit(host.pod_settings))


def _limit(settings: PodSettings) -> Any:
    resources: Mapping[str, Any] = settings.resources or chart_values()["resources"]
    return (resources.get("limits") or {}).get("memory")


def _check(settings: PodSettings, place: Span, what: str, sizes: tuple[int, int, int], where: str) -> Iterator[Finding]:
    limit, needed = _limit(settings), least_limit(*sizes)
    if limit is None or not LEAST_MEMORY <= quantity(limit) < needed:
        return
    given = settings.resources is not None
    whose = f"the limit is {limit}" if given else f"the chart's own limit is {limit}"
    known: Mapping[str, Any] = settings.resources or chart_values()["resources"]
    cpu = (known.get("requests") or {}).get("cpu")
    asked = f"cpu: {cpu}, " if cpu else ""
    fix = (
        f"write `resources: {{requests: {{{asked}memory: {rounded(idle(*sizes))}}}, "
        f"limits: {{memory: {rounded(needed)}}}}}` {where}"
    )
    message = f"{what}, which take about {idle(*sizes) / MIB:,.0f} MiB without traffic; {whose}"
    yield TOO_LITTLE(settings.at("resources", "limits", "memory") if given else place, message, fix)
