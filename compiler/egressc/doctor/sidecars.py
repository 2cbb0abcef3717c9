"""Whether the sidecars of clients are as the hosts need them: new enough, and with the spelling of headers."""

import json
from collections.abc import Iterator, Sequence

from egressc.counted import some
from egressc.doctor.caller import is_client
from egressc.doctor.cluster import Object
from egressc.doctor.examination import Examination, alive, container, has_proxy, place
from egressc.doctor.images import of_proxy, patch_of
from egressc.doctor.problem import Outcome, Problem, Unknown
from egressc.doctor.proxies import OLDER, needed
from egressc.findings import Code
from egressc.plan import Carrier
from egressc.plan.needs import HEADER_CASE
from egressc.since import spelled_patch

LOWERED = Code(
    "EG488",
    "a client's sidecar writes header names in lower case",
    "A host says `headers.preserveCase`, and a request passes its client's sidecar before it comes to the gateway. The "
    "sidecar keeps the letter case only if its own configuration says so. A pod takes a change of that when it is made "
    "anew. A pod with `proxyHeaders` of its own does not inherit what the mesh says.",
    "warning",
)
#: What a webhook writes into a proxy's environment: all that the mesh and the pod say.
CONFIGURATION = "PROXY_CONFIG"


def look(examination: Examination, namespace: str) -> Iterator[Outcome]:
    """Whether the sidecars of a client namespace are as the hosts that it may call need them."""
    carriers = examination.clients[namespace]
    spoken = [one for one in carriers if one.speaker == "sidecar"]
    spelling = [one for one in carriers if HEADER_CASE in one.conditions]
    if spoken:
        yield from _versions(examination, namespace, spoken)
    if spelling:
        yield from _lowered(examination, namespace, spelling)


def _versions(examination: Examination, namespace: str, carriers: Sequence[Carrier]) -> Iterator[Outcome]:
    """Sidecars that call upstreams themselves must be as new as a gateway's proxy."""
    least, why = needed(examination, carriers)
    images = {pod["metadata"]["name"]: of_proxy(pod) for pod in _pods(examination, namespace, carriers)}
    older = {name: patch for name, image in images.items() if (patch := patch_of(image)) and patch < least}
    if older:
        oldest = spelled_patch(min(older.values()))
        message = f"has sidecars from Istio {oldest} on, and {why}: {some(sorted(older))}"
        fix = "restart what makes these pods: new ones get the proxy of their istiod"
        yield place(carriers).has(OLDER, f"Namespace {namespace}", message, fix, level="warning")
    for image in sorted({image for image in images.values() if image and not patch_of(image)}):
        about = f"sidecars in {namespace} are as new as the list says"
        yield Unknown("client proxies", about, f"the image {image} does not say a version")


def _lowered(examination: Examination, namespace: str, carriers: Sequence[Carrier]) -> Iterator[Problem]:
    pods = [pod for pod in _pods(examination, namespace, carriers) if not _keeps_names(pod)]
    if pods:
        names = some(sorted(pod["metadata"]["name"] for pod in pods))
        message = f"has sidecars without `{HEADER_CASE.what}`, which is needed for `headers.preserveCase`: {names}"
        fix = f"write `{HEADER_CASE.what}` into `defaultConfig` of the mesh, then restart what makes these pods"
        yield place(carriers).has(LOWERED, f"Namespace {namespace}", message, fix)


def _pods(examination: Examination, namespace: str, carriers: Sequence[Carrier]) -> list[Object]:
    """The pods of a namespace, with a sidecar, that are clients of these hosts."""
    rules = [client for one in carriers for client in one.host.clients]
    return [
        pod
        for pod in alive(examination.cluster.within("Pod", namespace))
        if has_proxy(pod) and any(is_client(client, namespace, pod) for client in rules)
    ]


def _keeps_names(pod: Object) -> bool:
    """Whether a sidecar's own configuration keeps the letter case of header names."""
    variables = (container(pod) or {}).get("env") or []
    said = next((one.get("value") for one in variables if one["name"] == CONFIGURATION), None)
    try:
        return (json.loads(said or "{}").get("proxyHeaders") or {}).get("preserveHttp1HeaderCase") is True
    except (AttributeError, ValueError):
        return False
