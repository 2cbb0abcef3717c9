"""What goes with the gateways: `companions`, and each gateway's own `networkPolicy`."""

from collections.abc import Iterator
from typing import Any

from egressc.plan import Admission, ClientNetwork, Companions, GatewayCarrier
from egressc.plan.admission import Owners

LONGEST_PART = 80_000


def companion_values(companions: Companions) -> dict[str, Any]:
    """What stands under `companions`, empty where the list wants none."""
    result: dict[str, Any] = {}
    if companions.strict:
        result["peerAuthentication"] = list(companions.strict)
    if companions.sidecars:
        result["sidecars"] = {sidecar.namespace: list(sidecar.hosts) for sidecar in companions.sidecars}
    if companions.whole_mesh:
        result["wholeMesh"] = list(companions.whole_mesh)
    if companions.isolated:
        result["networkPolicies"] = list(companions.isolated)
    if companions.denied:
        result["defaultDeny"] = list(companions.denied)
    if companions.client_networks:
        result["clientNetworkPolicies"] = {one.namespace: _client_network(one) for one in companions.client_networks}
    if companions.admission:
        result["admission"] = _admission(companions.admission)
    return result


def _client_network(network: ClientNetwork) -> dict[str, Any]:
    result: dict[str, Any] = {"gatewaysBeside": True} if network.beside else {}
    result["namespaces"] = list(network.namespaces)
    result["gateways"] = [
        {"namespace": one.namespace}
        | ({"podLabels": dict(one.labels)} if one.labels else {"names": list(one.names)})
        | {"ports": list(one.ports)}
        for one in network.gateways
    ]
    result["upstreams"] = [
        ({"addresses": list(one.addresses)} if one.addresses else {}) | {"ports": list(one.ports)}
        for one in network.upstreams
    ]
    return {key: value for key, value in result.items() if value}


def _admission(admission: Admission) -> dict[str, Any]:
    return {
        "hosts": list(_parts(admission.hosts)),
        "wildcards": {
            name.removeprefix("*"): list(owners) for name, owners in admission.hosts.items() if name.startswith("*.")
        },
        "addresses": {address: list(owners) for address, owners in admission.addresses.items()},
        "namespaces": list(admission.namespaces),
        "adopted": [
            {
                "namespace": namespace,
                "labels": [f"{key}={value}" for key, value in sorted(labels)],
                "keys": sorted(key for key, _ in labels),
            }
            for namespace, labels in admission.adopted
        ],
        "clients": list(admission.clients),
        "closed": list(admission.closed),
        "ports": {str(port): list(protocols) for port, protocols in admission.ports.items()},
        "except": list(admission.without),
    }


def _parts(owners: Owners) -> Iterator[dict[str, list[str]]]:
    """`owners` in parts that an expression of CEL takes: it has 100,000 characters at most."""
    part: dict[str, list[str]] = {}
    size = 0
    for name, namespaces in owners.items():
        length = len(name) + sum(len(namespace) + 4 for namespace in namespaces) + 8
        if part and size + length > LONGEST_PART:
            yield part
            part, size = {}, 0
        part[name] = list(namespaces)
        size += length
    yield part


def network_policy(gateway: GatewayCarrier) -> dict[str, Any]:
    """`networkPolicy`, who comes in and fixed addresses that the gateway goes out to; empty where none is wanted."""
    if not gateway.isolated:
        return {}
    result: dict[str, Any] = {"clients": list(gateway.host.seen_in)}
    if addresses := gateway.host.fixed_addresses:
        result["addresses"] = list(addresses)
    result["ports"] = list(dict.fromkeys(map(gateway.host.out_port, gateway.host.ports)))
    return {"networkPolicy": result}
