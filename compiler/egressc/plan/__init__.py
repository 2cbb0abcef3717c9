"""PLAN: every name, port, selector and identity, and every decision, settled from the model alone."""

from collections.abc import Sequence
from dataclasses import dataclass

from egressc.model import EVERYBODY, OWN_NAMESPACE, Inventory, Mesh, PodSettings
from egressc.plan.admission import Admission
from egressc.plan.authorization import Identity, Rule
from egressc.plan.carrier import Carrier
from egressc.plan.carriers import plan_gateway
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.carriers.shared import SharedPods, plan_shared_pods
from egressc.plan.carriers.sidecar import ClientSidecars, Placement, plan_sidecars
from egressc.plan.client_network import ClientNetwork
from egressc.plan.companions import Companions, plan_companions
from egressc.plan.decision import Decision, Object, fold
from egressc.plan.exposure import ExposedName, ExposedRoute, plan_exposures
from egressc.plan.ports import CarriedPort, GatewayPort

__all__ = [
    "EVERYBODY",
    "OWN_NAMESPACE",
    "Admission",
    "CarriedPort",
    "Carrier",
    "ClientNetwork",
    "ClientSidecars",
    "Companions",
    "Decision",
    "ExposedName",
    "ExposedRoute",
    "GatewayCarrier",
    "GatewayPort",
    "Identity",
    "Object",
    "Placement",
    "Plan",
    "Rule",
    "SharedPods",
    "fold",
    "plan",
]


@dataclass(frozen=True, slots=True)
class Plan:
    """The whole fleet: what carries each host, pods that several hosts share, own names, and what goes with them."""

    gateways: tuple[GatewayCarrier, ...]
    sidecars: tuple[ClientSidecars, ...]
    shared: tuple[SharedPods, ...]
    exposures: tuple[ExposedName, ...]
    companions: Companions
    mesh: Mesh

    @property
    def carriers(self) -> tuple[Carrier, ...]:
        """The ways to all hosts."""
        return (*self.gateways, *self.sidecars)

    @property
    def carrying(self) -> tuple[GatewayCarrier, ...]:
        """The ways through gateways, with those that stand by and lead nobody."""
        return _carrying(self.gateways)

    @property
    def pod_settings(self) -> dict[str, PodSettings]:
        """How the pods of each gateway run that are ours to make, by its name."""
        own = {one.name: one.host.pod_settings for one in self.carrying if one.pods.single}
        return own | {one.name: one.gateway.pod_settings for one in self.shared}


def plan(inventory: Inventory) -> Plan:
    """The fleet of `inventory`, whose rules have been checked."""
    gateways = sorted(
        (plan_gateway(host, inventory) for host in inventory.hosts if not host.in_sidecar), key=lambda one: one.name
    )
    sidecars = sorted(
        map(plan_sidecars, (host for host in inventory.hosts if host.in_sidecar)), key=lambda one: one.name
    )
    exposures = plan_exposures(gateways)
    carrying = _carrying(gateways)
    return Plan(
        gateways=tuple(gateways),
        sidecars=tuple(sidecars),
        shared=plan_shared_pods(inventory, carrying),
        exposures=exposures,
        companions=plan_companions(inventory, carrying, sidecars, exposures),
        mesh=inventory.mesh,
    )


def _carrying(gateways: Sequence[GatewayCarrier]) -> tuple[GatewayCarrier, ...]:
    return (*gateways, *(one.standby for one in gateways if one.standby))
