"""A shared gateway: its pods are ours and carry several hosts."""

from collections.abc import Sequence
from dataclasses import dataclass

from egressc.model import Host, Inventory, SharedGateway
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.pods import Pods, pod_labels
from egressc.plan.way import plan_way


@dataclass(frozen=True, slots=True)
class SharedPods:
    """Pods that we make for several hosts."""

    name: str
    gateway: SharedGateway
    carried: tuple[GatewayCarrier, ...]
    filtered: bool  # whether EnvoyFilters may say what Istio has no fields for


def plan_on_shared(host: Host, shared: SharedGateway, inventory: Inventory) -> GatewayCarrier:
    """The way to `host`."""
    labels = pod_labels(shared.name, host.namespace)
    return plan_way(GatewayCarrier, host, inventory, Pods(shared.name, labels, ours=True, single=False))


def plan_shared_pods(inventory: Inventory, gateways: Sequence[GatewayCarrier]) -> tuple[SharedPods, ...]:
    """The pods of the shared gateways of `inventory` that are ours to make."""
    return tuple(
        SharedPods(
            shared.name,
            shared,
            tuple(one for one in gateways if one.host.shared is shared),
            filtered=inventory.mesh.envoy_filters,
        )
        for shared in inventory.shared
        if not shared.adopt
    )
