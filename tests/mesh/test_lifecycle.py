"""The mesh comes up after one that was cut off, goes without a trace, and says in a sentence why it cannot come up."""

import json
import os
import signal
import socket
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mesh import leftovers, lifecycle, network, node, packages, settings
from tests.mesh.commands import run
from tests.mesh.errors import MeshError
from tests.mesh.lock import locked
from tests.mesh.waiting import wait_until

MESH = (sys.executable, "-m", "tests.mesh")


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
def test_a_mesh_that_was_cut_off_goes_without_a_trace() -> None:
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


@pytest.mark.usefixtures("machine")
def test_up_cleans_what_was_cut_off_and_leaves_alone_what_is_up() -> None:
    cut_off()
    done = mesh("up")
    assert done.returncode == 0, done.stderr
    assert "removing an earlier mesh" in done.stderr
    assert str(settings.KUBECONFIG) in done.stdout
    assert "up already" in mesh("up").stderr
    assert "is up" in mesh("status").stdout


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
