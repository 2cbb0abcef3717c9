"""What a list costs: more than its owner may have meant, or more than Helm can store."""

from collections.abc import Iterator, Sequence
from math import ceil

from egressc.assets import chart_values
from egressc.cost.fleet import GIB
from egressc.cost.release import FACTORS, LIMIT, share
from egressc.findings import Code, Finding, Level
from egressc.model import Inventory
from egressc.model.quantities import quantity

#: So many gateways fill about a node, by the chart's defaults.
MANY = 50
#: The estimate of a release is within 8 %: what is larger cannot be stored, and what is near may be too large.
SURELY, NEARLY = 1.08, 0.92
#: A shard is to have room for twice what it surely has. No shard was larger than its part of the
#: whole by more than this factor: names spread evenly but not quite, and small parts compress less well.
ROOMY, UNEVEN = 0.5 / SURELY, 1.35

_PODS = MANY * chart_values()["autoscaling"]["minReplicas"]
_MEMORY = _PODS * quantity(chart_values()["resources"]["requests"]["memory"]) / GIB

MANY_GATEWAYS = Code(
    "EG340",
    "many gateways of their own",
    "A host without `gateway` has a gateway of its own, which isolates best. Each has pods of its own. "
    f"{MANY} of them ask for {_PODS} pods and {_MEMORY:.3g} GiB of memory, by the chart's defaults. "
    "Hosts whose identity, keys, restarts and load need no border can share a gateway of `gateways`. If you want a "
    "gateway for each host, nothing is wrong.",
    "warning",
)
RELEASE = Code(
    "EG341",
    "a release that cannot be stored",
    "Helm stores a release in a Secret, and Kubernetes takes at most 1 MiB there. Hosts on shared gateways need less, "
    "and `--shards` makes several releases of a list. Argo CD and `helm template` store no release: say `--no-release` "
    "there. egressc estimates the size, within a few percent. A release that is nearly too large is a warning. So is a "
    "shard that may fill half of its Secret: with more shards hosts move to new releases, and that takes care.",
)


def check_gateways(inventory: Inventory) -> Iterator[Finding]:
    """Many hosts that do not share their pods."""
    own = [host for host in inventory.hosts if not host.in_sidecar and host.gateway is None]
    if len(own) < MANY:
        return
    name = next((shared.name for shared in inventory.shared if not shared.adopt), None)
    fix = f"if they may share pods, write `gateway: {name}` at them or in `defaults`"
    if name is None:
        fix = "if they may share pods, add `gateways: [{name: shared}]`, and `gateway: shared` to them or to `defaults`"
    message = f"{len(own)} hosts have a gateway of their own, each with its own pods"
    yield MANY_GATEWAYS(min(host.at("host") for host in own), message, fix)


def check_releases(inventory: Inventory, releases: Sequence[int], *, sharded: bool) -> Iterator[Finding]:
    """Releases of about so many bytes, of which one Helm cannot store, or soon could not."""
    largest = max(releases)
    if not inventory.hosts or largest <= (ROOMY if sharded else NEARLY) * LIMIT:
        return
    enough = f"`--shards {_enough(releases)}`"
    where = min(host.at("host") for host in inventory.hosts)
    level: Level = "error" if largest > SURELY * LIMIT else "warning"
    if sharded:
        yield RELEASE(
            where, f"the largest of the {len(releases)} releases has {share(largest)}", f"write {enough}", level
        )
        return
    fix = (
        f"let hosts share a gateway (`gateways`), or compile with {enough}; add `--no-release` where Helm stores none, "
        "as under Argo CD"
    )
    yield RELEASE(where, f"the release has {share(largest)}", fix, level)


def _enough(releases: Sequence[int]) -> int:
    """So many shards that each has room: names spread evenly, but not quite."""
    chart = FACTORS[0]
    hosts = sum(releases) - chart * len(releases)
    return max(len(releases) + 1, ceil(UNEVEN * hosts / (ROOMY * LIMIT - chart)))
