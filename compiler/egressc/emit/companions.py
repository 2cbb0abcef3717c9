"""What goes with the gateways: `companions`, and each gateway's own `networkPolicy`."""

from ipaddress import ip_network
from typing import Any

from egressc.hostname import is_ip
from egressc.plan import EVERYBODY, Companions, Gateway


def companion_values(companions: Companions) -> dict[str, Any]:
    """What stands under `companions`, empty where the list wants none."""
    result: dict[str, Any] = {}
    if companions.strict:
        result["peerAuthentication"] = list(companions.strict)
    if companions.sidecars:
        result["sidecars"] = {sidecar.namespace: list(sidecar.hosts) for sidecar in companions.sidecars}
    if companions.isolated:
        result["networkPolicies"] = list(companions.isolated)
    if companions.denied:
        result["defaultDeny"] = list(companions.denied)
    return result


def network_policy(gateway: Gateway) -> dict[str, Any]:
    """`networkPolicy`, who comes in and fixed addresses that the gateway goes out to; empty where none is wanted."""
    if not gateway.isolated:
        return {}
    callers = gateway.host.callers
    namespaces = sorted({client.namespace or "" for client in callers})
    result: dict[str, Any] = {"clients": [EVERYBODY] if gateway.host.seen_by_all else namespaces}
    places = gateway.host.connected_to
    if all(map(is_ip, places)):
        result["addresses"] = [str(ip_network(address.strip("[]"))) for address in places]
    return {"networkPolicy": result}
