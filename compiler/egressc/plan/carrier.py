"""What carries a host, whatever it is: the one interface that emit, explain and all else ask."""

from collections.abc import Iterable, Iterator
from typing import Literal, Protocol

from egressc.model import Client, Host, Port
from egressc.plan.authorization import Rule
from egressc.plan.decision import Decision, Object
from egressc.plan.hops import Hop
from egressc.plan.load import Checks, Replicas
from egressc.plan.name_resolution import Note
from egressc.plan.needs import Condition, Reading
from egressc.plan.pods import Labels
from egressc.plan.remarks import Remark


class Carrier(Protocol):
    """The way of one host from its clients to its upstream."""

    @property
    def name(self) -> str:
        """The name of its objects and of its entry in the values."""

    @property
    def route(self) -> str:
        """The name of what clients are led by, and the label of all its objects."""

    @property
    def host(self) -> Host:
        """The host."""

    @property
    def speaker(self) -> Literal["gateway", "sidecar"]:
        """Who speaks to the upstream."""

    @property
    def gateway(self) -> str | None:
        """The name of the gateway's pods; None without a gateway, as the next four."""

    @property
    def namespace(self) -> str | None:
        """The namespace of the gateway."""

    @property
    def service(self) -> str | None:
        """The full name of the gateway's Service."""

    @property
    def pods_made_in(self) -> str | None:
        """The namespace of gateway pods that are ours."""

    @property
    def adopts(self) -> tuple[str, Labels] | None:
        """The namespace and the labels of gateway pods that are not ours."""

    @property
    def in_release(self) -> bool:
        """Whether objects stand in the release's namespace, which only Helm knows."""

    @property
    def denials(self) -> tuple[Rule, ...]:
        """Who is refused by the host's own entry."""

    @property
    def fleet_denials(self) -> tuple[Rule, ...]:
        """Who is refused by the fleet's denials."""

    @property
    def conditions(self) -> tuple[Condition, ...]:
        """What the mesh must have."""

    def hops(self, port: Port) -> tuple[Hop, ...]:
        """The hops of a request to the host through the client port `port`."""

    def decisions(self) -> Iterator[Decision]:
        """All that sets anything in the host's entry of the values, and every object of the host at least once."""

    def readiness(self) -> Iterable[Decision]:
        """What decides whether pods are Ready, and how they run."""

    def exposure(self) -> Iterable[Decision]:
        """How others come to the host by a name of one's own."""

    def objects(self) -> tuple[Object, ...]:
        """All that the chart prints for the host, in the order of a request's way."""

    def namespaces(self) -> set[str]:
        """The namespaces that must exist before the installation."""

    def reads(self) -> Iterator[Reading]:
        """The Secrets and ConfigMaps that must exist before the installation."""

    def remarks(self) -> Iterator[Remark]:
        """What is weaker than it could be."""

    def name_resolution(self) -> Iterator[Note]:
        """How clients find the host, and who speaks to the upstream finds that."""

    def replicas(self) -> Replicas:
        """How many pods carry the host."""

    def checks(self, port: Port) -> Checks:
        """The checks that the upstream behind a client port gets."""

    def ready_when(self, port: Port) -> str:
        """When pods are Ready, for people."""

    def gateway_port(self, port: Port) -> int | None:
        """The gateway's own port for a client port."""

    def callers(self) -> Iterable[tuple[Client, str | None]]:
        """Who may call, each with the principal that a gateway asks for."""

    def known_to(self) -> Iterator[tuple[str, str]]:
        """The namespaces that reach the host, by name, by prefix or `*` for all, each with what a Sidecar must name."""

    def owners(self) -> set[str]:
        """The namespaces where objects for the host may stand, "./" before those that only see it themselves."""
