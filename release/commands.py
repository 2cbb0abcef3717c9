"""Running the programs that make a release."""

import os
import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path


class ReleaseError(Exception):
    """There is no release; the text is one sentence for people."""


def run(command: Sequence[str | Path], folder: Path, environment: Mapping[str, str] | None = None) -> str:
    """What the command says on stdout; ReleaseError with the end of what it says on stderr if it fails."""
    try:
        ended = subprocess.run(
            command, cwd=folder, env=os.environ | (environment or {}), capture_output=True, text=True, check=False
        )
    except FileNotFoundError as error:
        raise ReleaseError(f"`{command[0]}` is not on this machine") from error
    if ended.returncode:
        said = " ".join((ended.stderr or ended.stdout).split())[-600:]
        raise ReleaseError(f"`{' '.join(map(str, command[:4]))} …` failed: {said}")
    return ended.stdout
