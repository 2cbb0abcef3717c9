"""What the mesh and the cluster do beside the gateways: objects of whole namespaces, which their hosts share."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from egressc.model import Inventory, Sidecars
from egressc.plan.admission import Admission, plan_admission
from egressc.plan.authorization import EVERYBODY
from egressc.plan.exposure import ExposedName
from egressc.plan.gateway import OWN_NAMESPACE, Gateway
from egressc.plan.sidecar import Sidecar as StraightSidecar

OWN_HOSTS = f"{OWN_NAMESPACE}/*"


@dataclass(frozen=True, slots=True)
class Sidecar:
    """All that the applications of one client namespace reach, as Istio's Sidecar writes hosts."""

    namespace: str
    hosts: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Companions:
    """`strict`, `isolated` and `denied` are gateways' namespaces.

    They have a PeerAuthentication, network policies for the gateways, and one that denies all else. Every Sidecar also
    has the hosts of `whole_mesh`, whose objects stand in the release's namespace, which only Helm knows.
    """

    strict: tuple[str, ...]
    isolated: tuple[str, ...]
    denied: tuple[str, ...]
    sidecars: tuple[Sidecar, ...]
    whole_mesh: tuple[str, ...]
    admission: Admission | None


def plan_companions(
    inventory: Inventory,
    gateways: Sequence[Gateway],
    exposures: Sequence[ExposedName],
    straight: Sequence[StraightSidecar],
) -> Companions:
    """The companions that the list wants."""
    wanted = inventory.companions
    # where pods run that are not ours, others decide
    namespaces = tuple(sorted({gateway.namespace for gateway in gateways if gateway.pods.kind != "adopted"}))
    clients = {client.namespace for host in inventory.hosts for client in host.clients}
    isolated = namespaces if wanted.network_policies else ()
    return Companions(
        strict=namespaces if wanted.strict else (),
        isolated=isolated,
        # applications beside the gateways keep what they have
        denied=tuple(namespace for namespace in isolated if namespace not in clients),
        sidecars=_sidecars(wanted.sidecars, inventory, gateways, exposures, straight) if wanted.sidecars else (),
        whole_mesh=_whole_mesh(straight) if wanted.sidecars else (),
        admission=(
            plan_admission(wanted.admission, inventory, gateways, exposures, straight) if wanted.admission else None
        ),
    )


def _whole_mesh(straight: Sequence[StraightSidecar]) -> tuple[str, ...]:
    return tuple(one.host.host for one in straight if any(place.namespace == EVERYBODY for place in one.placements))


def _sidecars(
    wanted: Sidecars,
    inventory: Inventory,
    gateways: Sequence[Gateway],
    exposures: Sequence[ExposedName],
    straight: Sequence[StraightSidecar],
) -> tuple[Sidecar, ...]:
    allowed: dict[str, set[str]] = defaultdict(set)
    for gateway in gateways:
        callers = {client.namespace or EVERYBODY for client in gateway.host.clients}
        # a host that reports is there for all: who may not call it is to be seen calling
        for namespace in callers | ({EVERYBODY} if gateway.host.seen_by_all else set()):
            # its Service by name: Istio would find it by the route, and take another namespace's of that name
            allowed[namespace] |= {f"{gateway.namespace}/{name}" for name in (gateway.host.host, gateway.service)}
    for exposed in exposures:
        for client in (client for route in exposed.routes for client in route.gateway.host.clients):
            allowed[client.namespace or EVERYBODY].add(f"{exposed.ingress.namespace}/{exposed.host}")
    for one in straight:
        for place in one.placements:
            if place.namespace != EVERYBODY:
                allowed[place.namespace].add(f"{OWN_NAMESPACE}/{one.host.host}")
    everybody = allowed.pop(EVERYBODY, set())
    clients = sorted(allowed.keys() - {*wanted.without})
    services = list(_services(wanted, inventory.cluster_domain))
    sidecars = []
    for namespace in clients:
        hosts = allowed[namespace] | everybody | {*wanted.also.get(namespace, ())}
        if OWN_HOSTS in services:  # what else is said of the namespace would say it again
            hosts = {host for host in hosts if host.partition("/")[0] not in (namespace, OWN_NAMESPACE)}
        sidecars.append(Sidecar(namespace, (*services, *sorted(hosts))))
    return tuple(sidecars)


def _services(wanted: Sidecars, cluster_domain: str) -> Iterator[str]:
    # what stands beside an application is its own, be it a Service or a ServiceEntry
    if {OWN_NAMESPACE, EVERYBODY} & {*wanted.services}:
        yield OWN_HOSTS
    for namespace in sorted({*wanted.services} - {OWN_NAMESPACE}):
        yield f"{namespace}/*.svc.{cluster_domain}"
