"""The processes of the mesh: all of them, the pods' too, live in one control group, where they are found and ended."""

import os
import signal
import subprocess
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

from tests.mesh import settings
from tests.mesh.errors import MeshError
from tests.mesh.waiting import wait_until

#: Where containerd, the network plugins, the kubelet and mount write whatever folder they are given.
WRITTEN_ELSEWHERE = ("/run/mount", "/run/containerd", "/var/lib/cni", "/var/lib/kubelet", "/var/log/containers")
#: Those of them that this machine did not have, a line each.
_MADE_FOLDERS = settings.STATE / "made-folders"

#: Daemons outlive this program, and Python warns of a process that is forgotten while it runs.
_outliving: list[subprocess.Popen[bytes]] = []


@dataclass(frozen=True)
class Daemon:
    """A process of the node that was started here; its output is in `log`."""

    name: str
    process: subprocess.Popen[bytes]
    log: Path

    def check(self) -> None:
        """Raise MeshError when the process has ended, with the last line that it logged."""
        if (status := self.process.poll()) is not None:
            lines = self.log.read_text(errors="replace").strip().splitlines()
            last = lines[-1] if lines else "it logged nothing"
            raise MeshError(f"{self.name} ended with status {status}: {last} (see {self.log})")


def start(
    name: str,
    program: Path | str,
    *arguments: str,
    mounts_of: Daemon | None = None,
    environment: Mapping[str, str] | None = None,
    part: str = "",
) -> Daemon:
    """Start a daemon in the mesh's control group, with a log, the mounts of another, and more in its environment.

    A `part` of the mesh has its own control group within the mesh's.
    """
    enter = ["nsenter", f"--target={mounts_of.process.pid}", "--mount"] if mounts_of else []
    return _start(name, [*enter, str(program), *arguments], environment or {}, part)


def start_with_own_mounts(name: str, program: Path | str, *arguments: str, part: str = "") -> Daemon:
    """Start a daemon that sees folders of the mesh, or of a part of it, in the place of WRITTEN_ELSEWHERE.

    What it mounts nobody else sees, and it is gone with the last process that does.
    """
    binds = []
    missing = [folder for folder in map(Path, WRITTEN_ELSEWHERE) if not folder.exists()]
    with _MADE_FOLDERS.open("a") as made:  # a part finds those that the mesh has made
        made.writelines(f"{folder}\n" for folder in missing)
    for folder in missing:
        folder.mkdir(parents=True)
    for place in WRITTEN_ELSEWHERE:
        own = settings.STATE / part / "elsewhere" / place.strip("/")
        own.mkdir(parents=True)
        binds.append(f"mount --no-mtab --bind {own} {place}")
    script = " && ".join([*binds, 'exec "$0" "$@"'])
    return _start(name, ["unshare", "--mount", "sh", "-c", script, str(program), *arguments], {}, part)


def remove_made_folders() -> None:
    """Remove the folders that were made for a mesh, as far as nobody else has put something there."""
    for folder in _MADE_FOLDERS.read_text().splitlines() if _MADE_FOLDERS.exists() else []:
        with suppress(OSError):
            Path(folder).rmdir()


def await_ready(daemon: Daemon, condition: Callable[[], bool]) -> None:
    """Wait until the condition holds; MeshError when the daemon ends meanwhile."""

    def ready() -> bool:
        daemon.check()
        return condition()

    wait_until(ready, f"{daemon.name} is ready (see {daemon.log})", seconds=60)


def _start(name: str, command: Sequence[str], environment: Mapping[str, str], part: str) -> Daemon:
    settings.LOGS.mkdir(parents=True, exist_ok=True)
    log = settings.LOGS / f"{name}.log"
    join = 'echo $$ > "$0" && exec "$@"'  # the shell joins before it becomes the daemon, so no child is ever outside
    with log.open("wb") as output:
        process = subprocess.Popen(
            ["sh", "-c", join, str(_daemons(part) / "cgroup.procs"), *command],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=settings.STATE,
            env={**os.environ, **environment},
            start_new_session=True,
        )
    _outliving.append(process)
    return Daemon(name, process, log)


def hierarchies() -> list[Path]:
    """Where control groups are mounted: one folder with cgroup v2, one a controller with v1."""
    mounts = [line.split() for line in Path("/proc/mounts").read_text().splitlines()]
    return [Path(mount[1]) for mount in mounts if mount[2] in ("cgroup", "cgroup2")]


def _daemons(part: str) -> Path:
    """The cgroup of the daemons, in one hierarchy: membership is all that is asked of it."""
    mounted = hierarchies()
    return next((path for path in mounted if path.name == "pids"), mounted[0]) / settings.CGROUP / part / "daemons"


def create_groups(part: str = "") -> None:
    """The mesh's cgroup in each hierarchy, or that of a part of it; kubelet keeps its pods below it.

    All pods together have the share of the CPU of one process beside the mesh, unless told otherwise. Where others
    compile at the same time, DNS would then answer no more.
    """
    if not hierarchies():
        raise MeshError("no control groups are mounted on this machine: a kubelet needs them")
    for mounted in hierarchies():
        group = mounted / settings.CGROUP / part
        group.mkdir(exist_ok=True)
        if (delegate := mounted / "cgroup.subtree_control").exists():
            controllers = " ".join(f"+{name}" for name in (mounted / "cgroup.controllers").read_text().split())
            for control in (delegate, group / "cgroup.subtree_control"):
                control.write_text(controllers)
        for file, default in (("cpu.shares", 1024), ("cpu.weight", 100)):
            if not part and (group / file).exists():
                (group / file).write_text(str(16 * default))
    _daemons(part).mkdir(exist_ok=True)


def members(part: str = "") -> set[int]:
    """The ids of all live processes of the mesh, or of a part of it."""
    found: set[int] = set()
    for group in groups(part):
        for listing in group.rglob("cgroup.procs"):
            try:
                found.update(int(pid) for pid in listing.read_text().split())
            except OSError:  # the group went away meanwhile
                continue
    return {pid for pid in found if _alive(pid)}


def _alive(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] not in "ZX"
    except OSError:
        return False


def kill_all(part: str = "") -> None:
    """End every process of the mesh, or of a part of it, at once: half a node would start new ones."""

    def gone() -> bool:
        for pid in (left := members(part)):
            try:
                os.kill(pid, signal.SIGKILL)
            except ProcessLookupError:
                continue
        return not left

    wait_until(gone, "the mesh's processes have ended", seconds=60)


def groups(part: str = "") -> list[Path]:
    """The control groups of the mesh, or of a part of it, that exist, one a hierarchy."""
    return [group for mounted in hierarchies() if (group := mounted / settings.CGROUP / part).is_dir()]


def remove_groups(part: str = "") -> None:
    """Remove the control groups of the mesh, or of a part of it; their processes have ended."""

    def removed() -> bool:
        for group in groups(part):
            for folder in sorted((path for path in group.rglob("*") if path.is_dir()), reverse=True):
                _remove(folder)
            _remove(group)
        return not groups(part)

    wait_until(removed, "the mesh's control groups are gone", seconds=30)


def _remove(group: Path) -> None:
    with suppress(OSError):  # busy for a moment after its last process has ended
        group.rmdir()
