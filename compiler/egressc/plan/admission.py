"""What the API server lets nobody else write: names, addresses, ports and namespaces of the whole fleet."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from egressc.hostname import canonical, is_ip
from egressc.model import Admission as Wanted
from egressc.model import Host, Inventory
from egressc.plan.authorization import EVERYBODY
from egressc.plan.exposure import ExposedName
from egressc.plan.gateway import Gateway
from egressc.plan.sidecar import Sidecar

Owners = dict[str, tuple[str, ...]]

#: Protocols whose requests or handshakes name their host, as Istio spells them for ports of one kind.
HTTP, TLS = ("GRPC", "GRPC-WEB", "HTTP", "HTTP2"), ("HTTPS", "TLS")
#: Seen by its own namespace alone.
LOCALLY = "./"


@dataclass(frozen=True, slots=True)
class Admission:
    """Who may write what.

    `hosts` and `addresses` have the namespaces where objects for them may stand, "./" before those where they may be
    seen by their own namespace alone; none means the release's. `namespaces` have gateway pods of ours, `adopted` are
    namespaces with labels of others' pods, `closed` are those of `namespaces` where no client is. `ports` are the
    client ports with the protocols that tell hosts apart there.
    """

    hosts: Owners
    addresses: Owners
    namespaces: tuple[str, ...]
    adopted: tuple[tuple[str, tuple[tuple[str, str], ...]], ...]
    clients: tuple[str, ...]
    closed: tuple[str, ...]
    ports: dict[int, tuple[str, ...]]
    without: tuple[str, ...]


def plan_admission(
    wanted: Wanted,
    inventory: Inventory,
    gateways: Sequence[Gateway],
    exposures: Sequence[ExposedName],
    straight: Sequence[Sidecar],
) -> Admission:
    """What is to be refused for these ways."""
    owners: dict[str, set[str]] = defaultdict(set)
    for host, namespaces in _placed(gateways, straight):
        for name in (host.host, *host.addresses, *filter(is_ip, host.places)):
            owners[canonical(name)].update(namespaces)
    for exposed in exposures:
        owners[exposed.host].add(exposed.ingress.namespace)
    ours = {gateway.namespace for gateway in gateways if gateway.pods.kind != "adopted"}
    for gateway in gateways:  # their Services, in namespaces of ours whatever they are called
        own = gateway.namespace in ours
        name = f"*.{gateway.namespace}.svc.{inventory.cluster_domain}" if own else gateway.service
        owners[name].add(gateway.namespace)
    clients = _clients(inventory.hosts)
    known = {name: tuple(sorted(namespaces)) for name, namespaces in sorted(owners.items())}
    return Admission(
        hosts={name: namespaces for name, namespaces in known.items() if not is_ip(name)},
        addresses={name: namespaces for name, namespaces in known.items() if is_ip(name)},
        namespaces=tuple(sorted(ours)),
        adopted=tuple(
            sorted({(gateway.namespace, gateway.pods.labels) for gateway in gateways if gateway.pods.kind == "adopted"})
        ),
        clients=(EVERYBODY,) if EVERYBODY in clients else tuple(sorted(clients)),
        closed=tuple(sorted(ours - clients)),
        ports=_ports(inventory.hosts),
        without=wanted.without,
    )


def _placed(gateways: Iterable[Gateway], straight: Iterable[Sidecar]) -> Iterator[tuple[Host, set[str]]]:
    for gateway in gateways:
        yield gateway.host, {gateway.namespace}
    for sidecar in straight:
        places = {placement.namespace for placement in sidecar.placements}
        yield sidecar.host, {LOCALLY + place for place in places - {EVERYBODY}}


def _clients(hosts: Iterable[Host]) -> set[str]:
    callers = {client.namespace or EVERYBODY for host in hosts for client in host.callers}
    return callers | ({EVERYBODY} if any(host.seen_by_all for host in hosts) else set())


def _ports(hosts: Iterable[Host]) -> dict[int, tuple[str, ...]]:
    """Where the port's hosts are found without an address: by their names, or, for TCP, by nothing at all."""
    told: dict[int, set[str]] = defaultdict(set)
    opaque: set[int] = set()
    for host in hosts:
        for port in host.ports:
            if port.protocol == "TCP":
                opaque |= set() if host.addresses else {port.port}
            else:
                told[port.port].update(HTTP if port.is_http else TLS)
    return {number: () if number in opaque else tuple(sorted(told[number])) for number in sorted({*told, *opaque})}
