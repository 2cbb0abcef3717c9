"""What a list says of the mesh."""

from egressc.model import Mesh
from egressc.positions import Mapping
from egressc.schema import schema


def settle_mesh(data: Mapping) -> Mesh:
    """The list's `mesh`, whose shape has been checked."""
    fields = schema()["properties"]["mesh"]["properties"]
    trust_domain, cluster_domain, istio, envoy_filters = (
        data.get(key, fields[key]["default"]) for key in ("trustDomain", "clusterDomain", "istio", "envoyFilters")
    )
    major, minor, *patch = map(int, istio.split("."))
    return Mesh(
        trust_domain=trust_domain,
        cluster_domain=cluster_domain,
        istio=(major, minor),
        patch=patch[0] if patch else None,
        envoy_filters=envoy_filters,
        source=data,
    )
