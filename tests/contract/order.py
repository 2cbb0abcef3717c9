"""What Argo CD is told: what closes a way comes before what opens it, and an autoscaler says nothing of health."""

from tests.contract.fleet import Fleet

WAVE = {"argocd.argoproj.io/sync-wave": "-1"}
UNASKED = {"argocd.argoproj.io/ignore-healthcheck": "true"}
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
        # a Deployment's health is the gateway's own
        assert (annotations.items() >= UNASKED.items()) == (kind == "HorizontalPodAutoscaler")
