"""What a proxy takes: its configuration, its clusters, its memory and its CPU, by the pod that it runs in."""

import json
import time
from dataclasses import dataclass
from typing import Any

from tests.mesh.errors import MeshError
from tests.mesh.gateway import CONTAINER, pods
from tests.mesh.kubectl import execute, kubectl

#: Ticks of the kernel's clock in a second, as processes are charged for CPU.
TICKS = 100


@dataclass(frozen=True)
class Proxy:
    """The istio-proxy container of a pod."""

    namespace: str
    pod: str

    @property
    def listeners(self) -> int:
        """The bytes of all listeners that istiod has sent, as JSON without blanks."""
        return len(json.dumps(self._dump("dynamic_listeners"), separators=(",", ":")))

    @property
    def clusters(self) -> int:
        """How many clusters it has, Istio's own among them."""
        return len(json.loads(self._ask("clusters?format=json"))["cluster_statuses"])

    @property
    def allocated(self) -> int:
        """The bytes that Envoy has allocated, as it counts them itself."""
        return int(json.loads(self._ask("memory"))["allocated"])

    @property
    def resident(self) -> int:
        """The bytes of memory that Envoy and Istio's agent take together."""
        return sum(one["VmRSS"] for one in self._processes())

    @property
    def peak(self) -> int:
        """The most of it that each has ever taken."""
        return sum(one["VmHWM"] for one in self._processes())

    def cores(self, seconds: float) -> float:
        """The CPU that it takes while so many seconds pass, in cores."""
        before = self._ticks()
        time.sleep(seconds)
        return (self._ticks() - before) / TICKS / seconds

    def cpu_seconds(self) -> float:
        """The CPU that it has taken so far."""
        return self._ticks() / TICKS

    def _dump(self, resource: str) -> Any:
        return json.loads(self._ask(f"config_dump?resource={resource}"))

    def _ask(self, path: str) -> str:
        return self._run("pilot-agent", "request", "GET", path)

    def _ticks(self) -> int:
        lines = self._run("sh", "-c", "cat /proc/[0-9]*/stat").splitlines()
        fields = [line.rpartition(")")[2].split() for line in lines if _counts(line.partition("(")[2].split(")")[0])]
        return sum(int(one[11]) + int(one[12]) for one in fields)

    def _processes(self) -> list[dict[str, int]]:
        texts = self._run("sh", "-c", "for f in /proc/[0-9]*/status; do cat $f; echo; done").split("\n\n")
        tables = [dict(line.split(":", 1) for line in text.splitlines() if ":" in line) for text in texts]
        return [
            {key: int(table[key].split()[0]) * 1024 for key in ("VmRSS", "VmHWM")}
            for table in tables
            if _counts(table.get("Name", "").strip())
        ]

    def _run(self, *command: str) -> str:
        done = execute(self.namespace, self.pod, CONTAINER, command)
        if not done.stdout:
            raise MeshError(f"pod {self.namespace}/{self.pod} does not answer {' '.join(command)}: {done.stderr}")
        return done.stdout


def _counts(process: str) -> bool:
    return process.startswith(("envoy", "pilot-agent"))


def proxy(namespace: str, gateway: str) -> Proxy:
    """The proxy of a gateway that has one pod."""
    (pod,) = pods(namespace, f"egressc.io/gateway={gateway}")
    return Proxy(namespace, pod)


def fresh(namespace: str, gateway: str) -> Proxy:
    """The same, in a pod that has known the whole configuration from its start."""
    (old,) = pods(namespace, f"egressc.io/gateway={gateway}")
    kubectl("delete", "pod", "--namespace", namespace, old, "--grace-period=1", "--wait")
    kubectl("rollout", "status", f"deployment/{gateway}", "--namespace", namespace, "--timeout=180s", seconds=200)
    return proxy(namespace, gateway)
