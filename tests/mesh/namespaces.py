"""Namespaces for tests."""

from collections.abc import Mapping
from typing import Any, Literal

from tests.mesh import settings
from tests.mesh.kubectl import apply, kubectl

#: In the mesh with sidecars by default; in the mesh without (a label on the pod asks for one); or unknown to istiod.
Membership = Literal["injected", "plain", "outside"]

_LABELS: Mapping[Membership, Mapping[str, str]] = {
    "injected": {"istio-injection": "enabled"},
    "plain": {},
    "outside": {settings.OUTSIDE_LABEL: "true"},
}
#: The Pod Security Standard that gateways' namespaces enforce.
RESTRICTED = {"pod-security.kubernetes.io/enforce": "restricted"}
#: What it asks of a container.
ALLOWED: Mapping[str, Any] = {
    "allowPrivilegeEscalation": False,
    "capabilities": {"drop": ["ALL"]},
    "runAsNonRoot": True,
    "seccompProfile": {"type": "RuntimeDefault"},
}


def create_namespace(name: str, membership: Membership = "plain", labels: Mapping[str, str] | None = None) -> str:
    """Make a namespace and return its name."""
    apply(
        {
            "apiVersion": "v1",
            "kind": "Namespace",
            "metadata": {"name": name, "labels": {**_LABELS[membership], **(labels or {})}},
        }
    )
    return name


def delete_namespaces(*names: str) -> None:
    """Delete namespaces and everything in them; those that do not exist are no error."""
    for name in names:  # a namespace without pods goes at once, another only when Kubernetes looks again
        kubectl("delete", "deployments", "--all", "--namespace", name, check=False)
        kubectl("delete", "pods", "--all", "--namespace", name, "--grace-period=0", "--force", check=False)
    kubectl("delete", "namespace", "--ignore-not-found", "--wait", "--timeout=120s", *names, seconds=150)
