"""A second node, for as long as a test needs one: a containerd and a kubelet of its own beside the mesh's.

It shares the bridge, the addresses and kube-proxy with the first. All of it is in the mesh's folder and in the mesh's
control group, so `down` removes it too when the program that made it was cut off.
"""

import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from tests.mesh import node, settings
from tests.mesh.commands import run
from tests.mesh.kubectl import get, kubectl
from tests.mesh.processes import (
    Daemon,
    await_ready,
    create_groups,
    kill_all,
    remove_groups,
    start_with_own_mounts,
)

NAME = "second"
STATE = settings.STATE / NAME
SOCKET = STATE / "containerd" / "sock"
KUBELET_PORT = 10350
#: What a gateway's pod is made of.
IMAGES = ("pause", "proxyv2")
#: Only a pod that says so may be there.
TAINT = {"key": "egressc.test/second-node", "value": "true", "effect": "NoSchedule"}
TOLERATION = {"key": TAINT["key"], "operator": "Exists", "effect": "NoSchedule"}

#: The first node's, in folders of its own; the network plugins and the addresses that they lease are the same.
CONTAINERD = node.CONTAINERD.replace(f"{settings.STATE}/containerd", f"{STATE}/containerd").replace(
    f"{settings.STATE}/runc", f"{STATE}/runc"
)
KUBELET = {
    **node.KUBELET,
    "port": KUBELET_PORT,
    "healthzPort": 0,  # the first node has it
    "cgroupRoot": f"/{settings.CGROUP}/{NAME}",
    "containerRuntimeEndpoint": f"unix://{SOCKET}",
    "podLogsDir": f"{STATE}/pod-logs",
    "volumePluginDir": f"{STATE}/volume-plugins",
    "registerWithTaints": [TAINT],
    "maxPods": 10,
}


@contextmanager
def second_node() -> Iterator[None]:
    """A second node that is Ready while this lasts, for pods with TOLERATION; an earlier one is removed first."""
    _remove()
    try:
        STATE.mkdir()
        containerd = _start_containerd()
        _load_images()
        node.join(NAME, KUBELET, containerd, part=NAME)
        yield
    finally:
        _remove()


def pods_there() -> list[tuple[str, str]]:
    """The namespace and name of each pod on it."""
    pods = get("pods", "--all-namespaces", f"--field-selector=spec.nodeName={NAME}")["items"]
    return [(pod["metadata"]["namespace"], pod["metadata"]["name"]) for pod in pods]


def _start_containerd() -> Daemon:
    create_groups(NAME)
    configuration = STATE / "containerd.toml"
    configuration.write_text(CONTAINERD)
    name = f"containerd-{NAME}"
    daemon = start_with_own_mounts(name, "containerd", "--config", str(configuration), part=NAME)
    await_ready(daemon, SOCKET.exists)
    return daemon


def _load_images() -> None:
    """Copy images from the first node: what is there is what the mesh runs."""
    archive = STATE / "images.tar"
    names = [settings.image(image) for image in IMAGES]
    _ctr(settings.CONTAINERD_SOCKET, "export", str(archive), *names)
    _ctr(SOCKET, "import", str(archive))
    archive.unlink()


def _ctr(socket: Path, *arguments: str) -> None:
    run("ctr", "--address", str(socket), "--namespace", "k8s.io", "images", *arguments)


def _remove() -> None:
    """End its processes at once, as those of a mesh, and remove what they leave."""
    kill_all(NAME)
    kubectl("delete", "node", NAME, "--ignore-not-found")
    for namespace, pod in pods_there():
        kubectl("delete", "pod", "--namespace", namespace, pod, "--grace-period=0", "--force", "--ignore-not-found")
    remove_groups(NAME)
    _free_addresses()
    if STATE.exists():
        shutil.rmtree(STATE)


def _free_addresses() -> None:
    """Give back what its pods have leased: the plugin that does so was killed with them."""
    sandboxes = {folder.name for folder in (STATE / "containerd").glob("root/io.containerd.grpc.v1.cri/sandboxes/*")}
    for lease in (settings.STATE / "cni" / "leases" / settings.NETWORK).glob("*[.:]*"):
        with suppress(FileNotFoundError):  # another pod has given its own back
            if lease.read_text().partition("\n")[0] in sandboxes:
                lease.unlink()
