"""What goes with whole namespaces: mutual TLS for the neighbours, what sidecars know, who reaches whom."""

from typing import Any

from tests.contract.fleet import Fleet, Key

CLIENTS = "egressc.egress.egress.clients"
ADMISSION = ("gateways", "hosts", "services")


def check(fleet: Fleet) -> None:
    wanted = fleet.values.get("companions", {})
    for namespace in wanted.get("peerAuthentication", ()):
        assert _spec(fleet, "PeerAuthentication", namespace, "default") == {"mtls": {"mode": "STRICT"}}
    for namespace in wanted.get("sidecars", {}):
        _sidecar(fleet, namespace)
    for namespace in wanted.get("defaultDeny", ()):
        policy = _spec(fleet, "NetworkPolicy", namespace, "all.denied")
        assert policy == {"podSelector": {}, "policyTypes": ["Ingress", "Egress"]}
    for namespace, client in wanted.get("clientNetworkPolicies", {}).items():
        _let_out(_spec(fleet, "NetworkPolicy", namespace, CLIENTS), client)
    for gateway in fleet.gateways.values():
        isolated = gateway.namespace in wanted.get("networkPolicies", ())
        assert gateway.has("NetworkPolicy") == ("host" in gateway.values and isolated)
    for about in ADMISSION if "admission" in wanted else ():
        name = f"egressc.egress.egress.{about}"
        assert _spec(fleet, "ValidatingAdmissionPolicy", "", name)["failurePolicy"] == "Fail"
        binding = _spec(fleet, "ValidatingAdmissionPolicyBinding", "", name)
        assert binding == {"policyName": name, "validationActions": ["Deny"]}


def _let_out(policy: Any, client: Any) -> None:
    """Pods of a client namespace are let out, of ports all but those of their own by TCP, and never to all at all."""
    assert policy["policyTypes"] == ["Egress"]
    assert bool(policy["podSelector"]) == client.get("gatewaysBeside", False)
    ways = len(client.get("gateways", ())) + bool(client.get("namespaces")) + len(client.get("upstreams", ()))
    assert len(policy["egress"]) == 2 + ways, "beside DNS and istiod"
    for rule in policy["egress"]:
        assert rule["to"]
        if any("ipBlock" in peer for peer in rule["to"]):
            assert rule["ports"]
        assert [one["port"] for one in rule.get("ports", ()) if one["protocol"] == "UDP"] in ([], [53])


def expected(fleet: Fleet) -> list[Key]:
    """The objects that whole namespaces, or the cluster, have."""
    wanted = fleet.values.get("companions", {})
    keys = [("PeerAuthentication", namespace, "default") for namespace in wanted.get("peerAuthentication", ())]
    keys += [("Sidecar", namespace, "default") for namespace in wanted.get("sidecars", ())]
    keys += [("NetworkPolicy", namespace, "all.gateways") for namespace in wanted.get("networkPolicies", ())]
    keys += [("NetworkPolicy", namespace, "all.denied") for namespace in wanted.get("defaultDeny", ())]
    keys += [("NetworkPolicy", namespace, CLIENTS) for namespace in wanted.get("clientNetworkPolicies", ())]
    for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding"):
        keys += [(kind, "", f"egressc.egress.egress.{about}") for about in ADMISSION if "admission" in wanted]
    return keys


def _spec(fleet: Fleet, kind: str, namespace: str, name: str) -> Any:
    return fleet.documents[kind, namespace, name]["spec"]


def _sidecar(fleet: Fleet, namespace: str) -> None:
    """Sidecars know the fleet's ways, and lead nowhere else."""
    spec = _spec(fleet, "Sidecar", namespace, "default")
    assert spec["outboundTrafficPolicy"] == {"mode": "REGISTRY_ONLY"}
    (egress,) = spec["egress"]
    known = fleet.values["companions"]["sidecars"][namespace]
    everywhere = [f"egress/{host}" for host in fleet.values["companions"].get("wholeMesh", ())]
    assert egress["hosts"] == [*known, *everywhere]
    assert "./*" in known
    ways = {f"{gateway.namespace}/{gateway.host}" for gateway in fleet.hosts}
    straight = {name for one in fleet.values.get("sidecars", {}).values() for name in one["namespaces"]}
    assert ways & set(known) or namespace in straight or any(way.startswith(f"{namespace}/") for way in ways)
