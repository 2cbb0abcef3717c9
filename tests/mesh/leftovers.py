"""What a mesh, running or cut off, has on this machine: found by what it is, never by what a file says of it."""

import shutil

from tests.mesh import network, processes, settings
from tests.mesh.errors import MeshError


def find() -> list[str]:
    """Everything on this machine that belongs to a mesh, a phrase each; empty when nothing does."""
    found = [f"process {pid}" for pid in sorted(processes.members())]
    found += [f"interface {name}" for name in network.interfaces()]
    found += [f"rule {rule!r}" for rule in network.rules()]
    found += [f"control group {group}" for group in processes.groups()]
    found += [f"folder {settings.STATE}"] if settings.STATE.exists() else []
    return found


def remove() -> None:
    """Remove all of it; MeshError names what is left when something could not be removed.

    Its mounts, network namespaces and address leases go with its processes and its folder.
    """
    processes.kill_all()
    network.remove()
    processes.remove_groups()
    processes.remove_made_folders()
    try:
        shutil.rmtree(settings.STATE)
    except FileNotFoundError:
        pass
    except OSError as error:
        raise MeshError(f"a folder of the mesh could not be removed: {error}") from error
    if left := find():
        raise MeshError("the mesh left " + "; ".join(left))
