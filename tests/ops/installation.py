"""How long it takes from `helm install` until each host has answered: 20 of ours, and 20 gateways by Istio's chart.

And 300 on one shared gateway.
"""

import json
import time
from typing import Any

from tests.mesh.commands import ask
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import apply, environment
from tests.mesh.release import Release
from tests.ops.ground import APPS, EGRESS, QUICK, Ground, empty_namespace, host_list, installed, name, names
from tests.ops.shared_growth import ROOMY, await_routes
from tests.ops.turns import compared
from tests.tools import module_dir, tool

COUNT, MANY, TURNS = 20, 300, 3
#: Asks each host until it answers. It runs in the pod: to start a command there takes longer than an answer.
ASK = """
answered() { [ "$(curl --silent --max-time 2 --output /dev/null --write-out '%{http_code}' "http://$1/")" = 200 ]; }
for host; do until answered "$host"; do sleep 0.1; done; done
"""
SETTINGS = {
    "autoscaling": {"enabled": False},
    "replicaCount": 1,
    "imagePullPolicy": "IfNotPresent",  # no registry has the mesh's images
    "service": {"type": "ClusterIP", "ports": [{"name": "http", "port": 80, "targetPort": 8080}]},
    "resources": {"requests": {"cpu": "5m", "memory": "40Mi"}},
}


def measure(ground: Ground) -> dict[str, float]:
    """Seconds to the last host's answer, of both, and how one compares with the other."""
    ground.know(names(MANY))
    turns = [{"ours": _ours(ground), "by_hand": _theirs(ground)} for _ in range(TURNS)]
    found = compared("install_20", turns, {"ours": "by_hand"}, "_s")
    return found | {"install_300_shared_s": _shared(ground)}


def _ours(ground: Ground) -> float:
    with empty_namespace():
        started = time.monotonic()
        Release(EGRESS).apply(host_list(names(COUNT)), QUICK, wait=False)
        _await_all(ground)
        return time.monotonic() - started


def _shared(ground: Ground) -> float:
    started = time.monotonic()
    with installed(host_list(names(MANY), "shared"), QUICK, ROOMY, wait=False):
        await_routes(ground, MANY)
        return time.monotonic() - started


def _theirs(ground: Ground) -> float:
    with empty_namespace():
        started = time.monotonic()
        for number in range(COUNT):
            _install(f"gateway-{number}")
            apply(*_routing(name(number), f"gateway-{number}"))
        _await_all(ground)
        return time.monotonic() - started


def _await_all(ground: Ground) -> None:
    done = ground.client.run(["sh", "-c", ASK, "ask", *names(COUNT)], seconds=300)
    if done.returncode:
        raise MeshError(f"{COUNT} hosts do not all answer: {done.stderr.strip()}")


def _install(gateway: str) -> None:
    chart = module_dir("istio") / "manifests" / "charts" / "gateway"
    command = [str(tool("helm4")), "install", gateway, str(chart), "--namespace", EGRESS, "--values=-"]
    done = ask(command, text=json.dumps(SETTINGS), environment=environment())
    if done.returncode:
        raise MeshError(f"Istio's chart could not be installed: {done.stderr.strip()}")


def _routing(host: str, gateway: str) -> list[dict[str, Any]]:
    """The least that people write by hand: no policy, no readiness."""
    service = f"{gateway}.{EGRESS}.svc.cluster.local"
    tls = {"mode": "SIMPLE", "sni": host, "subjectAltNames": [host], "caCertificates": "system"}
    inside = [{"destination": {"host": service, "port": {"number": 80}}}]
    outside = [{"destination": {"host": host, "port": {"number": 80}}}]
    server = {"port": {"number": 8080, "name": "https", "protocol": "HTTPS"}, "hosts": [host]}
    specs: dict[str, dict[str, Any]] = {
        "ServiceEntry": {
            "hosts": [host],
            "ports": [{"number": 80, "targetPort": 443, "name": "http", "protocol": "HTTP"}],
            "resolution": "DNS",
            "location": "MESH_EXTERNAL",
            "exportTo": [".", APPS],
        },
        "Gateway": {"selector": {"istio": gateway}, "servers": [server | {"tls": {"mode": "ISTIO_MUTUAL"}}]},
        "VirtualService": {
            "hosts": [host],
            "gateways": ["mesh", gateway],
            "exportTo": [".", APPS],
            "http": [
                {"match": [{"gateways": ["mesh"]}], "route": inside},
                {"match": [{"gateways": [gateway]}], "route": outside},
            ],
        },
    }
    objects = [_object(kind, gateway, spec) for kind, spec in specs.items()]
    policy = {"tls": {"mode": "ISTIO_MUTUAL", "sni": host}}
    objects.append(_object("DestinationRule", gateway, {"host": service, "trafficPolicy": policy}))
    origination = {"host": host, "exportTo": ["."], "trafficPolicy": {"tls": tls}}
    objects.append(_object("DestinationRule", f"{gateway}-upstream", origination))
    return objects


def _object(kind: str, called: str, spec: dict[str, Any]) -> dict[str, Any]:
    metadata = {"name": called, "namespace": EGRESS}
    return {"apiVersion": "networking.istio.io/v1", "kind": kind, "metadata": metadata, "spec": spec}
