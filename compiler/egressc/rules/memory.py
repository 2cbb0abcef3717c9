"""Whether the memory of gateway pods fits the hosts that they carry, and those that istiod tells them of."""

from collections import Counter
from collections.abc import Iterator, Sequence
from itertools import count, groupby, islice
from math import ceil
from typing import Any

from egressc.assets import resources
from egressc.cost.memory import CARRIED, MIB, PUBLIC, ROOM, RULE, TOLD, Load, idle, least_limit, most_hosts, rounded
from egressc.findings import Code, Finding, Span
from egressc.model import EVERYBODY, Host, Inventory, PodSettings, SharedGateway
from egressc.model.quantities import quantity
from egressc.rules.pods import LEAST_MEMORY

TOO_LITTLE = Code(
    "EG366",
    "a memory limit that the hosts of a gateway do not fit in",
    f"Each host that a gateway carries takes about {CARRIED:.2g} MiB of its proxy, and {PUBLIC:.2g} MiB more if the "
    "public CAs verify it: Envoy keeps a copy of them for each. A `tls.secret` with some ten CAs that a company "
    f"trusts spares that. A host that istiod only tells it of takes {TOLD:.2g} MiB: all hosts of its namespace, and "
    "those that the whole mesh may call. A pod beyond its limit is killed, with all its hosts. egressc asks for "
    f"{ROOM} times what a proxy takes without traffic. docs/operations.md has the measurements.",
    "warning",
)
EVERY_RULE = Code(
    "EG367",
    "a shared gateway without EnvoyFilters that its memory does not carry",
    "Without EnvoyFilters Istio writes each rule of every host into each filter chain of the pods. So memory grows "
    f"with the square of the hosts: a rule takes up to {RULE} KiB in each chain. A pod beyond its limit is killed, "
    "with all its hosts. docs/operations.md has how many hosts fit.",
)


def check_all(inventory: Inventory) -> Iterator[Finding]:
    """Gateways with more hosts than their memory limit carries."""
    told = _told(inventory)
    for shared in inventory.shared:
        hosts = inventory.carried_by(shared)
        if hosts and not shared.adopt:
            carried, public = len(hosts), sum(map(_public, hosts))
            what = f"the gateway {shared.name} carries {carried:,} hosts"
            load = Load(carried, public, max(carried, told[shared.namespace] + told[EVERYBODY]))
            if inventory.mesh.envoy_filters:
                yield from _check(shared.pod_settings, shared.at("name"), what, load, "at the gateway")
            else:
                yield from _check_rules(shared, hosts, load, inventory)
    own = sorted(inventory.own, key=_alike)
    for (namespace, _), group in groupby(own, key=_alike):
        hosts = list(group)
        known = max(1, told[namespace] + told[EVERYBODY])
        what = f"istiod tells each gateway in {namespace} of {known:,} hosts"
        settings = hosts[0].pod_settings
        here = "at the host" if settings.own("resources", "limits", "memory") else "in `defaults`"
        where = f"{here}, or give hosts or owners a `namespace` of their own"
        load = Load(carried=1, public=1, told=known)
        yield from _check(settings, min(one.at("host") for one in hosts), what, load, where)


def _told(inventory: Inventory) -> Counter[str]:
    """How many hosts istiod tells the gateways of each namespace of; under EVERYBODY those that it tells all of."""
    told: Counter[str] = Counter()
    for host in inventory.hosts:
        here = set() if host.in_sidecar or host.seen_by_all else {host.namespace}
        told.update({*host.seen_in} | here)
    return told


def _public(host: Host) -> bool:
    """Whether the public CAs verify it, at any of its ports."""
    return any(
        port.tls.mode != "none" and not port.tls.secret and not (port.tls.files and port.tls.files.ca)
        for port in host.ports
    )


def _alike(host: Host) -> tuple[str, str]:
    """Gateways that have the same limit for the same reason."""
    said = host.pod_settings.own("resources", "limits", "memory")
    return host.namespace, f"{_limit(host.pod_settings)} {said and host.host}"


def _limit(settings: PodSettings) -> Any:
    return resources(settings.resources)["limits"]["memory"]


def _check(settings: PodSettings, place: Span, what: str, load: Load, where: str) -> Iterator[Finding]:
    limit = _too_little(settings, load)
    if limit is not None:
        message = f"{what}, which take about {idle(load) / MIB:,.0f} MiB without traffic; {_whose(settings, limit)}"
        fix = f"write {_enough(settings, load)} {where}"
        few = load._replace(public=0)
        if load.carried > 1 and load.public and _too_little(settings, few) is None:
            fix += f", or name a Secret with few CAs in `tls.secret`: so they take about {idle(few) / MIB:,.0f} MiB"
        yield TOO_LITTLE(_place(settings, place), message, fix)


def _check_rules(shared: SharedGateway, hosts: Sequence[Host], load: Load, inventory: Inventory) -> Iterator[Finding]:
    settings, chains = shared.pod_settings, sum(len(host.ports) for host in hosts)
    rules = sum(len(host.callers) + len(host.deny) + len(inventory.deny) for host in hosts)
    load = load._replace(copies=rules * chains)
    limit = _too_little(settings, load)
    if limit is None:
        return
    most = most_hosts(load, int(quantity(limit)))
    message = (
        f"{shared.name} carries {load.carried:,} hosts, with {rules:,} rules in each of {chains:,} filter chains: "
        f"about {idle(load) / MIB:,.0f} MiB without traffic; {_whose(settings, limit)}, enough for {most:,} such hosts"
    )
    larger = f"write {_enough(settings, load)} at the gateway"
    fix = f"{_divided(shared, load.carried, most, inventory)}, or {larger}" if most else larger
    yield EVERY_RULE(_place(settings, shared.at("name")), message, fix)


def _divided(shared: SharedGateway, hosts: int, most: int, inventory: Inventory) -> str:
    """What divides the hosts of `shared` among gateways of which none has more than `most`."""
    taken = {one.name for one in inventory.shared} | {host.own_name for host in inventory.hosts}
    free = (name for number in count(2) if (name := f"{shared.name}-{number}") not in taken)
    names = ", ".join(islice(free, ceil(hosts / most) - 1))
    return f"add gateways like it to `gateways` ({names}), and write `gateway` so that each carries at most {most:,}"


def _too_little(settings: PodSettings, load: Load) -> str | None:
    """The memory limit, where it is less than `load` needs."""
    limit = _limit(settings)
    return str(limit) if LEAST_MEMORY <= quantity(limit) < least_limit(load) else None


def _place(settings: PodSettings, place: Span) -> Span:
    return settings.at("resources", "limits", "memory") if settings.says("resources", "limits", "memory") else place


def _whose(settings: PodSettings, limit: str) -> str:
    said = settings.says("resources", "limits", "memory")
    return f"the limit is {limit}" if said else f"the chart's own limit is {limit}"


def _enough(settings: PodSettings, load: Load) -> str:
    """`resources` that are, as people write them."""
    cpu = resources(settings.resources)["requests"]["cpu"]
    least = rounded(least_limit(load))
    return f"`resources: {{requests: {{cpu: {cpu}, memory: {rounded(idle(load))}}}, limits: {{memory: {least}}}}}`"
