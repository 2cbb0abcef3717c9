"""Adopted pods: others made them, and they may carry more than our hosts."""

from egressc.model import Host, Inventory, SharedGateway
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.pods import Pods
from egressc.plan.way import plan_way


def plan_adopted(host: Host, adopted: SharedGateway, inventory: Inventory) -> GatewayCarrier:
    """The way to `host`."""
    return plan_way(GatewayCarrier, host, inventory, Pods(adopted.name, adopted.adopt, ours=False, single=False))
