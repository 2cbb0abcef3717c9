"""Metadata services of clouds: no host leads there, and nothing takes their place."""

from collections.abc import Iterator

from egressc.addresses import PAST_THE_MESH, is_metadata
from egressc.findings import Code, Finding
from egressc.hostname import is_ip
from egressc.model import Host, Inventory

METADATA = Code(
    "EG265",
    "a metadata service of the cloud",
    "A metadata service gives a pod the credentials of its machine or of its own account. Through a gateway each "
    "client would get those of the gateway. A pod that needs an identity of the cloud asks for its own, past the mesh. "
    "Link-local addresses belong to the machine of the pod that asks, so they are no addresses of a host either.",
)

NAMES = frozenset(
    (
        *("metadata.google.internal", "metadata.goog", "instance-data.ec2.internal"),
        *("metadata.azure.internal", "metadata.azure.com", "metadata.tencentyun.com"),
    )
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Hosts that are a metadata service, by name or by one of their places, or that would take its calls."""
    for where, place in [(host.at("host"), host.host), *host.written_places()]:
        if _is_metadata(place):
            message = (
                f"`{place}` leads to a metadata service of the cloud: each client would get the gateway's own identity"
            )
            yield METADATA(where, message, PAST_THE_MESH)
    for index, address in enumerate(host.addresses):
        if _is_metadata(address):
            message = (
                f"`{address}` leads to a metadata service of the cloud: what clients ask it would go to {host.host}"
            )
            yield METADATA(
                host.at("addresses", index), message, "write an address that nothing else in the network has"
            )


def _is_metadata(place: str) -> bool:
    return is_metadata(place) if is_ip(place) else place in NAMES
