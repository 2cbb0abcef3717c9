"""Whether the proxies of gateways are as new as the list says, have no known holes, and are of the wanted revision."""

from collections import defaultdict
from collections.abc import Iterable, Iterator

from egressc.counted import some
from egressc.doctor.cluster import Object
from egressc.doctor.examination import Examination, Workload, has_proxy, place, proxy
from egressc.doctor.images import of_envoy, of_proxy, patch_of
from egressc.doctor.istiod import older_list
from egressc.doctor.kubectl import UnansweredError
from egressc.doctor.namespaces import REVISION, injectors
from egressc.doctor.problem import Outcome, Place, Unknown, run
from egressc.findings import Code
from egressc.plan import Carrier
from egressc.since import ADVISORIES, FILES_READ_AGAIN, Patch, mended, spelled, spelled_patch

OLDER = Code(
    "EG485",
    "a proxy older than the list needs",
    "A pod keeps its proxy when Istio is upgraded, until it is made anew. An older proxy gets less of what the chart "
    "says: for a wildcard it has no listener and answers 503, and before 1.30 it cannot keep trace headers back. Make "
    "the pods anew, or say in `mesh.istio` which version the oldest proxies have.",
)
UNPATCHED = Code(
    "EG486",
    "a gateway's proxy with known holes",
    f"The proxy decides who may call. This patch level lets through what it should refuse ({ADVISORIES}). Upgrade "
    "Istio, and make the pods anew.",
    "warning",
)
ANOTHER_REVISION = Code(
    "EG487",
    "a gateway of another revision than its new pods would be",
    "Pods keep the istiod that gave them their proxy. After a change of the chart's `revision`, of a tag or of the "
    "namespace's label they go on with the old one. If that one is removed, they get no configuration any more.",
    "warning",
)


def homes(examination: Examination) -> list[str]:
    """The namespaces of gateways' pods."""
    return sorted({one.namespace for one in examination.workloads})


def versions(examination: Examination, namespace: str) -> Iterator[Outcome]:
    """Whether the proxies of a namespace's gateways are as new as the list says, and have no known holes."""
    known: dict[str, Patch | Unknown] = {}
    older: dict[tuple[Patch, str], list[Workload]] = defaultdict(list)
    unpatched: dict[tuple[Patch, Patch], list[Workload]] = defaultdict(list)
    for workload in _within(examination, namespace):
        least, why = needed(examination, workload.carried)
        running = [pod for pod in examination.pods(workload) if "running" in (proxy(pod) or {}).get("state", {})]
        images = {image: pod for pod in running if (image := of_proxy(pod))}
        for image, pod in images.items():
            if image not in known:
                known[image] = _patch(examination, image, pod)
            patch = known[image]
            if isinstance(patch, Unknown):
                continue
            whole = mended(patch[0])
            if patch < least:
                older[patch, why].append(workload)
            elif whole and patch < whole:
                unpatched[patch, whole].append(workload)
    yield from (one for one in known.values() if isinstance(one, Unknown))
    about = f"Namespace {namespace}"
    for (patch, why), workloads in older.items():
        message = f"has gateways whose proxies are Istio {spelled_patch(patch)}, and {why}: {_names(workloads)}"
        lower = older_list(patch) if patch[0] < examination.plan.mesh.istio else ""
        fix = "; or ".join(filter(None, (_again(namespace, workloads), lower)))
        yield _place(workloads).has(OLDER, about, message, fix)
    for (patch, whole), workloads in unpatched.items():
        message = f"has gateways whose proxies are Istio {spelled_patch(patch)}, with known holes ({ADVISORIES})"
        fix = f"upgrade Istio to {spelled_patch(whole)} or later, then {_again(namespace, workloads)}"
        yield _place(workloads).has(UNPATCHED, about, f"{message}: {_names(workloads)}", fix)


def revisions(examination: Examination, namespace: str) -> Iterator[Outcome]:
    """Whether new pods of a namespace's gateways would be of the revision that its pods are of."""
    home = examination.namespaces().get(namespace)
    left: dict[tuple[str, str], list[Workload]] = defaultdict(list)
    for workload in _within(examination, namespace):
        wanted = injectors(examination, workload, home) if home and workload.ours else set()
        made = {_revision(pod) for pod in examination.pods(workload) if has_proxy(pod)}
        for revision in sorted(filter(None, made - wanted)) if wanted else ():
            left[revision, " or ".join(sorted(wanted))].append(workload)
    for (revision, expected), workloads in left.items():
        message = f"has gateways of the revision {revision}, and new pods would be of {expected}: {_names(workloads)}"
        yield _place(workloads).has(ANOTHER_REVISION, f"Namespace {namespace}", message, _again(namespace, workloads))


def needed(examination: Examination, carriers: Iterable[Carrier]) -> tuple[Patch, str]:
    """The oldest proxy that the hosts of `carriers` may have, and why."""
    mesh = examination.plan.mesh
    said = mesh.istio, mesh.patch or 0
    if said < FILES_READ_AGAIN and any(port.tls.files for one in carriers for port in one.host.ports):
        least = spelled_patch(FILES_READ_AGAIN)
        return FILES_READ_AGAIN, f"before {least} a proxy reads changed certificate files only once"
    return said, f"the list is for {spelled(mesh.istio) if mesh.patch is None else spelled_patch(said)} and later"


def _patch(examination: Examination, image: str, pod: Object) -> Patch | Unknown:
    """The patch level of an image; where its tag does not say it, one of its proxies is asked."""
    about, said = "gateways' proxies are as new as the list says", patch_of(image)
    if said:
        return said
    name, namespace = pod["metadata"]["name"], pod["metadata"]["namespace"]
    try:
        said = of_envoy(examination.cluster, namespace, name)
    except UnansweredError as error:
        return Unknown("proxies", about, f"the image {image} does not say a version, and {error}")
    return said or Unknown("proxies", about, f"neither the image {image} nor its proxy says a version")


def _again(namespace: str, workloads: list[Workload]) -> str:
    """How to make pods anew."""
    ours = [one.name for one in workloads if one.ours]
    adopted = [one.selecting for one in workloads if not one.ours]
    parts = [run("kubectl", "rollout", "restart", "deployment", *ours, "--namespace", namespace)] if ours else []
    return ", and ".join([*parts, *(f"restart what makes the pods with {labels}" for labels in adopted)])


def _within(examination: Examination, namespace: str) -> list[Workload]:
    return [one for one in examination.workloads if one.namespace == namespace]


def _revision(pod: Object) -> str | None:
    """The revision of the istiod that has changed a pod."""
    found: str | None = (pod["metadata"].get("annotations") or {}).get(REVISION)
    return found


def _names(workloads: list[Workload]) -> str:
    return some([one.name for one in workloads])


def _place(workloads: list[Workload]) -> Place:
    return place(carrier for one in workloads for carrier in one.carried)
