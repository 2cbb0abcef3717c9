"""What a list says of what goes with the gateways, every default settled."""

from dataclasses import dataclass, field
from typing import Any

from egressc.findings import Span
from egressc.positions import Mapping, locate
from egressc.shape import schema


@dataclass(frozen=True, slots=True)
class Sidecars:
    """What applications of client namespaces reach: Services of these namespaces (* all, . their own), and more.

    `also` has Sidecar hosts by client namespace; `without` are client namespaces that get no Sidecar.
    """

    services: tuple[str, ...]
    also: dict[str, tuple[str, ...]]
    without: tuple[str, ...]
    source: Mapping = field(repr=False, compare=False)

    def at(self, *path: str | int) -> Span:
        """The Span of the key at `path`, or of its nearest parent that the list has."""
        return locate(self.source, path, key=True)


@dataclass(frozen=True, slots=True)
class Companions:
    """What the mesh and the cluster do beside the gateways; `sidecars` is None where the list wants none."""

    strict: bool
    sidecars: Sidecars | None
    network_policies: bool


def settle(data: Mapping) -> Companions:
    """The list's `companions`, whose shape has been checked."""
    sidecars = data.get("sidecars")
    return Companions(
        strict="peerAuthentication" in data,
        sidecars=_sidecars(sidecars) if isinstance(sidecars, Mapping) else None,
        network_policies=data.get("networkPolicies", False),
    )


def _sidecars(data: Mapping) -> Sidecars:
    everything: Any = schema()["$defs"]["sidecars"]["properties"]["services"]["default"]
    return Sidecars(
        services=tuple(data.get("services", everything)),
        also={namespace: tuple(hosts) for namespace, hosts in (data.get("also") or {}).items()},
        without=tuple(data.get("except") or ()),
        source=data,
    )
