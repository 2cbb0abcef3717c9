"""The mesh as a whole: up, down, and what of it there is."""

import hashlib
import os
import shutil
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.mesh import dns, images, istio, leftovers, network, node, packages, processes, settings, versions
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import kubectl
from tests.mesh.progress import say, step
from tests.tools import tool

#: Where the logs of a mesh that did not come up are kept.
FAILED_LOGS = Path(__file__).parents[2] / "build" / "mesh"

TOOLS = (
    "coredns",
    "helm3",
    "kube-apiserver",
    "kube-controller-manager",
    "kube-proxy",
    "kube-scheduler",
    "kubectl",
    "kubelet",
    "pause",
)
GIB = 1 << 30
#: What a running mesh takes at most, its pods' logs included.
DISK_NEEDED = 6 * GIB
#: With less than this, whatever went wrong went wrong for it.
DISK_FULL = GIB // 10

#: Written last when the mesh goes up: the digest of what it was made of.
_COMPLETE = settings.STATE / "complete"


def check_machine() -> None:
    """Raise MeshError where no mesh can run."""
    if sys.platform != "linux":
        raise MeshError(f"the test mesh runs on Linux only, and this is {sys.platform}")
    if os.geteuid() != 0:
        raise MeshError("the test mesh needs root: it makes network namespaces, mounts and control groups")


def up() -> None:
    """Bring the mesh up, after whatever an earlier run left is gone; one that is up and made of the same stays."""
    check_machine()
    _check_disk(settings.STATE)
    packages.install_missing()
    pair = versions.chosen()
    for name in (*TOOLS, pair.istiod, pair.agent):
        tool(name)
    made = images.images()
    digest = _digest(made)
    if _running() == digest:
        say(f"the mesh is up already: {pair}")
        return
    if leftovers.find():
        with step("removing an earlier mesh"):
            leftovers.remove()
    node.check_ports()
    network.check_addresses()
    settings.STATE.mkdir(parents=True)
    try:
        _start(made)
        _COMPLETE.write_text(digest)
    except (MeshError, OSError, KeyboardInterrupt) as error:
        full = "no space left" in str(error) or shutil.disk_usage(settings.STATE).free < DISK_FULL
        if settings.LOGS.exists():
            shutil.copytree(settings.LOGS, FAILED_LOGS, dirs_exist_ok=True)
        leftovers.remove()
        if isinstance(error, KeyboardInterrupt):
            raise
        reason = f"the disk of {settings.STATE} is full" if full else str(error)
        raise MeshError(f"{reason}; the mesh was removed again, its logs are in {FAILED_LOGS}") from error


def down() -> None:
    """Take the mesh down; MeshError names what is left when something could not be removed."""
    check_machine()
    leftovers.remove()


def check_up() -> None:
    """Raise MeshError when no mesh is up that was made of what this clone has now."""
    check_machine()
    digest = _running()
    if not digest:
        raise MeshError("no mesh is up: `make mesh` starts one")
    if digest != _digest(images.images()):
        raise MeshError("the mesh that is up was made of other images, tools or code: `make mesh` replaces it")


def status() -> str:
    """Whether a mesh is up, and how to use it."""
    check_machine()
    if _running():
        return f"The mesh is up.\n{usage()}"
    return "A mesh was cut off: `make mesh-down` removes it." if leftovers.find() else "No mesh is up."


def usage() -> str:
    """How a person uses the running mesh."""
    return (
        f"  export KUBECONFIG={settings.KUBECONFIG} PATH={tool('kubectl').parent}:$PATH\n"
        f"  kubectl get pods --all-namespaces\n"
        f"tests/mesh/README.md tells how to start upstreams and clients. Logs: {settings.LOGS}."
    )


def _start(made: list[images.Image]) -> None:
    with step("starting containerd and the control plane, loading the images"), ThreadPoolExecutor() as side_by_side:
        network.create()
        containerd = node.start_containerd()
        started = side_by_side.submit(node.start_control_plane)
        try:
            images.load(made)
        except BaseException:
            processes.kill_all()  # or the control plane would be waited for
            raise
        started.result()
    with step("starting the kubelet"):
        node.start_kubelet(containerd)
    with step(f"installing CoreDNS and istiod: {versions.chosen()}"), ThreadPoolExecutor() as side_by_side:
        served = side_by_side.submit(dns.install)
        istio.install()
        served.result()
    (settings.STATE / "packages.txt").write_text(
        packages.versions() + (images.base_folder() / "packages.txt").read_text()
    )


def _running() -> str:
    """The digest of what the mesh was made of that came up wholly and still answers; empty where none does."""
    if _COMPLETE.exists() and kubectl("get", "--raw=/readyz", "--request-timeout=5s", check=False) == "ok":
        return _COMPLETE.read_text()
    return ""


def _digest(made: list[images.Image]) -> str:
    """Of what a mesh is made: images, tools, and the code that starts them."""
    parts = [*images.ingredients(made), *(str(tool(name)) for name in TOOLS)]
    code = [Path(module.__file__ or "").read_text() for module in (settings, images, network, node, dns, istio)]
    return hashlib.sha256("\0".join([*parts, *code]).encode()).hexdigest()


def _check_disk(folder: Path) -> None:
    existing = next(path for path in (folder, *folder.parents) if path.exists())
    free = shutil.disk_usage(existing).free
    if free < DISK_NEEDED:
        needed = f"{DISK_NEEDED / GIB:.0f} GiB below {folder}"
        raise MeshError(f"the disk is too full: the mesh needs {needed}, and {free / GIB:.1f} are free")
