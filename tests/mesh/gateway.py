"""What an Envoy knows: its statistics, its configuration and its log, of gateways and of sidecars."""

import json
from typing import Any

from tests.mesh.errors import MeshError
from tests.mesh.kubectl import execute, get, kubectl

CONTAINER = "istio-proxy"


def stats(namespace: str, pod: str, pattern: str = "") -> dict[str, int]:
    """Counters and gauges by name, those whose names match the regular expression."""
    text = "".join(_admin(namespace, pod, f"stats?type={kind}&filter={pattern}") for kind in ("Counters", "Gauges"))
    return {name: int(value) for name, _, value in (line.rpartition(": ") for line in text.splitlines()) if name}


def requests_to(namespace: str, pod: str, host: str) -> int:
    """Requests and TCP connections that this Envoy has sent to the upstream `host`, over all its ports."""
    clusters = _json(namespace, pod, "clusters?format=json")["cluster_statuses"]
    total = 0
    for cluster in clusters:
        if cluster["name"].split("|")[-1] == host:
            for endpoint in cluster.get("host_statuses", []):
                total += sum(int(stat.get("value", 0)) for stat in endpoint["stats"] if stat["name"] == "rq_total")
    return total


def addresses_of(namespace: str, pod: str, cluster: str) -> set[str]:
    """The addresses that this Envoy may connect to in a cluster."""
    return addresses(namespace, pod).get(cluster, set())


def addresses(namespace: str, pod: str) -> dict[str, set[str]]:
    """The addresses that this Envoy may connect to, by cluster."""
    clusters = _json(namespace, pod, "clusters?format=json")["cluster_statuses"]
    return {one["name"]: {_address(host) for host in one.get("host_statuses", [])} for one in clusters}


def prometheus(namespace: str, pod: str) -> str:
    """The statistics as Prometheus scrapes them."""
    return _admin(namespace, pod, "stats/prometheus")


def config_dump(namespace: str, pod: str) -> Any:
    """The whole configuration, as Envoy's admin port gives it."""
    return _json(namespace, pod, "config_dump?include_eds")


def log(namespace: str, pod: str) -> str:
    """The proxy's log, with a line for each request; empty when it has none yet."""
    return kubectl("logs", "--namespace", namespace, pod, "--container", CONTAINER, "--tail=-1", check=False)


def access_log(namespace: str, pod: str) -> list[dict[str, Any]]:
    """The lines of the chart's own access log so far, without the mesh's."""
    return [json.loads(line) for line in log(namespace, pod).splitlines() if line.startswith("{")]


def pods(namespace: str, selector: str = "") -> list[str]:
    """The names of the running pods that a label selector finds, those that are being deleted left out."""
    found = get("pods", "--namespace", namespace, f"--selector={selector}")["items"]
    return [pod["metadata"]["name"] for pod in found if "deletionTimestamp" not in pod["metadata"]]


def _address(host: Any) -> str:
    place = host["address"]
    return str(place["socket_address"]["address"]) if "socket_address" in place else ""


def _json(namespace: str, pod: str, path: str) -> Any:
    # the end of an output is lost now and then on its way from the node: what is cut short is asked again
    for _ in range(2):
        try:
            return json.loads(_admin(namespace, pod, path))
        except ValueError:
            continue
    raise MeshError(f"what the Envoy of pod {namespace}/{pod} says to {path} is cut short")


def _admin(namespace: str, pod: str, path: str) -> str:
    done = execute(namespace, pod, CONTAINER, ["pilot-agent", "request", "GET", path])
    if done.returncode:
        raise MeshError(f"the Envoy of pod {namespace}/{pod} does not answer: {done.stderr.strip()}")
    return done.stdout
