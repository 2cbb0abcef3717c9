"""The chart on the mesh: lists are compiled and installed by Helm, as a user does it."""

import json
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Literal

from tests.mesh.commands import ask
from tests.mesh.errors import MeshError
from tests.mesh.kubectl import environment
from tests.tools import tool

CHART = Path(__file__).parents[2] / "charts" / "egress-gateways"

Values = Mapping[str, Any]
HelmName = Literal["helm3", "helm4"]

#: For a fleet on two cores: one small pod a gateway, that drains in a second and checks its upstream each second.
SMALL: Values = {
    "replicas": 1,
    "drainSeconds": 1,
    "resources": {"requests": {"cpu": "5m", "memory": "40Mi"}},
    "readiness": {"interval": "1s", "timeout": "1s", "unhealthyThreshold": 2},
}


@dataclass(frozen=True)
class Release:
    """A release of the chart, that exists once it is applied."""

    namespace: str
    name: str = "egress"
    helm: HelmName = "helm4"

    def apply(self, hosts: str, *values: Values, wait: bool = True, seconds: float = 120) -> None:
        """Install or upgrade to a list of hosts (YAML, as people write it), with more chart values over SMALL.

        With `wait` this returns when every gateway is Ready. MeshError with what the compiler or Helm says otherwise.
        """
        with TemporaryDirectory() as folder:
            compiled = Path(folder, "values.yaml")
            compiled.write_text(compile_list(hosts))
            files = [f"--values={compiled}"]
            for number, more in enumerate((SMALL, *values)):
                file = Path(folder, f"{number}.json")
                file.write_text(json.dumps(more))
                files.append(f"--values={file}")
            waiting = ["--wait", f"--timeout={seconds:g}s"] if wait else []
            self._run("upgrade", "--install", self.name, str(CHART), *files, *waiting)

    def test(self, *options: str) -> subprocess.CompletedProcess[str]:
        """What comes of `helm test`; its output has the logs of its pods."""
        command = [str(tool(self.helm)), "test", self.name, "--namespace", self.namespace, "--timeout=90s", *options]
        return ask(command, environment=environment())

    def get(self, what: str) -> str:
        """What `helm get` knows of the release: its hooks, its values."""
        return self._run("get", what, self.name)

    def uninstall(self) -> None:
        """Remove the release; when this returns, its objects are gone."""
        self._run("uninstall", self.name, "--wait")

    def _run(self, *arguments: str) -> str:
        command = [str(tool(self.helm)), *arguments, "--namespace", self.namespace]
        done = ask(command, environment=environment())
        if done.returncode:
            raise MeshError(f"`helm {' '.join(arguments)}` failed: {done.stderr.strip()}")
        return done.stdout


def compile_list(hosts: str, *options: str) -> str:
    """The chart's values for a list of hosts; MeshError with the findings when the compiler refuses it."""
    with TemporaryDirectory() as folder:
        file = Path(folder, "hosts.yaml")
        file.write_text(hosts)
        command = [sys.executable, "-m", "egressc", "compile", str(file), *options]
        done = ask(command)
    if done.returncode:
        raise MeshError(f"the list does not compile:\n{done.stderr}")
    return done.stdout
