"""What the mesh and the cluster do beside the gateways: objects of whole namespaces, which their hosts share."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from egressc.model import EVERYBODY, OWN_NAMESPACE, Inventory, Sidecars, is_prefix, stands_for
from egressc.plan.admission import Admission, plan_admission
from egressc.plan.carrier import Carrier
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.carriers.sidecar import ClientSidecars
from egressc.plan.client_network import ClientNetwork, plan_client_networks
from egressc.plan.decision import Object
from egressc.plan.exposure import ExposedName
from egressc.plan.needs import ADMISSION, Condition

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
    client_networks: tuple[ClientNetwork, ...]
    admission: Admission | None

    def objects(self) -> tuple[Object, ...]:
        """All that the chart prints for whole namespaces or the cluster; only Helm knows the release."""
        policies = ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding") if self.admission else ()
        return (
            *(Object("PeerAuthentication", namespace, "default") for namespace in self.strict),
            *(Object("Sidecar", sidecar.namespace, "default") for sidecar in self.sidecars),
            *(Object("NetworkPolicy", namespace, "all.gateways") for namespace in self.isolated),
            *(Object("NetworkPolicy", namespace, "all.denied") for namespace in self.denied),
            *(
                Object("NetworkPolicy", one.namespace, "egressc.NAMESPACE.RELEASE.clients")
                for one in self.client_networks
            ),
            *(
                Object(kind, "", f"egressc.NAMESPACE.RELEASE.{about}")
                for kind in policies
                for about in ("gateways", "hosts", "services")
            ),
        )

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What the cluster must allow."""
        return (ADMISSION,) if self.admission else ()


NO_COMPANIONS = Companions((), (), (), (), (), (), None)


def plan_companions(
    inventory: Inventory,
    gateways: Sequence[GatewayCarrier],
    sidecars: Sequence[ClientSidecars],
    exposures: Sequence[ExposedName],
) -> Companions:
    """The companions that the list wants."""
    wanted = inventory.companions
    carriers: tuple[Carrier, ...] = (*gateways, *sidecars)
    namespaces = tuple(sorted({place for one in carriers if (place := one.pods_made_in)}))
    clients = {client.namespace for host in inventory.hosts for client in host.clients if client.namespace}
    isolated = namespaces if wanted.network_policies else ()
    return Companions(
        strict=namespaces if wanted.strict else (),
        isolated=isolated,
        # applications beside the gateways keep what they have
        denied=tuple(place for place in isolated if not any(stands_for(client, place) for client in clients)),
        sidecars=_sidecars(wanted.sidecars, inventory, carriers, exposures) if wanted.sidecars else (),
        whole_mesh=tuple(one.host.host for one in carriers if one.in_release) if wanted.sidecars else (),
        client_networks=plan_client_networks(inventory, gateways, sidecars),
        admission=plan_admission(wanted.admission, inventory, carriers, exposures) if wanted.admission else None,
    )


def _sidecars(
    wanted: Sidecars, inventory: Inventory, carriers: Sequence[Carrier], exposures: Sequence[ExposedName]
) -> tuple[Sidecar, ...]:
    allowed: dict[str, set[str]] = defaultdict(set)
    for carrier in carriers:
        for namespace, host in carrier.known_to():
            allowed[namespace].add(host)
    for exposed in exposures:
        for client in (client for route in exposed.routes for client in route.gateway.host.clients):
            allowed[client.namespace or EVERYBODY].add(f"{exposed.ingress.namespace}/{exposed.host}")
    everybody = allowed.pop(EVERYBODY, set())
    prefixes = {namespace: allowed.pop(namespace) for namespace in filter(is_prefix, sorted(allowed))}
    clients = sorted(allowed.keys() - {*wanted.without})
    services = list(_services(wanted, inventory.mesh.cluster_domain))
    sidecars = []
    for namespace in clients:
        hosts = allowed[namespace] | everybody | {*wanted.also.get(namespace, ())}
        hosts |= {host for prefix, some in prefixes.items() if stands_for(prefix, namespace) for host in some}
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
