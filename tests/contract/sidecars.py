"""What holds without a gateway: names verified everywhere, Secrets for named pods only, TLS for all others."""

from collections.abc import Mapping
from typing import Any

from tests.contract.fleet import Fleet, Key

LIST_SECRETS = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
NOBODY = ["spiffe://nobody"]


def owned(fleet: Fleet) -> list[Key]:
    """The objects of all hosts that sidecars carry, in their clients' namespaces."""
    keys = []
    for name, sidecar in fleet.values.get("sidecars", {}).items():
        places = {"egress" if place == "*" else place for place in sidecar["namespaces"]}
        keys += [key for key in fleet.labelled("egressc.io/sidecar", name) if key[1] in places]
    return keys


def check(fleet: Fleet) -> None:
    for name, sidecar in fleet.values.get("sidecars", {}).items():
        for place, clients in sidecar["namespaces"].items():
            namespace, seen = ("egress", "*") if place == "*" else (place, ".")
            mine = [key for key in fleet.labelled("egressc.io/sidecar", name) if key[1] == namespace]
            objects: dict[str, list[Any]] = {}
            for key in mine:
                objects.setdefault(key[0], []).append(fleet.documents[key].get("spec"))
            _entry(sidecar, clients, seen, objects)
            _rules(objects["DestinationRule"], namespace, seen, sidecar["host"], clients)
            grants = [("Role", namespace, name) in mine, ("RoleBinding", namespace, name) in mine]
            assert grants == ["accounts" in clients] * 2
            if "accounts" in clients:
                assert fleet.documents["Role", namespace, name]["rules"] == LIST_SECRETS
                subjects = fleet.documents["RoleBinding", namespace, name]["subjects"]
                assert [subject["name"] for subject in subjects] == clients["accounts"]


def _entry(sidecar: Mapping[str, Any], clients: Mapping[str, Any], seen: str, objects: Mapping[str, Any]) -> None:
    (entry,) = objects["ServiceEntry"]
    assert (entry["exportTo"], entry["hosts"]) == ([seen], [sidecar["host"]])
    ports = [(port["number"], port["protocol"], port["targetPort"]) for port in entry["ports"]]
    assert ports == [(port["port"], port["protocol"], port["upstreamPort"]) for port in clients["ports"]]
    # the list's addresses decide where it leads, not DNS
    found = [endpoint["address"] for endpoint in entry.get("endpoints", [])]
    assert found == list(sidecar.get("endpoints", []))
    for route in objects.get("VirtualService", []):
        assert route["exportTo"] == [seen]


def _rules(rules: list[Any], namespace: str, seen: str, host: str, clients: Mapping[str, Any]) -> None:
    selected = [rule for rule in rules if "workloadSelector" in rule]
    (rest,) = (rule for rule in rules if "workloadSelector" not in rule)
    assert [rule["workloadSelector"]["matchLabels"] for rule in selected] == [
        rule["selector"] for rule in clients.get("rules", [])
    ]
    # with equal exportTo, Istio would merge the one for all others into the selected ones
    assert all(rule["exportTo"] == ["."] for rule in selected)
    assert rest["exportTo"] == ([namespace] if selected else [seen])
    for rule in rules:
        assert rule["host"] == host
        settings = {one["port"]["number"]: one["tls"] for one in rule["trafficPolicy"]["portLevelSettings"]}
        assert list(settings) == [port["port"] for port in clients["ports"]]
        for port in clients["ports"]:
            expected = port.get("tls", {"mode": "DISABLE"})
            if rule is rest and selected and "credentialName" in expected:
                # Istio gives pods that no rule selects plain text instead of a Secret's TLS: this cannot succeed
                expected = {"mode": "ISTIO_MUTUAL", "sni": host, "subjectAltNames": NOBODY}
            assert settings[port["port"]] == expected
            if expected["mode"] != "DISABLE" and not expected.get("insecureSkipVerify"):
                assert expected["sni"]
                assert expected["subjectAltNames"]
