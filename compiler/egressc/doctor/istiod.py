"""Whether Istio's control plane runs, and is as new as the list says."""

from collections.abc import Iterator

from egressc.doctor.cluster import Object, condition, named
from egressc.doctor.examination import Examination
from egressc.doctor.images import patch_of
from egressc.doctor.problem import Outcome, Unknown, run
from egressc.findings import Code
from egressc.since import ADVISORIES, ENVOY, Patch, mended, spelled, spelled_patch

AWAY = Code(
    "EG440",
    "istiod does not run",
    "Gateways keep the configuration that they have. But a new pod gets no proxy and no configuration, certificates of "
    "the mesh are not renewed, and no change of the list arrives.",
)
OLDER = Code(
    "EG441",
    "an Istio older than the list says",
    "An older istiod drops fields that it does not know without a word. So what the list says may not hold there. Say "
    "in `mesh.istio` which version the oldest mesh has, or upgrade Istio.",
)
UNPATCHED = Code(
    "EG442",
    "an istiod with known holes",
    f"Policies of this patch level let through what they should refuse ({ADVISORIES}). Upgrade Istio.",
    "warning",
)
SELECTOR = "app=istiod"


def control_planes(examination: Examination) -> list[Object]:
    """The Deployments of istiod, one for each revision."""
    return examination.cluster.all("Deployment", SELECTOR)


def runs(examination: Examination, _: None) -> Iterator[Outcome]:
    """Whether an istiod is there and answers."""
    found = control_planes(examination)
    if not found:
        fix = "install Istio; if istiod runs outside of the cluster, look there whether it answers"
        yield examination.everywhere.has(AWAY, "istiod", "is not in the cluster", fix, level="warning")
    for one in found:
        if not one.get("status", {}).get("readyReplicas"):
            where = one["metadata"]["namespace"]
            fix = (
                f"{run('kubectl', 'describe', 'pods', '--namespace', where, '--selector', SELECTOR)}, and read its log"
            )
            since = condition(one, "Available").get("lastTransitionTime")
            yield examination.everywhere.has(AWAY, named(one), "has no pod that is Ready", fix, since=since)


def version(examination: Examination, istiod: Object) -> Iterator[Outcome]:
    """Whether it is as new as `mesh.istio` says, and has the patches that the list needs."""
    wanted = examination.plan.mesh.istio
    image = container(istiod).get("image", "")
    patch = patch_of(image)
    if patch is None:
        yield Unknown("istio", named(istiod), f"its image {image} does not say a version")
        return
    says, whole = f"is Istio {spelled_patch(patch)}", mended(patch[0])
    if patch[0] < wanted:
        message = f"{says}, and the list is for {spelled(wanted)} and later"
        fix = ", or ".join(filter(None, (older_list(patch), "upgrade Istio")))
        yield examination.everywhere.has(OLDER, named(istiod), message, fix)
    elif whole and patch < whole:
        message = f"{says}, whose policies have known holes ({ADVISORIES})"
        fix = f"upgrade Istio to {spelled_patch(whole)} or later"
        yield examination.everywhere.has(UNPATCHED, named(istiod), message, fix)


def older_list(patch: Patch) -> str:
    """What to write in a list for an older Istio; nothing where no list can be for it."""
    return f'write `mesh: {{istio: "{spelled(patch[0])}"}}` in the list' if patch[0] in ENVOY else ""


def container(istiod: Object) -> Object:
    """The container of istiod itself."""
    containers: list[Object] = istiod["spec"]["template"]["spec"]["containers"]
    return next((one for one in containers if one["name"] == "discovery"), containers[0])
