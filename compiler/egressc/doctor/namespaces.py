"""Whether namespaces exist, and Istio's webhooks give their pods a proxy."""

from collections.abc import Iterator

from egressc.counted import some
from egressc.doctor.cluster import Object, labels
from egressc.doctor.examination import Examination, Workload, alive, has_proxy, place
from egressc.doctor.problem import Outcome, run
from egressc.doctor.selectors import fits
from egressc.findings import Code

MISSING = Code(
    "EG445",
    "a namespace is missing",
    "The chart makes no namespaces, because several gateways may share one. Create it, and install the chart again.",
)
NOT_INJECTING = Code(
    "EG446",
    "no webhook of Istio gives a gateway its proxy",
    "A gateway's pod has the image `auto`, which is none. Istio's webhook replaces it when the pod is made. Correct "
    "the label of the namespace or the `revision` of the chart's values, then delete the pods: their Deployment makes "
    "new ones.",
)
AMBIENT = Code(
    "EG447",
    "clients in ambient mode",
    "A client without a sidecar calls http:// in clear, past gateway and rules. Remove the label, and give the pods "
    "sidecars.",
)
NO_SIDECAR = Code(
    "EG448",
    "clients without a sidecar",
    "A pod without a sidecar has no identity in the mesh. So the gateways refuse it, or it goes straight out where the "
    "mesh lets it.",
    "warning",
)
INJECTOR = "sidecar-injector.istio.io"
#: At webhooks and at pods that they have changed: whose they are. At namespaces and in pods' labels: what is wanted.
REVISION = "istio.io/rev"
MODE = "istio.io/dataplane-mode"


def gateways_home(examination: Examination, namespace: str) -> Iterator[Outcome]:
    """Whether a namespace exists that gateways, or their Secrets, stand in."""
    if namespace not in examination.namespaces():
        concerned = place(one for one in examination.plan.carriers if namespace in one.namespaces())
        fix = f"{run('kubectl', 'create', 'namespace', namespace)}, and install the chart again"
        yield concerned.has(MISSING, f"Namespace {namespace}", "does not exist", fix)


def injected(examination: Examination, workload: Workload) -> Iterator[Outcome]:
    """Whether a webhook would give a gateway's new pods their proxy."""
    home = examination.namespaces().get(workload.namespace)
    if home is None or not workload.ours:
        return
    if injectors(examination, workload, home):
        return
    about = f"Namespace {workload.namespace}"
    if not _webhooks(examination):
        yield workload.place.has(
            NOT_INJECTING, about, "has no webhook of Istio, so gateways get no proxy", "install istiod again"
        )
    elif labels(home).get("istio-injection") == "disabled":
        message = "has the label istio-injection=disabled, so gateways get no proxy"
        fix = run("kubectl", "label", "namespace", workload.namespace, "istio-injection-")
        yield workload.place.has(NOT_INJECTING, about, message, f"{fix}, then delete its pods")
    else:
        made = _labels_of_pods(examination, workload)
        revision = made.get(REVISION) or labels(home).get(REVISION) or "default"
        message = f"has no webhook for the revision {revision}, so gateways get no proxy"
        fix = "write a revision that is installed as `revision` into the chart's values"
        yield workload.place.has(NOT_INJECTING, about, message, fix)


def clients(examination: Examination, namespace: str) -> Iterator[Outcome]:
    """Whether the pods of a client namespace are clients of the mesh."""
    here = place(examination.clients[namespace])
    home = examination.namespaces().get(namespace)
    if home is None:
        message, fix = "does not exist, and the list has it among the clients", "correct its name in the list"
        yield here.has(MISSING, f"Namespace {namespace}", message, fix, level="warning")
        return
    pods = alive(examination.cluster.within("Pod", namespace))
    ambient = [
        pod
        for pod in pods
        if labels(pod).get(MODE, labels(home).get(MODE)) == "ambient" and not has_proxy(pod)
    ]  # fmt: skip
    if labels(home).get(MODE) == "ambient" or ambient:
        message = f"is in ambient mode ({MODE}): its pods call in clear, past gateway and rules"
        fix = run("kubectl", "label", "namespace", namespace, f"{MODE}-", "istio-injection=enabled")
        yield here.has(AMBIENT, f"Namespace {namespace}", message, f"{fix}, then restart its pods")
        return
    bare = sorted(pod["metadata"]["name"] for pod in pods if not has_proxy(pod))
    if bare:
        count = f"{len(bare)} of {len(pods)} pods" if len(bare) < len(pods) else "pods"
        message = f"has {count} without a sidecar: {some(bare)}"
        fix = run("kubectl", "label", "namespace", namespace, "istio-injection=enabled")
        yield here.has(NO_SIDECAR, f"Namespace {namespace}", message, f"{fix}, then restart those that call a host")


def injectors(examination: Examination, workload: Workload, home: Object) -> set[str]:
    """The revisions of Istio whose webhooks take a gateway's new pods; a tag is the revision that it stands for."""
    made = _labels_of_pods(examination, workload)
    return {revision for revision, webhook in _webhooks(examination) if _takes(webhook, labels(home), made)}


def _webhooks(examination: Examination) -> list[tuple[str, Object]]:
    """The webhooks that inject, each with its revision."""
    return [
        (labels(one).get(REVISION, "default"), webhook)
        for one in examination.cluster.all("MutatingWebhookConfiguration")
        for webhook in one.get("webhooks") or []
        if webhook["name"].endswith(INJECTOR)
    ]


def _labels_of_pods(examination: Examination, workload: Workload) -> dict[str, str]:
    """The labels of a gateway's new pods: as they are in the cluster, else as the chart prints them."""
    key = ("Deployment", workload.namespace, workload.name)
    printed = examination.documents.get(key) if isinstance(examination.documents, dict) else None
    found = examination.cluster.one("Deployment", workload.namespace, workload.name) or printed
    return labels(found["spec"]["template"]) if found else {"sidecar.istio.io/inject": "true"}


def _takes(webhook: Object, home: dict[str, str], pod: dict[str, str]) -> bool:
    return fits(webhook.get("namespaceSelector"), home) and fits(webhook.get("objectSelector"), pod)
