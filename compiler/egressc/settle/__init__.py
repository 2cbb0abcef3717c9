"""SETTLE: the merged entries of a list as the model, every default filled in."""

from egressc.layers import Combined
from egressc.model import Inventory
from egressc.schema import schema
from egressc.settle.clients import deny
from egressc.settle.companions import settle_companions
from egressc.settle.gateways import shared
from egressc.settle.host import settle_host


def inventory(combined: Combined) -> Inventory:
    """The model of `combined`, whose shape has been checked."""
    facts = schema()["properties"]["mesh"]["properties"]
    mesh = combined.facts["mesh"]
    gateways = sorted(map(shared, combined.listed["gateways"]), key=lambda gateway: gateway.name)
    by_name = {gateway.name: gateway for gateway in gateways}
    hosts = (settle_host(entry, by_name) for entry in combined.entries)
    return Inventory(
        hosts=tuple(sorted(hosts, key=lambda host: host.host)),
        shared=tuple(gateways),
        deny=tuple(map(deny, combined.listed["deny"])),
        companions=settle_companions(combined.facts["companions"]),
        trust_domain=mesh.get("trustDomain", facts["trustDomain"]["default"]),
        cluster_domain=mesh.get("clusterDomain", facts["clusterDomain"]["default"]),
    )
