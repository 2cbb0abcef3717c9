"""What the API server lets nobody else write: names, addresses, ports and namespaces of the whole fleet."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from egressc.hostname import canonical, is_ip
from egressc.model import EVERYBODY, Host, Inventory, stands_for
from egressc.model import Admission as Wanted
from egressc.plan.carrier import Carrier
from egressc.plan.exposure import ExposedName

Owners = dict[str, tuple[str, ...]]

#: Protocols whose requests or handshakes name their host, as Istio spells them for ports of one kind.
HTTP, TLS = ("GRPC", "GRPC-WEB", "HTTP", "HTTP2"), ("HTTPS", "TLS")


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
    wanted: Wanted, inventory: Inventory, carriers: Sequence[Carrier], exposures: Sequence[ExposedName]
) -> Admission:
    """What is to be refused for these ways."""
    owners: dict[str, set[str]] = defaultdict(set)
    for carrier in carriers:
        host = carrier.host
        for name in (host.host, *host.addresses, *filter(is_ip, host.places)):
            owners[canonical(name)].update(carrier.owners())
    for exposed in exposures:
        owners[exposed.host].add(exposed.ingress.namespace)
    ours = {place for one in carriers if (place := one.pods_made_in)}
    for carrier in carriers:
        if carrier.service and carrier.namespace:  # all Services in namespaces of ours, whatever they are called
            whole = f"*.{carrier.namespace}.svc.{inventory.mesh.cluster_domain}"
            owners[whole if carrier.namespace in ours else carrier.service].add(carrier.namespace)
    clients = _clients(inventory.hosts)
    named = clients - {EVERYBODY}
    known = {name: tuple(sorted(namespaces)) for name, namespaces in sorted(owners.items())}
    return Admission(
        hosts={name: namespaces for name, namespaces in known.items() if not is_ip(name)},
        addresses={name: namespaces for name, namespaces in known.items() if is_ip(name)},
        namespaces=tuple(sorted(ours)),
        adopted=tuple(sorted({adopted for one in carriers if (adopted := one.adopts)})),
        clients=(EVERYBODY,) if EVERYBODY in clients else tuple(sorted(clients)),
        closed=tuple(sorted(place for place in ours if not any(stands_for(one, place) for one in named))),
        ports=_ports(inventory.hosts),
        without=wanted.without,
    )


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
