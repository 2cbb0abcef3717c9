"""Who may call a host, and who is refused."""

from egressc.model import Client, Deny
from egressc.positions import Mapping
from egressc.settle.groups import Groups
from egressc.settle.reading import Reading


def clients(host: Mapping, groups: Groups) -> tuple[Client, ...]:
    """The entry's `clients`."""
    return tuple(map(_client, groups.rules(host.get("clients"))))


def denials(host: Mapping, groups: Groups) -> tuple[Deny, ...]:
    """The entry's `deny`."""
    return tuple(map(deny, groups.rules(host.get("deny"))))


def deny(data: Mapping) -> Deny:
    """A denial of a host or of the fleet."""
    return Deny(
        source=data,
        group=data.get("group"),
        namespace=data.get("namespace"),
        service_account=data.get("serviceAccount"),
        hosts=tuple(data.get("hosts") or ()),
        ports=tuple(data.get("ports") or ()),
        methods=tuple(data.get("methods") or ()),
        paths=tuple(data.get("paths") or ()),
    )


def _client(data: Mapping) -> Client:
    return Client(
        source=data,
        group=data.get("group"),
        namespace=data.get("namespace"),
        whole_mesh=Reading(data, "client", data).get("wholeMesh"),
        service_account=data.get("serviceAccount"),
        pod_labels=tuple(sorted((data.get("podLabels") or {}).items())),
        ports=tuple(data.get("ports") or ()),
        methods=tuple(data.get("methods") or ()),
        paths=tuple(data.get("paths") or ()),
    )
