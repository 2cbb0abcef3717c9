"""What is examined: the plan of a list beside a cluster."""

from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property

from egressc.doctor.caller import Caller
from egressc.doctor.cluster import PROXY, Cluster, Key, Object, condition, labels
from egressc.doctor.kubectl import UnansweredError
from egressc.doctor.problem import Place
from egressc.doctor.selectors import has
from egressc.model import is_prefix
from egressc.plan import EVERYBODY, Carrier, GatewayCarrier, Plan
from egressc.plan.decisions.lines import host_line

Documents = dict[Key, Object]


@dataclass(frozen=True, slots=True)
class Workload:
    """Gateway pods of one selector, and the hosts that they carry. `ours` are made by the chart."""

    namespace: str
    name: str
    selector: tuple[tuple[str, str], ...]
    labels: dict[str, str]
    ours: bool
    carried: tuple[GatewayCarrier, ...]

    @property
    def place(self) -> Place:
        """Where the list has these hosts."""
        return place(self.carried)

    @property
    def text(self) -> str:
        """`egress/partner-bank-example`."""
        return f"{self.namespace}/{self.name}"

    @property
    def selecting(self) -> str:
        """The selector as `kubectl --selector` takes it."""
        return ",".join(f"{key}={value}" for key, value in self.selector)


@dataclass(frozen=True)
class Examination:
    """`documents` are what the chart prints for the plan, or why nobody knows. `wait` are seconds between two looks."""

    plan: Plan
    cluster: Cluster
    documents: Documents | str
    now: datetime
    wait: float
    caller: Caller | None = None

    @cached_property
    def workloads(self) -> tuple[Workload, ...]:
        """The gateways' pods."""
        carried: dict[tuple[str, str], list[GatewayCarrier]] = defaultdict(list)
        for one in self.plan.carrying:
            carried[one.namespace, one.pods.name].append(one)
        return tuple(
            Workload(
                namespace, name, tuple(ones[0].pods.selector.items()), dict(ones[0].pods.labels), ones[0].pods.ours,
                tuple(ones),
            )
            for (namespace, name), ones in carried.items()
        )  # fmt: skip

    @cached_property
    def everywhere(self) -> Place:
        """The whole list."""
        return replace(place(self.plan.carriers), whole=True)

    @cached_property
    def clients(self) -> dict[str, tuple[Carrier, ...]]:
        """The client namespaces that the list names, without prefixes, each with the hosts that it may call."""
        found: dict[str, list[Carrier]] = defaultdict(list)
        for carrier in self.plan.carriers:
            for namespace in {client.namespace for client in carrier.host.clients}:
                if namespace and not is_prefix(namespace):
                    found[namespace].append(carrier)
        return {namespace: tuple(found[namespace]) for namespace in sorted(found)}

    @cached_property
    def own(self) -> set[Key]:
        """The objects that the plan makes."""
        made = [one for carrier in self.plan.carriers for one in carrier.objects()]
        made += self.plan.companions.objects()
        rendered = self.documents if isinstance(self.documents, dict) else {}
        return {(one.kind, one.namespace, one.name) for one in made} | rendered.keys()

    def printed(self) -> Documents:
        """What the chart prints. Raises UnansweredError where it is not known."""
        if isinstance(self.documents, str):
            raise UnansweredError(self.documents)
        return self.documents

    def namespaces(self) -> dict[str, Object]:
        """The namespaces of the cluster."""
        return {one["metadata"]["name"]: one for one in self.cluster.all("Namespace")}

    def labels_of(self, namespace: str) -> dict[str, str]:
        """The labels of a namespace; none where it does not exist."""
        found = self.namespaces().get(namespace)
        return labels(found) if found else {}

    def pods(self, workload: Workload) -> list[Object]:
        """The pods of a gateway that are to stay."""
        return alive(
            pod
            for pod in self.cluster.within("Pod", workload.namespace)
            if has(dict(workload.selector), labels(pod))
        )  # fmt: skip


def place(carriers: Iterable[Carrier]) -> Place:
    """Where the list has these hosts."""
    hosts = [carrier.host for carrier in carriers]
    return Place(min(map(host_line, hosts)), tuple(sorted({host.host for host in hosts})))


def alive(pods: Iterable[Object]) -> list[Object]:
    """Those of `pods` that nobody deletes and that have not ended."""
    return [
        pod
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
        and pod.get("status", {}).get("phase") not in ("Succeeded", "Failed")
    ]


def proxy(pod: Object) -> Object | None:
    """The status of a pod's proxy, None where it has none: an ordinary container, or an init container that goes on."""
    status = pod.get("status", {})
    known = [*(status.get("containerStatuses") or []), *(status.get("initContainerStatuses") or [])]
    return next((one for one in known if one["name"] == PROXY), None)


def container(pod: Object) -> Object | None:
    """The proxy among a pod's containers, None where it has none."""
    spec = pod["spec"]
    known = [*spec["containers"], *(spec.get("initContainers") or [])]
    return next((one for one in known if one["name"] == PROXY), None)


def has_proxy(pod: Object) -> bool:
    """Whether the pod has Istio's proxy."""
    return container(pod) is not None


def is_ready(pod: Object) -> bool:
    """Whether the pod is Ready."""
    return condition(pod, "Ready").get("status") == "True"


def reaches(exports: list[str] | None, home: str, namespace: str) -> bool:
    """Whether an object of the namespace `home`, exported to `exports`, is seen in `namespace`; by default it is."""
    return not exports or EVERYBODY in exports or namespace in exports or ("." in exports and home == namespace)
