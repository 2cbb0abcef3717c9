"""How an application comes to a connection that its sidecar recognises, and the gateway to the upstream."""

from collections.abc import Iterator
from dataclasses import dataclass

from egressc.hostname import is_ip
from egressc.model import Host
from egressc.plan.spelled import socket
from egressc.positions import Lines

DNS_CAPTURE = """proxy.istio.io/config: '{proxyMetadata: {ISTIO_META_DNS_CAPTURE: "true"}}'"""


@dataclass(frozen=True, slots=True)
class Note:
    """A sentence, and the lines of the list it follows from."""

    says: str
    lines: Lines = ()


def through_gateway(host: Host) -> Iterator[Note]:
    """What DNS must know for a host behind a gateway."""
    raw = [str(port.port) for port in host.ports if not port.is_http]
    addresses, endpoints = host.said("addresses"), host.said("endpoints")
    if raw and host.addresses:
        says = f"DNS must answer clients for {host.host}, with {' or '.join(host.addresses)}"
        yield Note(f"{says}: on port {' and '.join(raw)} the sidecar goes by the address", addresses)
    else:
        says = f"DNS must answer clients for {host.host}, with any address"
        yield Note(f"{says}: the sidecar does not go by it", endpoints)
    names = [name for name in host.connected_to if not is_ip(name)]
    if names:
        lines = endpoints + host.said("failover")
        yield Note(f"DNS must know {' and '.join(names)} for the gateway's pods", lines)
    if not host.wildcard and (addresses or endpoints or host.proxy):
        yield from _without_dns(host, addresses, endpoints)


def through_sidecars(host: Host) -> Iterator[Note]:
    """What DNS must know for a host that its clients' sidecars speak to."""
    names = [name for name in host.places if not is_ip(name)]
    if names:
        says = f"DNS must know {' and '.join(dict.fromkeys((*names, host.host)))} for the clients' pods"
        yield Note(says, host.said("endpoints"))
    else:
        yield Note(f"DNS must answer clients for {host.host}, with any address: the sidecar does not go by it")


def _without_dns(host: Host, addresses: Lines, endpoints: Lines) -> Iterator[Note]:
    answer = " or ".join(host.addresses) or "an address that Istio allots"
    says = f"where DNS does not know it, a client's sidecar can answer with {answer}"
    yield Note(f"{says}, by an annotation of the client's pods:", addresses)
    yield Note(DNS_CAPTURE)
    http = next((port for port in host.ports if port.is_http), None)
    if http:
        address = next((address for address in (*host.addresses, *host.endpoints) if is_ip(address)), "192.0.2.1")
        yield Note("or the application asks any address and names the host in a header:", addresses + endpoints)
        yield Note(f"curl -H 'Host: {host.host}' http://{socket(address, http.port)}/")
