"""Gateways that several hosts share, and ingress gateways that lead to a host."""

from dataclasses import dataclass

from egressc.model.pods import PodSettings
from egressc.positions import Settled

OWN_GATEWAY = "own"  # a host's own gateway, where `standby` names it


@dataclass(frozen=True, slots=True, kw_only=True)
class SharedGateway(Settled):
    """A gateway for several hosts; its pods run already where `adopt` has their labels."""

    name: str
    namespace: str
    adopt: tuple[tuple[str, str], ...]
    pod_settings: PodSettings


@dataclass(frozen=True, slots=True, kw_only=True)
class IngressGateway(Settled):
    """An ingress gateway that runs already; a rule sees to it that no field is empty."""

    namespace: str
    selector: tuple[tuple[str, str], ...]
    service_account: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Exposure(Settled):
    """A host under a name of one's own; `port` is the client port that it leads to, None where none speaks HTTP."""

    host: str
    secret: str
    path: str
    port: int | None
    gateway: IngressGateway
