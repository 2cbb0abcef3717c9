"""What a gateway's Envoy knows of its upstreams, in one look."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from egressc.doctor.cluster import Cluster
from egressc.doctor.kubectl import UnansweredError

#: The counters that say why: a check that cannot connect counts none. Shared pods mark the names of their statistics.
FILTER = r"^cluster\.outbound.*(overflow|ssl)"
COUNTER = re.compile(r"cluster\.outbound\|(\d+)\|[^|]*\|([^|;]+);?\.([\w.]+): (\d+)")
SECRET = re.compile(r'"name": *"(?:kubernetes://|kubernetes-gateway://)([^"]+)"')


@dataclass(frozen=True, slots=True)
class Upstream:
    """A cluster of Envoy: its addresses, those whose checks fail or end without an answer, and its connections."""

    addresses: int
    failing: int
    silent: int
    connections: int
    most: int | None

    @property
    def is_full(self) -> bool:
        """Whether no further connection is opened."""
        return self.most is not None and self.connections >= self.most


@dataclass(frozen=True, slots=True)
class Look:
    """`counters` by client port, host and name; `upstreams` by the name of the cluster."""

    counters: Mapping[tuple[int, str, str], int]
    upstreams: Mapping[str, Upstream]

    def counted(self, port: int, host: str, name: str) -> int:
        """What a counter says."""
        return self.counters.get((port, host, name), 0)


def look(cluster: Cluster, namespace: str, pod: str) -> Look:
    """What an Envoy knows now. Raises UnansweredError."""
    text = cluster.envoy(namespace, pod, f"stats?filter={FILTER}")
    said = _json(cluster.envoy(namespace, pod, "clusters?format=json"))
    counters = {(int(port), host, name): int(value) for port, host, name, value in COUNTER.findall(text)}
    return Look(counters, {one["name"]: _upstream(one) for one in said.get("cluster_statuses") or []})


def awaited(cluster: Cluster, namespace: str, pod: str) -> list[str]:
    """The Secrets that an Envoy waits for."""
    return sorted(set(SECRET.findall(cluster.envoy(namespace, pod, "config_dump?resource=dynamic_warming_secrets"))))


def _upstream(status: Mapping[str, Any]) -> Upstream:
    hosts = status.get("host_statuses") or []
    health = [one.get("health_status") or {} for one in hosts]
    stats = [stat for one in hosts for stat in one.get("stats") or [] if stat.get("name") == "cx_active"]
    thresholds = (status.get("circuit_breakers") or {}).get("thresholds") or []
    most = next((one.get("max_connections") for one in thresholds if one.get("priority", "DEFAULT") == "DEFAULT"), None)
    return Upstream(
        addresses=len(hosts),
        failing=sum(one.get("failed_active_health_check", False) for one in health),
        silent=sum(one.get("active_hc_timeout", False) for one in health),
        connections=sum(int(stat.get("value", 0)) for stat in stats),
        most=most,
    )


def _json(text: str) -> dict[str, Any]:
    try:
        found = json.loads(text)
    except ValueError:
        found = None
    if not isinstance(found, dict):
        raise UnansweredError("Envoy's admin port did not answer in JSON")
    return found
