"""Somebody who asks: a workload of a namespace, and the pods that it has."""

from dataclasses import dataclass

from egressc.doctor.cluster import Object, labels
from egressc.doctor.selectors import has
from egressc.model import Client, means

#: Labels that name a workload.
NAMING = ("app.kubernetes.io/name", "app", "service.istio.io/canonical-name")


@dataclass(frozen=True, slots=True)
class Caller:
    """`name` is that of a pod, of what made it, of its service account or in its label `app`."""

    namespace: str
    name: str
    host: str | None = None

    @property
    def text(self) -> str:
        """`shop/cart`."""
        return f"{self.namespace}/{self.name}"

    def is_pod(self, pod: Object) -> bool:
        """Whether a pod of the namespace is meant."""
        metadata = pod["metadata"]
        makers = [one["name"] for one in metadata.get("ownerReferences") or []]
        # a Deployment's pods belong to a ReplicaSet, whose name ends in a hash
        made = {*makers, *(maker.rpartition("-")[0] for maker in makers)}
        named = {labels(pod).get(key) for key in NAMING}
        return self.name in {metadata["name"], account(pod), *made, *named}


def is_client(client: Client, namespace: str, pod: Object) -> bool:
    """Whether a pod of the namespace is one of those that `client` means."""
    return means(client, namespace, account(pod)) and has(dict(client.pod_labels), labels(pod))


def account(pod: Object) -> str:
    """The service account of a pod."""
    name: str = pod["spec"].get("serviceAccountName", "default")
    return name
