"""Facts of the mesh."""

from dataclasses import dataclass

from egressc.positions import Settled

#: A version of Istio: major and minor.
Version = tuple[int, int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mesh(Settled):
    """Facts of the meshes that get the list: `istio` is the oldest version, `patch` its patch level if one is said."""

    trust_domain: str
    cluster_domain: str
    istio: Version
    patch: int | None
    envoy_filters: bool
