"""What goes with the gateways, in the mesh and in the cluster."""

from dataclasses import dataclass

from egressc.positions import Settled


@dataclass(frozen=True, slots=True, kw_only=True)
class Sidecars(Settled):
    """What applications of client namespaces reach: Services of these namespaces (* all, . their own), and more.

    `also` has Sidecar hosts by client namespace; `without` are client namespaces that get no Sidecar.
    """

    services: tuple[str, ...]
    also: dict[str, tuple[str, ...]]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission(Settled):
    """The API server refuses others' objects that take over what the list says; `without` are namespaces not judged."""

    without: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class ClientNetworkPolicies(Settled):
    """What pods of client namespaces may connect to beside the gateways: pods of `namespaces` (* all, . their own).

    `without` are client namespaces that get no NetworkPolicy.
    """

    namespaces: tuple[str, ...]
    without: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Companions:
    """What the mesh and the cluster do beside the gateways; None where the list wants none."""

    strict: bool
    sidecars: Sidecars | None
    network_policies: bool
    client_network_policies: ClientNetworkPolicies | None
    admission: Admission | None
