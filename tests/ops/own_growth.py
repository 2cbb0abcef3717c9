"""What a gateway of its own, and a client's sidecar, take in a large fleet: in one namespace, and in many.

Only the first host has pods: what its proxy is told does not depend on the pods of the others.
"""

from collections.abc import Mapping

from egressc.names import gateway_name
from tests.mesh import istio
from tests.mesh.client import ClientPod, start_clients
from tests.mesh.kubectl import kubectl
from tests.mesh.namespaces import create_namespace, delete_namespaces
from tests.ops.ground import APPS, EGRESS, Entry, Ground, create, host_list, name, names, rendered
from tests.ops.proxy import Proxy, proxy

COUNT = 200
CALLED = 3
COMPARED = ("clusters", "allocated")
PODS = ("Deployment", "HorizontalPodAutoscaler", "PodDisruptionBudget")
FIRST = gateway_name(name(0))
ELSEWHERE = "ops-elsewhere"


def measure(ground: Ground, *, configure: bool = False) -> dict[str, float]:
    """Clusters and bytes among COUNT hosts, and alone; with `configure` also with istiod's setting."""
    ground.know(names(COUNT))
    found = _in_one_namespace(ground, CALLED, f"own_{CALLED}")
    found |= _in_one_namespace(ground, COUNT, f"own_{COUNT}")
    found |= _apart(ground, COUNT, f"apart_{COUNT}")
    if configure:
        try:
            istio.configure({"env": {"PILOT_FILTER_GATEWAY_CLUSTER_CONFIG": "true"}})
            found |= _in_one_namespace(ground, COUNT, f"filtered_{COUNT}")
        finally:
            istio.configure({})
    return found | _compared(found)


def _compared(found: Mapping[str, float]) -> dict[str, float]:
    """Memory and clusters among COUNT hosts, over those among CALLED, the larger of the two ratios."""
    small = f"own_{CALLED}"
    pairs = dict.fromkeys((f"apart_{COUNT}", f"filtered_{COUNT}"), small)
    pairs[f"client_of_own_{COUNT}"] = f"client_of_{small}"
    return {
        f"{name}_over_{CALLED}": max(found[f"{name}_{what}"] / found[f"{other}_{what}"] for what in COMPARED)
        for name, other in pairs.items()
        if f"{name}_clusters" in found
    }


def _in_one_namespace(ground: Ground, count: int, called: str) -> dict[str, float]:
    return _fleet(ground, [EGRESS] * count, called)


def _apart(ground: Ground, count: int, called: str) -> dict[str, float]:
    return _fleet(ground, [f"{EGRESS}-{number}" for number in range(count)], called)


def _fleet(ground: Ground, namespaces: list[str], called: str) -> dict[str, float]:
    hosts: list[Entry] = [
        {"host": name(number), "namespace": namespace} | ({} if number < CALLED else {"clients": [ELSEWHERE]})
        for number, namespace in enumerate(namespaces)
    ]
    made = sorted({*namespaces})
    delete_namespaces(*made)
    for one in made:
        create_namespace(one)
    try:
        every = rendered(host_list(hosts))
        create(one for (kind, _, its), one in every.items() if kind not in PODS or its == FIRST)
        kubectl("rollout", "status", f"deployment/{FIRST}", f"--namespace={namespaces[0]}", "--timeout=120s")
        ground.await_answers(name(0))
        own = proxy(namespaces[0], FIRST)
        start_clients(APPS, ClientPod("late", account="app"))
        client = _sizes(Proxy(APPS, "late"), f"client_of_{called}")
        return _sizes(own, called) | client
    finally:
        kubectl("delete", "pod", "late", f"--namespace={APPS}", "--ignore-not-found", "--grace-period=1")
        delete_namespaces(*made)


def _sizes(one: Proxy, called: str) -> dict[str, float]:
    return {f"{called}_clusters": one.clusters, f"{called}_allocated": one.allocated}
