"""An ingress gateway as a company runs it already: Istio's own gateway template on the Service ports 80 and 443."""

from dataclasses import dataclass
from typing import Any

from tests.mesh.kubectl import Manifest, apply, get, kubectl

ACCOUNT = "ingress"


@dataclass(frozen=True)
class Ingress:
    """A running ingress gateway; its pods listen above 1024, as a plain user must."""

    namespace: str
    address: str

    def led_to(self, name: str) -> tuple[str, ...]:
        """What makes curl ask this gateway for `name`, as public DNS would outside."""
        return ("--connect-to", f"{name}:80:{self.address}:8080", "--connect-to", f"{name}:443:{self.address}:8443")


def selector(namespace: str) -> dict[str, str]:
    """The labels of the gateway's pods: Istio looks for them in every namespace."""
    return {"istio": namespace}


def start_ingress(namespace: str) -> Ingress:
    """Start an ingress gateway in a namespace of its own; when this returns, it is ready."""
    labels = selector(namespace)
    apply(*_objects(namespace, labels))
    kubectl("rollout", "status", "--namespace", namespace, "deployment/ingress", "--timeout=90s")
    (pod,) = get("pods", "--namespace", namespace, f"--selector=istio={namespace}")["items"]
    return Ingress(namespace, pod["status"]["podIP"])


def _objects(namespace: str, labels: dict[str, str]) -> list[Manifest]:
    def named(kind: str, version: str, **content: Any) -> Manifest:
        return {
            "apiVersion": version,
            "kind": kind,
            "metadata": {"name": ACCOUNT, "namespace": namespace},
            **content,
        }

    rbac = "rbac.authorization.k8s.io"
    return [
        named("ServiceAccount", "v1"),
        # for the certificates that its Gateways name
        named("Role", f"{rbac}/v1", rules=[{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]),
        named(
            "RoleBinding",
            f"{rbac}/v1",
            roleRef={"apiGroup": rbac, "kind": "Role", "name": ACCOUNT},
            subjects=[{"kind": "ServiceAccount", "name": ACCOUNT, "namespace": namespace}],
        ),
        named(
            "Service",
            "v1",
            spec={
                "selector": labels,
                "ports": [
                    {"name": "http2", "port": 80, "targetPort": 8080},
                    {"name": "https", "port": 443, "targetPort": 8443},
                ],
            },
        ),
        named("Deployment", "apps/v1", spec={"selector": {"matchLabels": labels}, "template": _template(labels)}),
    ]


def _template(labels: dict[str, str]) -> dict[str, Any]:
    return {
        "metadata": {
            "labels": {**labels, "sidecar.istio.io/inject": "true"},
            "annotations": {"inject.istio.io/templates": "gateway"},
        },
        "spec": {
            "serviceAccountName": ACCOUNT,
            "terminationGracePeriodSeconds": 1,
            "containers": [{"name": "istio-proxy", "image": "auto", "imagePullPolicy": "IfNotPresent"}],
        },
    }
