"""What explains a failed test: written to files before the test's objects are gone."""

import json
import shutil
from pathlib import Path
from typing import Any

from tests.mesh import gateway, istio
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import get, kubectl

#: A pod with this label is a gateway of the chart.
GATEWAY_LABEL = "egressc.io/gateway"


def collect(folder: Path, since: str) -> list[Path]:
    """Write what is known of every gateway and of istiod into `folder`, from `since` (RFC 3339) on.

    The files: pods.txt, events.txt, istiod.log (its warnings and errors), and of each gateway its log and its Envoy's
    configuration.
    """
    shutil.rmtree(folder, ignore_errors=True)
    folder.mkdir(parents=True)
    pods = get("pods", "--all-namespaces", f"--selector={GATEWAY_LABEL}")["items"]
    files = {
        "pods.txt": kubectl("get", "pods", "--all-namespaces", "--output=wide", check=False),
        "events.txt": kubectl("get", "events", "--all-namespaces", "--sort-by=.lastTimestamp", check=False),
        "istiod.log": _complaints(istio.log(since)),
    }
    for pod in pods:
        files |= _gateway(pod)
    for name, text in files.items():
        (folder / name).write_text(text)
    return [folder / name for name in files]


def _gateway(pod: dict[str, Any]) -> dict[str, str]:
    namespace, name = pod["metadata"]["namespace"], pod["metadata"]["name"]
    files = {f"{namespace}-{name}.log": gateway.log(namespace, name)}
    try:
        files[f"{namespace}-{name}.json"] = json.dumps(gateway.config_dump(namespace, name), indent=1)
    except MeshError as error:  # an Envoy that never started has none
        files[f"{namespace}-{name}.json"] = str(error)
    return files


def _complaints(log: str) -> str:
    return "".join(f"{line}\n" for line in log.splitlines() if "\twarn\t" in line or "\terror\t" in line)
