"""Programs of the machine, and those that the project builds."""

import subprocess
from collections.abc import Mapping, Sequence

from tests.mesh.errors import MeshError


def ask(
    command: Sequence[str], *, text: str = "", environment: Mapping[str, str] | None = None, seconds: float = 600
) -> subprocess.CompletedProcess[str]:
    """What came of a command with `text` as its input, whatever its exit code; MeshError when it cannot run or end."""
    try:
        return subprocess.run(
            command, input=text, capture_output=True, text=True, env=environment, timeout=seconds, check=False
        )
    except subprocess.TimeoutExpired:
        raise MeshError(f"`{' '.join(command)}` did not end within {seconds:g} s") from None
    except FileNotFoundError:
        raise MeshError(f"this machine has no {command[0]}") from None


def run(*command: str, check: bool = True, text: str = "") -> str:
    """A command's standard output, with `text` as its input.

    MeshError, with the last line of its complaint, when it fails and `check` is set.
    """
    done = ask(command, text=text)
    if check and done.returncode:
        complaint = (done.stderr or done.stdout).strip().splitlines()
        raise MeshError(
            f"`{' '.join(command)}` failed: {complaint[-1] if complaint else f'exit code {done.returncode}'}"
        )
    return done.stdout
