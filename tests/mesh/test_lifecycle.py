"""The mesh comes up after one that was cut off, goes without a trace, and says in a sentence why it cannot come up."""

import json
import os
import re
import shutil
import signal
import socket
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.mesh import leftovers, lifecycle, network, node, packages, settings
from tests.mesh.commands import run
from tests.mesh.errors import MeshError
from tests.mesh.lock import locked
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.waiting import wait_until
from tests.tools.go import go_for

pytestmark = pytest.mark.alone("it takes the mesh down")

MESH = (sys.executable, "-m", "tests.mesh")
REPOSITORY = Path(__file__).parents[2]


def traces() -> dict[str, object]:
    """What a mesh could leave on a machine, asked of the machine itself."""
    rules = run("iptables-save").splitlines() + run("ip6tables-save").splitlines()
    files = (path for folder in ("/run", "/run/netns", "/var/lib", "/var/log") for path in Path(folder).glob("*"))
    kernel = {name: Path("/proc/sys", name) for name in network.KERNEL_SETTINGS}
    commands = [Path(folder, "comm") for folder in Path("/proc").glob("[0-9]*")]
    return {
        "rules": [line for line in rules if line.startswith(("-A", ":KUBE"))],
        "links": {link["ifname"] for link in json.loads(run("ip", "-json", "link"))},
        "routes": json.loads(run("ip", "-json", "route", "show", "table", "all")),
        "mounts, network namespaces among them": sorted(
            line.split()[1] for line in Path("/proc/mounts").read_text().splitlines()
        ),
        "files": sorted(map(str, files)),
        "control groups": sorted(map(str, Path("/sys/fs/cgroup").glob(f"**/{settings.CGROUP}"))),
        "kernel": {name: path.read_text() for name, path in kernel.items() if path.exists()},
        "programs": sorted(set(filter(None, map(command_name, commands))) & NODE_PROGRAMS),
    }


NODE_PROGRAMS = {"containerd", "containerd-shim", "coredns", "envoy", "etcd", "kube-apiserver", "kubelet", "pause"}


def command_name(path: Path) -> str:
    """The name of a process that lives, by its file comm; one that has ended leaves no trace, though not reaped yet."""
    try:
        dead = path.with_name("stat").read_text().rpartition(")")[2].split()[0] in "ZX"
        return "" if dead else path.read_text().strip()
    except OSError:  # it is gone meanwhile
        return ""


def cut_off() -> None:
    """Start a mesh, and kill the program that starts it as soon as containers run."""
    with subprocess.Popen([*MESH, "up"], stderr=subprocess.PIPE, text=True) as process:
        assert process.stderr
        for line in process.stderr:
            if "CoreDNS" in line:
                break
        shims = Path("/proc")
        wait_until(
            lambda: any(command_name(path) == "coredns" for path in shims.glob("[0-9]*/comm")), "a pod", seconds=60
        )
        os.kill(process.pid, signal.SIGKILL)


def mesh(verb: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([*MESH, verb], capture_output=True, text=True, check=False)


@pytest.mark.usefixtures("machine")
def test_a_mesh_that_was_cut_off_goes_without_a_trace(proof: Proof) -> None:
    before = traces()
    cut_off()
    assert "cut off" in mesh("status").stdout
    run("mount", "-t", "tmpfs", "tmpfs", str(settings.STATE / "kubelet"))  # as if a kubelet had shared its mounts
    assert len(leftovers.find()) > 20
    for pid_file in settings.STATE.glob("**/*.pid"):  # whatever they say
        pid_file.write_text("1")
    done = mesh("down")
    assert done.returncode == 0, done.stderr
    assert leftovers.find() == []
    assert traces() == before
    claim = "a mesh goes without a trace, also one that was cut off and whose pid files lie"
    kinds = (
        "process, mount, bridge, network namespace, address lease, iptables rule, route, control group, kernel setting"
    )
    proof.row(
        FAULTS, claim, "`make mesh-down` after a kill in the middle of `make mesh`", "nothing", f"no {kinds} is left"
    )


@pytest.mark.usefixtures("machine")
def test_a_tool_that_cannot_be_built(proof: Proof, tmp_path: Path) -> None:
    clone = tmp_path / "clone"
    shutil.copytree(REPOSITORY / "tests", clone / "tests", ignore=shutil.ignore_patterns("__pycache__"))
    coredns = clone / "tests" / "tools" / "coredns"
    go_sum = coredns / "go.sum"
    go_sum.write_text(re.sub(r"(coredns/coredns v\S+ h1:)....", r"\1AAAA", go_sum.read_text()))
    go = go_for((coredns / "go.mod").read_text()).command()
    path = f"{go.parent}{os.pathsep}{os.environ['PATH']}"
    told = refused([*MESH, "up"], clone, PATH=path, XDG_CACHE_HOME=str(tmp_path / "cache"))
    assert re.fullmatch(r"building coredns failed twice, see \S+: .*checksum mismatch", told)
    proof.row(FAULTS, "a tool cannot be built", "`make mesh`", "nothing", "building … failed twice, see …: …")


@pytest.mark.usefixtures("machine")
def test_a_port_that_another_program_has(proof: Proof) -> None:
    with socket.create_server(("", settings.API_PORT)):
        told = refused([*MESH, "up"])
    assert told.startswith(f"port {settings.API_PORT}, which the mesh needs for the API server, is in use: ")
    proof.row(FAULTS, "a port is in use", "`make mesh`", "nothing", "port …, which the mesh needs for …, is in use: …")


@pytest.mark.usefixtures("machine")
def test_a_disk_that_fills_up(proof: Proof) -> None:
    """A small disk in the place where the mesh writes, which nobody else sees."""
    small = f'mount -t tmpfs -o size=300m tmpfs {settings.STATE.parent} && exec "$0" "$@"'
    program = "from tests.mesh import __main__, lifecycle; lifecycle.DISK_NEEDED = 0; raise SystemExit(__main__.main())"
    told = refused(["unshare", "--mount", "sh", "-c", small, sys.executable, "-c", program, "up"])
    assert told.startswith(f"the disk of {settings.STATE} is full; the mesh was removed again")
    sentence = "the disk of … is full; the mesh was removed again, …"
    proof.row(FAULTS, "the disk is full before the mesh is up", "`make mesh`", "nothing", sentence)


def refused(command: Sequence[str], folder: Path = REPOSITORY, **environment: str) -> str:
    """The one sentence of a command that brings no mesh up, and leaves nothing of one."""
    before = traces()
    environment = {**os.environ, "PYTHONPATH": str(folder), **environment}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert leftovers.find() == []
    assert traces() == before
    return done.stderr.strip().splitlines()[-1].partition("error: ")[2]


@pytest.mark.usefixtures("machine")
def test_up_cleans_what_was_cut_off_and_leaves_alone_what_is_up(proof: Proof) -> None:
    """The last of those that want a machine without a mesh: whatever comes after has one."""
    cut_off()
    done = mesh("up")
    assert done.returncode == 0, done.stderr
    assert "removing an earlier mesh" in done.stderr
    assert str(settings.KUBECONFIG) in done.stdout
    assert "up already" in mesh("up").stderr
    assert "is up" in mesh("status").stdout
    claim = "a left-over mesh is removed first, and one that is whole is used again"
    proof.row(FAULTS, claim, "`make mesh` after one that was killed, and once more", "nothing", "a mesh that is up")


def test_one_process_at_a_time_has_the_mesh(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(settings, "LOCK", tmp_path / "lock")
    with locked(shared=True):
        with locked(shared=True):
            pass
        with pytest.raises(MeshError, match="in use"), locked():
            pass
    with locked(), pytest.raises(MeshError, match="being brought up or down"), locked(shared=True):
        pass


def test_port_in_use(monkeypatch: pytest.MonkeyPatch) -> None:
    with socket.create_server(("", 0)) as taken:
        port = taken.getsockname()[1]
        monkeypatch.setattr(settings, "NODE_PORTS", {"etcd": port})
        with pytest.raises(MeshError, match=f"port {port}, which the mesh needs for etcd, is in use"):
            node.check_ports()


def test_another_system_or_user(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 1000)
    with pytest.raises(MeshError, match="needs root"):
        lifecycle.up()
    monkeypatch.setattr(sys, "platform", "darwin")
    with pytest.raises(MeshError, match="Linux only, and this is darwin"):
        lifecycle.up()


def test_full_disk(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(os, "geteuid", lambda: 0)
    monkeypatch.setattr(lifecycle, "DISK_NEEDED", 1 << 60)
    with pytest.raises(MeshError, match="the disk is too full: the mesh needs"):
        lifecycle.up()


def test_package_on_a_machine_that_is_not_debian(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(MeshError, match="needs the Debian packages etcd-server, and this machine has no apt-get"):
        packages.install_missing({"etcd-server": str(tmp_path / "etcd")})
