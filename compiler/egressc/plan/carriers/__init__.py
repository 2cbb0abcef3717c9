"""Carriers: an own gateway, a shared one, adopted pods, or the clients' sidecars. A further one is one module here."""

from dataclasses import replace

from egressc.model import Host, Inventory
from egressc.plan.carriers.adopted import plan_adopted
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.carriers.own import plan_own
from egressc.plan.carriers.shared import plan_on_shared


def plan_gateway(host: Host, inventory: Inventory) -> GatewayCarrier:
    """The way to `host` through the gateway that it asks for, with the way that stands by."""
    way = _planned(host, inventory)
    if host.standby is None:
        return way
    return replace(way, standby=replace(_planned(host.standby, inventory), in_use=False))


def _planned(host: Host, inventory: Inventory) -> GatewayCarrier:
    if host.shared is None:
        return plan_own(host, inventory)
    plan = plan_adopted if host.shared.adopt else plan_on_shared
    return plan(host, host.shared, inventory)
