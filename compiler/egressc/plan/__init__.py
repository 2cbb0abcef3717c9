"""PLAN: every name, port, selector and identity that the chart prints, settled from the model alone."""

from dataclasses import dataclass

from egressc.model import Inventory
from egressc.plan.admission import Admission
from egressc.plan.authorization import EVERYBODY, Identity, Rule
from egressc.plan.companions import Companions, plan_companions
from egressc.plan.exposure import ExposedName, ExposedRoute, plan_exposures
from egressc.plan.gateway import (
    OWN_NAMESPACE,
    SYSTEM_CA,
    Gateway,
    GatewayPort,
    Pods,
    Source,
    plan_gateway,
)
from egressc.plan.shared import Shared, plan_shared
from egressc.plan.sidecar import Placement, Sidecar, SidecarPort, plan_sidecar

__all__ = [
    "EVERYBODY",
    "OWN_NAMESPACE",
    "SYSTEM_CA",
    "Admission",
    "Companions",
    "ExposedName",
    "ExposedRoute",
    "Gateway",
    "GatewayPort",
    "Identity",
    "Placement",
    "Plan",
    "Pods",
    "Rule",
    "Shared",
    "Sidecar",
    "SidecarPort",
    "Source",
    "plan",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole fleet: ways through gateways and in sidecars, shared gateways, own names, and what goes with them."""

    gateways: tuple[Gateway, ...]
    sidecars: tuple[Sidecar, ...]
    shared: tuple[Shared, ...]
    exposures: tuple[ExposedName, ...]
    companions: Companions
    trust_domain: str
    cluster_domain: str


def plan(inventory: Inventory) -> Plan:
    """The fleet of `inventory`, whose rules have been checked."""
    through = (plan_gateway(host, inventory) for host in inventory.hosts if not host.in_sidecar)
    gateways = sorted(through, key=lambda gateway: gateway.name)
    sidecars = sorted(
        map(plan_sidecar, (host for host in inventory.hosts if host.in_sidecar)), key=lambda one: one.name
    )
    exposures = plan_exposures(gateways)
    return Plan(
        gateways=tuple(gateways),
        sidecars=tuple(sidecars),
        shared=plan_shared(inventory, gateways),
        exposures=exposures,
        companions=plan_companions(inventory, gateways, exposures, sidecars),
        trust_domain=inventory.trust_domain,
        cluster_domain=inventory.cluster_domain,
    )
