"""The Debian packages that the node needs, installed when they are missing."""

import os
import shutil
from pathlib import Path

from tests.mesh.commands import run
from tests.mesh.errors import MeshError
from tests.mesh.progress import step

#: By package, a file that tells that it is there.
NEEDED = {
    "containerd": "/usr/bin/containerd",
    "containernetworking-plugins": "/usr/lib/cni/bridge",
    "debootstrap": "/usr/sbin/debootstrap",
    "etcd-server": "/usr/bin/etcd",
    "iproute2": "/usr/bin/ip",
    "iptables": "/usr/sbin/iptables",
    "runc": "/usr/sbin/runc",
}


def install_missing(needed: dict[str, str] = NEEDED) -> None:
    """Install what is missing with apt-get."""
    missing = [package for package, file in needed.items() if not Path(file).exists()]
    if not missing:
        return
    if not shutil.which("apt-get"):
        raise MeshError(
            f"the mesh needs the Debian packages {', '.join(missing)}, and this machine has no apt-get to install them"
        )
    os.environ["DEBIAN_FRONTEND"] = "noninteractive"
    with step(f"installing the Debian packages {', '.join(missing)}"):
        run("apt-get", "update")
        run("apt-get", "install", "--yes", "--no-install-recommends", *missing)


def versions() -> str:
    """The installed versions of the needed packages, a line each: name, version."""
    return run("dpkg-query", "--show", *sorted(NEEDED))
