"""Whether gateways have pods that run, and if not, what holds them up."""

from collections.abc import Iterator

from egressc.doctor.cluster import Object, condition, named
from egressc.doctor.examination import Examination, Workload
from egressc.doctor.problem import Outcome, Problem, command, run
from egressc.findings import Code

NONE = Code(
    "EG452",
    "a gateway has no pods",
    "Callers get 503 at once. Kubernetes says at the Deployment why it makes no pods.",
)
NOT_INJECTED = Code(
    "EG453",
    "a pod was made without its proxy",
    "Istio's webhook did not change the pod when it was made, and `auto` is no image. The webhook was away then, or is "
    "not for this namespace. Delete the pod: its Deployment makes a new one.",
)
NOT_PULLED = Code(
    "EG454",
    "an image cannot be pulled",
    "The node cannot get the image: its name is wrong, the registry is not reached, or it wants a password. The "
    "chart's values have `image`, `imagePullPolicy` and `imagePullSecrets`.",
)
PENDING = Code(
    "EG455",
    "a pod does not start",
    "No node has room for it, or something that it mounts is missing. The message is that of Kubernetes.",
)
CRASHING = Code(
    "EG456",
    "a container ends again and again",
    "Its log, from before the last restart, says why.",
)
PULLING = ("ImagePullBackOff", "ErrImagePull", "InvalidImageName", "ErrImageNeverPull", "RegistryUnavailable")
ENDING = ("CrashLoopBackOff", "RunContainerError", "CreateContainerError", "CreateContainerConfigError")


def look(examination: Examination, workload: Workload) -> Iterator[Outcome]:
    """What keeps the pods of a gateway from running."""
    pods = examination.pods(workload)
    if not pods:
        yield _none(examination, workload)
    for pod in pods:
        yield from _held_up(examination, workload, pod)


def _none(examination: Examination, workload: Workload) -> Problem:
    if not workload.ours:
        message, fix = f"has no pods with the labels {workload.selecting}", "correct the labels of `adopt` in the list"
        return workload.place.has(NONE, f"Namespace {workload.namespace}", message, fix)
    about = f"Deployment {workload.text}"
    found = examination.cluster.one("Deployment", workload.namespace, workload.name)
    if found is None:
        return workload.place.has(NONE, about, "does not exist", "install the chart with the list's values")
    failure = condition(found, "ReplicaFailure")
    fix = run("kubectl", "describe", "replicasets", "--namespace", workload.namespace, "--selector", workload.selecting)
    if failure.get("message"):
        return workload.place.has(
            NONE, about, f"has no pods: {failure['message']}", fix, since=failure.get("lastTransitionTime")
        )
    if found["spec"].get("replicas") == 0:
        fix = run("kubectl", "scale", "deployment", workload.name, "--namespace", workload.namespace, "--replicas=1")
        return workload.place.has(NONE, about, "is scaled to 0", fix)
    return workload.place.has(NONE, about, "has no pods", fix)


def _held_up(examination: Examination, workload: Workload, pod: Object) -> Iterator[Problem]:
    here, about, name = workload.place, named(pod), pod["metadata"]["name"]
    since = condition(pod, "Ready").get("lastTransitionTime") or pod["metadata"].get("creationTimestamp")
    status = pod.get("status", {})
    of_pod = ("--namespace", workload.namespace)
    containers = [*(status.get("initContainerStatuses") or []), *(status.get("containerStatuses") or [])]
    for one in containers:
        waiting = one.get("state", {}).get("waiting", {})
        reason, image = waiting.get("reason", ""), one.get("image") or _image(pod, one["name"])
        if reason in PULLING and _image(pod, one["name"]) == "auto":
            again = run("kubectl", "delete", "pod", name, *of_pod)
            fix = f"see that a webhook of Istio is for its namespace, then {again}"
            yield here.has(NOT_INJECTED, about, "was made without a proxy: its image is still auto", fix, since=since)
        elif reason in PULLING:
            said = waiting.get("message") or reason
            more = command("kubectl", "describe", "pod", name, *of_pod)
            fix = f"correct `image` or `imagePullSecrets` of the chart's values; {more} says more"
            yield here.has(NOT_PULLED, about, f"cannot get the image {image}: {said}", fix, since=since)
        elif reason in ENDING:
            fix = run("kubectl", "logs", name, *of_pod, "--container", one["name"], "--previous")
            yield here.has(
                CRASHING, about, f"does not keep its container {one['name']}: {_ending(one)}", fix, since=since
            )
    if not any("running" in one.get("state", {}) for one in containers):
        yield from _not_started(examination, workload, pod, since)


def _not_started(examination: Examination, workload: Workload, pod: Object, since: str | None) -> Iterator[Problem]:
    containers = pod.get("status", {}).get("containerStatuses") or []
    reasons = {one.get("state", {}).get("waiting", {}).get("reason") for one in containers}
    if reasons & {*PULLING, *ENDING}:
        return
    scheduled, name = condition(pod, "PodScheduled"), pod["metadata"]["name"]
    if scheduled.get("status") == "False":
        said = scheduled.get("message", "no node takes it")
        fix = "give nodes room, or change `resources`, `nodeSelector` and `tolerations` of the chart's values"
        yield workload.place.has(PENDING, named(pod), f"has no node: {said}", fix, since=since)
        return
    events = examination.cluster.within("Event", workload.namespace)
    warnings = [
        one for one in events if one.get("type") == "Warning" and one.get("involvedObject", {}).get("name") == name
    ]
    if warnings:
        latest = max(warnings, key=lambda one: one.get("lastTimestamp") or one.get("eventTime") or "")
        said = f"{latest.get('reason', '')}: {latest.get('message', '')}"
        fix = run("kubectl", "describe", "pod", name, "--namespace", workload.namespace)
        yield workload.place.has(PENDING, named(pod), f"does not start: {said}", fix, since=since)


def _image(pod: Object, container: str) -> str:
    spec = pod["spec"]
    known = {one["name"]: one["image"] for one in [*spec["containers"], *(spec.get("initContainers") or [])]}
    image: str = known.get(container, "")
    return image


def _ending(container: Object) -> str:
    waiting = container["state"]["waiting"]
    last = container.get("lastState", {}).get("terminated", {})
    said = f"exit code {last['exitCode']}, {last.get('reason', '')}" if last else waiting.get("message", "")
    return f"{waiting['reason']} ({said.strip(', ')}), {container.get('restartCount', 0)} restarts"
