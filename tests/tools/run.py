"""Running what takes long: the output goes to a log, the time to stderr."""

import subprocess
import sys
import time
from collections.abc import Mapping
from pathlib import Path

from tests.tools.errors import ToolError

LIMIT = 3600.0  # seconds; the longest build takes some 4 minutes on two cores


def run(doing: str, command: list[str], log: Path, cwd: Path, environment: Mapping[str, str]) -> None:
    """Run `command`, its output in `log`, and say on stderr how long `doing` takes.

    A failure is tried once more, as most are the network's; then it is a ToolError.
    """
    for attempt in ("", " again"):
        with log.open("wb") as output:
            process = subprocess.Popen(
                command, cwd=cwd, env=environment, stdin=subprocess.DEVNULL, stdout=output, stderr=subprocess.STDOUT
            )
            if _awaited(process, doing + attempt) == 0:
                return
    raise ToolError(f"{doing} failed twice, see {log}: {_reason(log)}")


def _awaited(process: subprocess.Popen[bytes], doing: str) -> int:
    live = sys.stderr.isatty()
    started = time.monotonic()
    _say(f"{doing} …", live)
    try:
        while True:
            try:
                process.wait(timeout=1 if live else 30)
                break
            except subprocess.TimeoutExpired:
                elapsed = time.monotonic() - started
                _say(f"{doing} … {elapsed:.0f} s", live)
                if elapsed > LIMIT:
                    process.kill()
    finally:
        process.kill()  # where this run is interrupted; harmless to what has ended
        process.wait()
    outcome = "done" if process.returncode == 0 else "failed"
    _say(f"{doing}: {outcome} in {time.monotonic() - started:.0f} s", live)
    if live:
        print(file=sys.stderr)
    return process.returncode


def _say(text: str, live: bool) -> None:
    """On a terminal one line that is written over, elsewhere a line each."""
    print(f"\r\x1b[K{text}" if live else text, end="" if live else "\n", file=sys.stderr, flush=True)


def _reason(log: Path) -> str:
    """The first line of a log that is neither progress nor a heading."""
    lines = (line.strip() for line in log.read_text(errors="replace").splitlines())
    return next((line for line in lines if line and not line.startswith(("go: downloading", "#"))), "it said nothing")
