"""The sidecars of a host's clients: no gateway stands between them and the upstream."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from itertools import chain
from typing import ClassVar, Literal

from egressc.model import EVERYBODY, OWN_NAMESPACE, Client, Host, Port
from egressc.names import port_name
from egressc.plan import name_resolution
from egressc.plan.authorization import Rule
from egressc.plan.decision import Decision, Object
from egressc.plan.decisions import tls, upstream
from egressc.plan.decisions.limits import limits
from egressc.plan.decisions.lines import client_line
from egressc.plan.decisions.requests import named, tried
from egressc.plan.decisions.sent import told_apart
from egressc.plan.hops import Hop, nobody, to_sidecar, to_upstream
from egressc.plan.load import Checks, Replicas
from egressc.plan.name_resolution import Note
from egressc.plan.needs import SIDECARS, Condition, Reading, read_for
from egressc.plan.pods import CallerPods, Labels, distinct
from egressc.plan.ports import CarriedPort
from egressc.plan.remarks import Remark, unused, unverified, whole_mesh, whole_port

RELEASE = "the release's namespace"  # only Helm knows it
LOCALLY = "./"  # seen by its own namespace only


@dataclass(frozen=True, slots=True)
class Placement:
    """What a client namespace has of a host; `namespace` is EVERYBODY where the whole mesh may call.

    Objects stand where the clients are: there Istio looks first, also past a Service of the same name, and there is the
    Secret. For the whole mesh they stand in the release's namespace.
    """

    name: str
    namespace: str
    clients: tuple[Client, ...]
    ports: tuple[CarriedPort, ...]
    pods: tuple[Labels, ...]  # whose TLS has a Secret; empty: no TLS here has one
    accounts: tuple[str, ...]  # that Istio may hand the client's key to

    @property
    def who(self) -> str:
        """The namespace, for people."""
        return "every namespace" if self.namespace == EVERYBODY else self.namespace

    def object(self, kind: str, suffix: str = "") -> Object:
        """The object of this kind that stands here."""
        return Object(kind, RELEASE if self.namespace == EVERYBODY else self.namespace, self.name + suffix)


@dataclass(frozen=True, slots=True)
class ClientSidecars:
    """A host without a gateway, in each of its clients' namespaces: a Carrier."""

    speaker: ClassVar[Literal["sidecar"]] = "sidecar"
    gateway: ClassVar[None] = None
    namespace: ClassVar[None] = None
    service: ClassVar[None] = None
    pods_made_in: ClassVar[None] = None
    adopts: ClassVar[None] = None
    denials: ClassVar[tuple[Rule, ...]] = ()
    fleet_denials: ClassVar[tuple[Rule, ...]] = ()
    conditions: ClassVar[tuple[Condition, ...]] = (SIDECARS,)
    name: str
    host: Host
    placements: tuple[Placement, ...]

    @property
    def route(self) -> str:
        """The name of its objects: all of them lead clients."""
        return self.name

    @property
    def in_release(self) -> bool:
        """Whether the whole mesh may call."""
        return any(place.namespace == EVERYBODY for place in self.placements)

    def hops(self, port: Port) -> tuple[Hop, ...]:
        """From the application to its sidecar, and on to the upstream."""
        host, places = (
            self.host,
            [(place, one) for place in self.placements for one in place.ports if one.settled is port],
        )
        if not places:
            return (nobody(port),)
        place, carried = places[0]  # the sidecars do the same in all of them
        return (
            to_sidecar(host, port, chain.from_iterable(_seen(host, *known) for known in places)),
            to_upstream(self.speaker, host, port, _onward(host, place, carried)),
        )

    def decisions(self) -> Iterator[Decision]:
        """All that sets anything in the host's entry of the chart's values."""
        return chain.from_iterable(map(self.decided, self.placements))

    def decided(self, place: Placement) -> Iterator[Decision]:
        """What is decided in `place`."""
        for port in place.ports:
            yield from _seen(self.host, place, port)
            yield from _onward(self.host, place, port)

    def objects(self) -> tuple[Object, ...]:
        """All that the chart prints for the host, in each client namespace."""
        return tuple(dict.fromkeys(decision.by for decision in self.decisions()))

    def namespaces(self) -> set[str]:
        """The client namespaces."""
        return {place.namespace for place in self.placements} - {EVERYBODY}

    def reads(self) -> Iterator[Reading]:
        """What the sidecars read for their TLS, in each client namespace."""
        for place in self.placements:
            for port in place.ports:
                if port.tls.originates and place.namespace != EVERYBODY:
                    yield from read_for(port.tls, place.namespace, self.host.host)

    def remarks(self) -> Iterator[Remark]:
        """What is weaker than with a gateway, and weaker than it could be."""
        host, at = self.host, self.host.said("at")
        says = "no gateway: the sidecars of its clients keep what the list says, and nothing keeps it for them"
        yield Remark(host.host, None, says, at)
        yield from unused(host)
        yield from unverified(host, self.speaker)
        yield from whole_port(host)
        for port in host.ports:
            if port.is_http:
                yield Remark(host.host, port.port, "the upstream sees trace headers, where the mesh traces", at)
        for place in self.placements:
            if place.accounts:
                accounts = ", ".join(place.accounts)
                says = f"applications may list all Secrets of {place.namespace} by the Kubernetes API: {accounts}"
                lines = tuple(line for client in host.clients for line in client.said("serviceAccount"))
                yield Remark(host.host, None, says, lines)
        yield from whole_mesh(host, host.clients)

    def name_resolution(self) -> Iterator[Note]:
        """How clients find the host and its upstream."""
        return name_resolution.through_sidecars(self.host)

    def replicas(self) -> Replicas:
        """No pods but the clients' own."""
        return Replicas(0, 0, scaled=False, counted=False, lines=self.host.said("at"))

    def readiness(self) -> tuple[Decision, ...]:
        """No pods but the clients' own."""
        return ()

    def exposure(self) -> tuple[Decision, ...]:
        """No ingress gateway leads to a sidecar."""
        return ()

    def checks(self, _: Port) -> Checks:
        """Nobody checks the upstream."""
        return Checks(0, 0, "upstream", None)

    def ready_when(self, _: Port) -> str:
        """No pods but the clients' own."""
        return "no gateway"

    def gateway_port(self, _: Port) -> None:
        """No gateway has a port."""

    def known_to(self) -> Iterator[tuple[str, str]]:
        """The client namespaces, each with the host beside them."""
        for place in self.placements:
            if place.namespace != EVERYBODY:
                yield place.namespace, f"{OWN_NAMESPACE}/{self.host.host}"

    def owners(self) -> set[str]:
        """The client namespaces, which only see their own objects."""
        return {LOCALLY + namespace for namespace in self.namespaces()}

    def callers(self) -> Iterable[tuple[Client, str | None]]:
        """Who may call; nobody is asked for a principal."""
        return ((client, None) for client in self.host.clients)


def _seen(host: Host, place: Placement, port: CarriedPort) -> Iterator[Decision]:
    """Whose sidecars know the host by `port`, and which pods they let through."""
    entry, lines = place.object("ServiceEntry"), tuple(map(client_line, place.clients))
    yield Decision(entry, f"sidecars of {place.who} know {host.host} on port {port.client_port}", lines)
    if host.addresses:
        says = f"{'also known' if port.is_http else 'told apart'} by the addresses {', '.join(host.addresses)}"
        yield Decision(entry, says, host.said("addresses"), {"addresses": list(host.addresses)})
    users = [client for client in place.clients if client.covers(port.client_port)]
    refused = "closes the connections of all other pods"
    yield from told_apart(port, place.object("VirtualService"), users, place.who, refused)


def _onward(host: Host, place: Placement, port: CarriedPort) -> Iterator[Decision]:
    """What a sidecar does on the way to the upstream."""
    entry, route, rule = (place.object(kind) for kind in ("ServiceEntry", "VirtualService", "DestinationRule"))
    if port.is_http:
        yield from tried(host, route)
        yield from named(host, port.settled, route)
        yield Decision(route, "keeps back x-envoy-*, x-forwarded-* and x-request-id, and no trace headers")
    yield upstream.behind(port.settled, entry)
    yield upstream.found(host, entry, checked=False)
    secret = port.tls.said("secret")
    if place.accounts and port.tls.mode == "mutual":
        says = f"lets Istio hand the sidecars of {', '.join(place.accounts)} the Secret {port.tls.secret}"
        yield Decision(place.object("Role"), says, secret)
        yield Decision(place.object("RoleBinding"), "gives this right to the applications' accounts")
    yield from upstream.asked_by(port.settled, rule)
    yield from tls.spoken(port.settled, rule)
    yield from limits(host, rule, http=port.is_http)
    for number, labels in enumerate(place.pods[1:], 2):
        says = f"says the same to {CallerPods(place.namespace, labels).text(place.who)}"
        yield Decision(place.object("DestinationRule", f".{number}"), says)
    if place.pods and port.tls.secret and port.tls.originates:
        others = place.object("DestinationRule", ".others")
        yield Decision(others, "gives all other pods TLS that cannot succeed", secret)


def plan_sidecars(host: Host) -> ClientSidecars:
    """The way to `host`, whose clients' sidecars speak to it themselves."""
    whole = any(client.whole_mesh for client in host.clients)
    namespaces = {EVERYBODY} if whole else {client.namespace or "" for client in host.clients}
    name = host.own_name
    return ClientSidecars(name, host, tuple(_placement(host, name, namespace) for namespace in sorted(namespaces)))


def _placement(host: Host, name: str, namespace: str) -> Placement:
    clients = [client for client in host.clients if namespace in (EVERYBODY, client.namespace)]
    secret = {port.port for port in host.ports if port.tls.originates and port.tls.secret}
    key = {port.port for port in host.ports if port.tls.mode == "mutual"}
    return Placement(
        name=name,
        namespace=namespace,
        clients=tuple(clients),
        ports=tuple(_ports(host, clients, whole_mesh=namespace == EVERYBODY)),
        pods=tuple(sorted({client.pod_labels for client in clients if any(map(client.covers, secret))})),
        accounts=tuple(sorted({client.service_account or "" for client in clients if any(map(client.covers, key))})),
    )


def _ports(host: Host, clients: list[Client], *, whole_mesh: bool) -> Iterator[CarriedPort]:
    for port in host.ports:
        users = [client for client in clients if client.covers(port.port)]
        if not users:
            continue  # a sidecar that does not know a port cannot be led to it
        pods = {CallerPods(client.namespace if whole_mesh else None, client.pod_labels) for client in users}
        yield CarriedPort(port_name(port.protocol, port.port), port, distinct(pods))
