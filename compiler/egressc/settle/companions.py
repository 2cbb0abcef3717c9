"""What a list says of what goes with the gateways."""

from egressc.model import Admission, ClientNetworkPolicies, Companions, Sidecars
from egressc.positions import Mapping
from egressc.settle.reading import Reading


def settle_companions(data: Mapping) -> Companions:
    """The list's `companions`, whose shape has been checked."""
    sidecars, admission, clients = (data.get(key) for key in ("sidecars", "admission", "clientNetworkPolicies"))
    return Companions(
        strict="peerAuthentication" in data,
        sidecars=_sidecars(sidecars) if isinstance(sidecars, Mapping) else None,
        network_policies=Reading(data, "companions", data).get("networkPolicies"),
        client_network_policies=_clients(clients) if isinstance(clients, Mapping) else None,
        admission=_admission(admission) if isinstance(admission, Mapping) else None,
    )


def _admission(data: Mapping) -> Admission:
    return Admission(without=Reading(data, "admission", data).some("except"), source=data)


def _sidecars(data: Mapping) -> Sidecars:
    said = Reading(data, "sidecars", data)
    return Sidecars(
        services=said.some("services"),
        also={namespace: tuple(hosts) for namespace, hosts in (said.get("also") or {}).items()},
        without=said.some("except"),
        source=data,
    )


def _clients(data: Mapping) -> ClientNetworkPolicies:
    said = Reading(data, "clientNetworkPolicies", data)
    return ClientNetworkPolicies(namespaces=said.some("namespaces"), without=said.some("except"), source=data)
