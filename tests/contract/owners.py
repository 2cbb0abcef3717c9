"""Every object belongs to one gateway, own name, sidecar's host or namespace, and selects only its own pods."""

import re
from collections.abc import Mapping
from typing import Any

from tests.contract import companions, exposures, sidecars
from tests.contract.fleet import Fleet, Gateway

DNS_1035 = re.compile(r"[a-z]([a-z0-9-]{0,61}[a-z0-9])?\Z")
LABELS = {
    "app.kubernetes.io/name": "egress-gateways",
    "app.kubernetes.io/instance": "egress",
    "app.kubernetes.io/managed-by": "Helm",
}


def check(fleet: Fleet) -> None:
    for document in fleet.documents.values():
        assert document["metadata"]["labels"].items() >= LABELS.items()
    owned = [key for gateway in fleet.gateways.values() for key in gateway.keys]
    owned += [*companions.expected(fleet), *exposures.owned(fleet), *sidecars.owned(fleet)]
    assert sorted(owned) == sorted(fleet.documents)
    for gateway in fleet.gateways.values():
        for _, namespace, name in gateway.keys:
            assert namespace == gateway.namespace
            assert name.startswith(gateway.route)
        assert DNS_1035.match(gateway.name)
    for gateway in fleet.hosts:
        _selectors(gateway)
    for gateway in fleet.pods:
        for kind in ("Telemetry", "PodDisruptionBudget", "Deployment"):
            assert _matched(fleet, gateway.spec(kind)["selector"]["matchLabels"]) == [gateway.name]


def _selectors(gateway: Gateway) -> None:
    """Whatever is about pods is about those that carry the host."""
    selectors = [
        gateway.spec("Service")["selector"],
        gateway.spec("Gateway")["selector"],
        *(one["spec"]["selector"]["matchLabels"] for one in gateway.all("AuthorizationPolicy")),
        *(one["spec"]["podSelector"]["matchLabels"] for one in gateway.all("NetworkPolicy")),
        gateway.spec("DestinationRule", ".upstream")["workloadSelector"]["matchLabels"],
        *(one["spec"]["workloadSelector"]["labels"] for one in gateway.all("EnvoyFilter")),
    ]
    for selector in selectors:
        if gateway.carrier:
            assert _matched(gateway.fleet, selector) == [gateway.carrier]
        else:
            assert selector == gateway.values["selector"]


def _matched(fleet: Fleet, selector: Mapping[str, str]) -> list[Any]:
    """The names of the Deployments whose pods a selector finds."""
    assert selector, "it would select all"
    assert "app.kubernetes.io/instance" not in selector
    return [
        name
        for (kind, _, name), document in fleet.documents.items()
        if kind == "Deployment" and selector.items() <= document["spec"]["template"]["metadata"]["labels"].items()
    ]
