"""Argo CD applies what closes a way before what opens it: objects of wave -1 come before all others."""

from tests.contract.fleet import Fleet

WAVE = {"argocd.argoproj.io/sync-wave": "-1"}
OPEN = ("Gateway", "ServiceEntry", "VirtualService", "Service", "Deployment")


def check(fleet: Fleet) -> None:
    for (kind, _, name), document in fleet.documents.items():
        annotations = document["metadata"].get("annotations", {})
        closes = (
            kind == "AuthorizationPolicy"
            or name.endswith((".authorization", ".direct"))
            or ("egressc.io/sidecar" in document["metadata"]["labels"] and kind == "DestinationRule")
        )
        if closes:
            assert annotations.items() >= WAVE.items()
        if kind in OPEN:
            assert not annotations.keys() & WAVE.keys()
