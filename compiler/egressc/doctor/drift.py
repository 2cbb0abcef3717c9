"""Whether the cluster has what the list and the values say: each object, each field that we set, and nothing more."""

from collections import defaultdict
from collections.abc import Iterator
from typing import Any

from egressc.counted import some
from egressc.doctor.cluster import CHART, RESOURCES, Object, key, labels, named
from egressc.doctor.examination import Documents, Examination, place
from egressc.doctor.kubectl import UnansweredError
from egressc.doctor.problem import Outcome, Place, Problem, Unknown
from egressc.findings import Code
from egressc.plan import Carrier

NOT_THERE = Code(
    "EG466",
    "what the list makes is not in the cluster",
    "The chart was not installed with this list, or somebody removed an object of it. Install the chart again with the "
    "compiled list.",
)
CHANGED = Code(
    "EG467",
    "an object in the cluster differs from the list",
    "Either the list was changed and not installed, or somebody changed the object by hand. Only fields that the chart "
    "sets are compared, so what the API server adds is no difference.",
)
LEFT_OVER = Code(
    "EG468",
    "the cluster has more than the list",
    "The release has an object that the list does not make: its host was removed from the list, and the chart was not "
    "installed again. Or the release is from another list.",
    "warning",
)
INSTANCE = "app.kubernetes.io/instance"
#: Helm writes it at what it installs, and releases of two namespaces may have one name.
HOME = "meta.helm.sh/release-namespace"
#: Who installs writes these, each in a way of its own.
INSTALLER = {INSTANCE, "app.kubernetes.io/managed-by"}
AGAIN = "install the chart again with the compiled list (`helm upgrade`, or a sync of Argo CD)"


def look(examination: Examination, _: None) -> Iterator[Outcome]:
    """What differs between what the chart prints for the list and what the cluster has."""
    printed = examination.printed()
    absent: dict[Place, list[str]] = defaultdict(list)
    for kind in sorted({kind for kind, _, _ in printed} & RESOURCES.keys()):
        wanted = {at: document for at, document in printed.items() if at[0] == kind}
        try:
            live = {key(one): one for one in examination.cluster.all(kind, CHART)}
        except UnansweredError as error:
            yield Unknown("drift", f"each {kind} is as the list says", str(error))
            continue
        for at, document in wanted.items():
            where = _place(examination, document)
            if at not in live:
                absent[where].append(named(document))
            elif paths := list(_differences(_comparable(document), live[at])):
                yield where.has(CHANGED, named(document), f"differs from the list in {some(paths)}", AGAIN)
        yield from _left_over(examination, wanted, live)
    if sum(map(len, absent.values())) == len(printed):
        yield examination.everywhere.has(NOT_THERE, "the fleet", "is not in the cluster", AGAIN)
    else:
        for where, names in absent.items():
            yield where.has(NOT_THERE, names[0], f"is not in the cluster{_more(names)}", AGAIN)


def _left_over(examination: Examination, wanted: Documents, live: Documents) -> Iterator[Problem]:
    releases = {_release(live[at]) for at in wanted if at in live}
    extra = [one for at, one in live.items() if at not in wanted and _release(one) in releases]
    if extra:
        names = [named(one) for one in extra]
        message = f"is not in the list{_more(names)}"
        since = extra[0]["metadata"].get("creationTimestamp")
        fix = f"add its host to the list again, or {AGAIN}"
        yield examination.everywhere.has(LEFT_OVER, names[0], message, fix, since=since)


def _release(one: Object) -> tuple[str | None, str | None]:
    return labels(one).get(INSTANCE), (one["metadata"].get("annotations") or {}).get(HOME)


def _more(names: list[str]) -> str:
    return f", nor is {some(names[1:])}" if len(names) > 1 else ""


def _place(examination: Examination, document: Object) -> Place:
    name, namespace = labels(document).get("egressc.io/gateway"), document["metadata"].get("namespace")

    def concerns(one: Carrier) -> bool:
        return name is not None and name in (one.route, one.gateway) and one.namespace in (None, namespace)

    concerned = [one for one in examination.plan.carriers if concerns(one)]
    return place(concerned) if concerned else examination.everywhere


def _comparable(document: Object) -> Object:
    """What of a document is ours to compare."""
    metadata = document["metadata"]
    own = {key: value for key, value in labels(document).items() if key not in INSTALLER}
    kept = {"labels": own, "annotations": metadata.get("annotations") or {}}
    return {key: value for key, value in document.items() if key not in ("apiVersion", "kind")} | {"metadata": kept}


def _differences(wanted: Any, found: Any, path: str = "") -> Iterator[str]:
    """The paths at which `found` is not what `wanted` says; what only `found` has does not count."""
    if isinstance(wanted, dict) and isinstance(found, dict):
        for key, value in wanted.items():
            yield from _differences(value, found.get(key), f"{path}.{key}" if path else key)
    elif isinstance(wanted, list) and isinstance(found, list) and len(wanted) == len(found):
        for number, (one, other) in enumerate(zip(wanted, found, strict=True)):
            yield from _differences(one, other, f"{path}[{number}]")
    elif wanted != found and not (_is_empty(wanted) and _is_empty(found)):
        yield path


def _is_empty(value: Any) -> bool:
    return value in (None, {}, [], "", 0) and value is not False
