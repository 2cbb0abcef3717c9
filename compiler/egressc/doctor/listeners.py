"""Whether the chart finds the gateways' listeners: Istio names each by its address."""

from collections.abc import Iterator

from egressc.doctor.cluster import CHART, Object, named
from egressc.doctor.examination import Examination, Workload, place
from egressc.doctor.problem import Outcome
from egressc.doctor.selectors import has
from egressc.findings import Code
from egressc.plan.needs import IPV6

NOT_FOUND = Code(
    "EG489",
    "filters that find no listener",
    "Istio names a listener by its address. That is 0.0.0.0 if a pod has an IPv4 address, and :: if it has none. The "
    "chart's EnvoyFilters find listeners by that name, and `listenAddress` of its values says it. With the other "
    "address they change nothing, and the gateways refuse everybody.",
)
IPV4_ANY, IPV6_ANY = "0.0.0.0", "::"  # noqa: S104
#: Where pods listen, where filters look in vain, what pods have, and what to do.
KINDS = (
    (IPV6_ANY, IPV4_ANY, "no IPv4 address", f"write `{IPV6.what}` into the chart's values"),
    (IPV4_ANY, IPV6_ANY, "an IPv4 address", "remove `listenAddress` from the chart's values"),
)


def look(examination: Examination, _: None) -> Iterator[Outcome]:
    """Whether `listenAddress` is that of the gateways' pods."""
    filters = examination.cluster.all("EnvoyFilter", CHART)
    for wanted, other, says, fix in KINDS:
        lost = [
            (workload, pod)
            for workload in examination.workloads
            for pod in examination.pods(workload)
            if _address(pod) == wanted and other in _named(filters, workload)
        ]
        if lost:
            more = f", like {len(lost) - 1} more" if len(lost) > 1 else ""
            message = f"has {says}{more}, and the chart's EnvoyFilters look for listeners at {other}"
            concerned = place(one for workload, _ in lost for one in workload.carried)
            yield concerned.has(NOT_FOUND, named(lost[0][1]), message, fix)


def _address(pod: Object) -> str | None:
    """Where a pod's proxy listens; None where the pod has no address yet."""
    known = [one["ip"] for one in pod.get("status", {}).get("podIPs") or []]
    if not known:
        return None
    return IPV6_ANY if all(":" in one for one in known) else IPV4_ANY


def _named(filters: list[Object], workload: Workload) -> set[str]:
    """The addresses by which filters look for the listeners of a gateway."""
    names = {
        patch.get("match", {}).get("listener", {}).get("name", "")
        for one in filters
        if one["metadata"]["namespace"] == workload.namespace
        and has((one["spec"].get("workloadSelector") or {}).get("labels"), workload.labels)
        for patch in one["spec"].get("configPatches") or []
    }
    return {name.rpartition("_")[0] for name in names}
