"""What the network lets pods of client namespaces connect to: their gateways, and what a list names beside them."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from egressc.model import EVERYBODY, OWN_NAMESPACE, Inventory, stands_for
from egressc.plan.carriers.gateway import GatewayCarrier
from egressc.plan.carriers.sidecar import ClientSidecars
from egressc.plan.decisions.sent import CLOSED_PORT
from egressc.plan.pods import Labels


@dataclass(frozen=True, slots=True)
class Reached:
    """Gateway pods of one namespace, and their own ports: ours by `names`, others' by `labels`."""

    namespace: str
    names: tuple[str, ...]
    labels: Labels
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class Upstream:
    """Where a sidecar goes by itself: to these addresses or, where there are none, to any."""

    addresses: tuple[str, ...]
    ports: tuple[int, ...]


@dataclass(frozen=True, slots=True)
class ClientNetwork:
    """All that pods of `namespace` may connect to beside DNS and istiod: pods of `namespaces` (* all), and these.

    `beside` says that gateways of ours stand there, too: they are no clients.
    """

    namespace: str
    beside: bool
    namespaces: tuple[str, ...]
    gateways: tuple[Reached, ...]
    upstreams: tuple[Upstream, ...]


def plan_client_networks(
    inventory: Inventory, gateways: Sequence[GatewayCarrier], sidecars: Sequence[ClientSidecars]
) -> tuple[ClientNetwork, ...]:
    """One for each client namespace that the list closes."""
    wanted = inventory.companions.client_network_policies
    if not wanted:
        return ()
    ours = {place for one in gateways if (place := one.pods_made_in)}
    return tuple(
        ClientNetwork(
            namespace=namespace,
            beside=namespace in ours,
            namespaces=tuple(sorted({namespace if one == OWN_NAMESPACE else one for one in wanted.namespaces})),
            gateways=tuple(_reached(namespace, gateways)),
            upstreams=tuple(_upstreams(namespace, sidecars)),
        )
        for namespace in sorted(inventory.client_namespaces - {*wanted.without})
    )


def _reached(namespace: str, gateways: Sequence[GatewayCarrier]) -> Iterator[Reached]:
    """The pods that carry hosts for `namespace`, those with the same ports together."""
    ports: dict[tuple[str, str, Labels], set[int]] = defaultdict(set)
    for one in gateways:
        # who may not call a host that reports is to be seen calling
        if one.host.reports or any(stands_for(client.namespace, namespace) for client in one.host.clients):
            labels = () if one.pods.ours else one.pods.labels
            ports[one.namespace, one.pods.name, labels] |= _ports(one)
    alike: dict[tuple[str, Labels, tuple[int, ...]], list[str]] = defaultdict(list)
    for (place, name, labels), numbers in sorted(ports.items()):
        alike[place, labels, tuple(sorted(numbers))].append(name)
    for (place, labels, own_ports), names in alike.items():
        yield Reached(place, () if labels else tuple(names), labels, own_ports)


def _ports(gateway: GatewayCarrier) -> set[int]:
    # nothing listens on the closed port, and pods without the right labels are to hear so at once
    closed = {CLOSED_PORT} if any(port.callers and not port.is_http for port in gateway.ports) else set()
    return {port.gateway_port for port in gateway.ports} | closed


def _upstreams(namespace: str, sidecars: Sequence[ClientSidecars]) -> Iterator[Upstream]:
    """Where the sidecars of `namespace` go without a gateway."""
    ports: dict[tuple[str, ...], set[int]] = defaultdict(set)
    for one in sidecars:
        for place in one.placements:
            if place.namespace in (EVERYBODY, namespace):
                ports[one.host.fixed_addresses] |= {port.upstream_port for port in place.ports}
    for addresses, numbers in sorted(ports.items()):
        yield Upstream(addresses, tuple(sorted(numbers)))
