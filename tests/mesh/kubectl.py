"""kubectl against the mesh's own API server."""

import json
import os
import subprocess
from collections.abc import Mapping, Sequence
from typing import Any

from tests.mesh import settings
from tests.mesh.commands import ask
from tests.mesh.errors import MeshError
from tests.tools import tool

#: A Kubernetes object, or a list of them, as JSON has it.
Manifest = Mapping[str, Any]
#: What kubectl says when it does not hear of a command's end: the API server closes the connection now and then while
#: output is still on its way, in 10 of 2,000 commands with a megabyte of it.
BROKEN_OFF = "error: error reading from error stream: "


def environment() -> dict[str, str]:
    """The environment of this process with the mesh's KUBECONFIG: for kubectl, helm, istioctl and ct."""
    return {**os.environ, "KUBECONFIG": str(settings.KUBECONFIG)}


def kubectl(*arguments: str, text: str = "", check: bool = True, seconds: float = 120) -> str:
    """Standard output of `kubectl arguments…` with `text` as its input.

    MeshError, with kubectl's complaint, when it fails and `check` is set.
    """
    done = ask([str(tool("kubectl")), *arguments], text=text, environment=environment(), seconds=seconds)
    if check and done.returncode:
        raise MeshError(f"`kubectl {' '.join(arguments)}` failed: {done.stderr.strip()}")
    return done.stdout


def get(*arguments: str) -> Any:
    """The object, or the list of objects, that `kubectl get arguments…` finds, as JSON has it."""
    return json.loads(kubectl("get", "--output=json", *arguments))


def apply(*manifests: Manifest | str, server_side: bool = False) -> None:
    """Apply objects, or YAML texts of them."""
    documents = [manifest if isinstance(manifest, str) else json.dumps(manifest) for manifest in manifests]
    options = ["--server-side"] if server_side else []
    kubectl("apply", *options, "--filename=-", text="\n---\n".join(documents))


def execute(
    namespace: str, pod: str, container: str, command: Sequence[str], *, text: str = "", seconds: float = 60
) -> subprocess.CompletedProcess[str]:
    """A command that changes nothing in a container, with `text` as its input: its exit code and its output.

    It runs once more, twice at most, when the API server broke off before its end: nothing is known of it then. What
    sends requests runs by `Client.run`.
    """
    where = ["--stdin", "--namespace", namespace, pod, "--container", container]
    arguments = [str(tool("kubectl")), "exec", *where, "--", *command]
    for _ in range(2):
        done = ask(arguments, text=text, environment=environment(), seconds=seconds)
        if BROKEN_OFF not in done.stderr:
            return done
    return ask(arguments, text=text, environment=environment(), seconds=seconds)
