"""Gateways that carry several hosts."""

from collections.abc import Sequence
from dataclasses import dataclass

from egressc.model import Inventory, SharedGateway
from egressc.plan.gateway import Gateway


@dataclass(frozen=True, slots=True)
class Shared:
    """Pods that we make for several hosts; `hosts` are the ways that lead through them."""

    name: str
    gateway: SharedGateway
    hosts: tuple[Gateway, ...]


def plan_shared(inventory: Inventory, gateways: Sequence[Gateway]) -> tuple[Shared, ...]:
    """The shared gateways of `inventory` that are ours to make."""
    return tuple(
        Shared(shared.name, shared, tuple(gateway for gateway in gateways if gateway.host.shared is shared))
        for shared in inventory.shared
        if not shared.adopt
    )
