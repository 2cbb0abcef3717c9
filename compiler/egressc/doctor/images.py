"""Which Istio an image is of: its tag says it, and a digest does not."""

import json
import re

from egressc.doctor.cluster import Cluster, Object
from egressc.doctor.examination import container, proxy
from egressc.since import Patch

NUMBERS = re.compile(r"(?<![\d.])(\d+)\.(\d+)\.(\d+)")


def patch_of(image: str) -> Patch | None:
    """The patch level in the tag of an image."""
    return _patch(image.partition("@")[0].rpartition("/")[2].partition(":")[2])


def of_proxy(pod: Object) -> str:
    """The image of a pod's proxy: as the webhook wrote it, else as the node has it; empty where nothing says it."""
    known = [one.get("image") or "" for one in (container(pod), proxy(pod)) if one]
    said = [image for image in known if image not in ("", "auto")]
    return next(filter(patch_of, said), said[0] if said else "")


def of_envoy(cluster: Cluster, namespace: str, pod: str) -> Patch | None:
    """The patch level that a proxy itself says. Raises UnansweredError."""
    try:
        said = json.loads(cluster.envoy(namespace, pod, "server_info"))["node"]["metadata"]["ISTIO_VERSION"]
    except (KeyError, TypeError, ValueError):
        return None
    return _patch(str(said))


def _patch(text: str) -> Patch | None:
    found = NUMBERS.search(text)
    if not found:
        return None
    major, minor, level = map(int, found.groups())
    return (major, minor), level
