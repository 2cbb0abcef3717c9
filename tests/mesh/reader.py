"""Who follows the commands of a page: with this clone's chart and compiler, in a folder of their own."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

from tests.mesh.errors import MeshError
from tests.mesh.kubectl import environment
from tests.mesh.release import SMALL
from tests.tools import search_path, tool

ROOT = Path(__file__).parents[2]
#: The chart of the clone is in the place of the published one, with pods for a small machine.
PROGRAMS = {
    "helm": """#!/bin/bash
for argument; do shift; set -- "$@" "${argument/#oci:\\/\\/egressc.io/$ROOT}"; done
case $1 in install | upgrade) set -- "$@" --values "$SMALL" ;; esac
exec "$HELM" "$@"
""",
    "egressc": """#!/bin/bash
exec "$PYTHON" -m egressc "$@"
""",
}


class Reader:
    """Follows pages in `folder`."""

    def __init__(self, folder: Path) -> None:
        """Put the programs there."""
        self.folder = folder
        programs = folder / "bin"
        programs.mkdir()
        for name, text in PROGRAMS.items():
            (programs / name).write_text(text)
            (programs / name).chmod(0o755)
        (folder / "small.json").write_text(json.dumps(SMALL))

    def follow(self, commands: str) -> None:
        """Run commands of a page; MeshError with what they say when one fails."""
        done = self.run(commands)
        if done.returncode:
            raise MeshError(f"{commands}\n{done.stdout}{done.stderr}")

    def run(self, commands: str) -> subprocess.CompletedProcess[str]:
        """What comes of commands, whatever it is."""
        return subprocess.run(
            shell(commands), cwd=self.folder, env=self.environment, capture_output=True, text=True, check=False
        )

    def begin(self, commands: str) -> subprocess.Popen[bytes]:
        """Start commands and leave them alone, in a process group of their own."""
        return subprocess.Popen(
            shell(commands),
            cwd=self.folder,
            env=self.environment,
            start_new_session=True,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )

    @property
    def environment(self) -> dict[str, str]:
        """The reader's environment, with the cluster."""
        return environment() | {
            "PATH": f"{self.folder}/bin:{search_path('kubectl')}",
            "PYTHONPATH": os.pathsep.join([str(ROOT / "compiler"), os.environ.get("PYTHONPATH", "")]),
            "ROOT": str(ROOT),
            "HELM": str(tool("helm4")),
            "SMALL": str(self.folder / "small.json"),
            "PYTHON": sys.executable,
        }


def shell(commands: str) -> list[str]:
    """The program that runs commands until one fails."""
    return ["bash", "-euo", "pipefail", "-c", commands]


def block(language: str, text: str, page: str) -> str:
    """The one block of a page, or of a part of it, that is in this language and has this text."""
    fence = re.compile(rf"^```{language}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    (found,) = (str(shown) for shown in fence.findall(page) if text in shown)
    return found
