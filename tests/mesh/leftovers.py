"""What a mesh, running or cut off, has on this machine: found by what it is, never by what a file says of it."""

import shutil
from pathlib import Path

from tests.mesh import network, processes, settings
from tests.mesh.commands import run
from tests.mesh.errors import MeshError


def find() -> list[str]:
    """Everything on this machine that belongs to a mesh, a phrase each; empty when nothing does."""
    found = [f"process {pid}" for pid in sorted(processes.members())]
    found += [f"interface {name}" for name in network.interfaces()]
    found += [f"rule {rule!r}" for rule in network.rules()]
    found += [f"control group {group}" for group in processes.groups()]
    found += [f"mount {mount}" for mount in _mounts()]
    found += [f"folder {settings.STATE}"] if settings.STATE.exists() else []
    return found


def remove() -> None:
    """Remove all of it; MeshError names what is left when something could not be removed.

    Its network namespaces, address leases and most mounts go with its processes; mounts in this program's own view of
    the machine are ended here.
    """
    processes.kill_all()
    network.remove()
    processes.remove_groups()
    processes.remove_made_folders()
    for mount in _mounts():
        run("umount", "--lazy", str(mount), check=False)
    try:
        shutil.rmtree(settings.STATE)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise MeshError(f"a folder of the mesh could not be removed: {error}") from error
    if left := find():
        raise MeshError("the mesh left " + "; ".join(left))


def _mounts() -> list[Path]:
    """What is mounted in the mesh's folder, the deepest first."""
    mounts = [Path(line.split()[1]) for line in Path("/proc/mounts").read_text().splitlines()]
    return sorted((mount for mount in mounts if mount.is_relative_to(settings.STATE)), reverse=True)
