"""A gateway of the host's own: its pods carry no other host."""

from egressc.model import Host, Inventory
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.pods import Pods, pod_labels
from egressc.plan.way import plan_way


def plan_own(host: Host, inventory: Inventory) -> GatewayCarrier:
    """The way to `host`."""
    name = host.own_name
    labels = pod_labels(name, host.namespace)
    return plan_way(GatewayCarrier, host, inventory, Pods(name, labels, ours=True, single=True))
