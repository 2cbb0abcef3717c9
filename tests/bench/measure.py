"""Whole processes, timed from their start to their end."""

import os
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

Command = Sequence[str]
ROUNDS = 5


@dataclass(frozen=True, slots=True)
class Measured:
    """What some commands one after another took: the median of their time, and the most memory of one process."""

    seconds: float
    peak_bytes: int


def measure(jobs: Mapping[str, Sequence[Command]], environment: Mapping[str, str]) -> dict[str, Measured]:
    """Each job five times, round by round, so that whatever else the machine does falls on all of them alike."""
    runs: dict[str, list[Measured]] = {name: [] for name in jobs}
    for number in range(ROUNDS):
        for name, commands in jobs.items():
            print(f"round {number + 1} of {ROUNDS}: {name} …", file=sys.stderr)
            started = time.monotonic()
            peaks = [_run(command, environment) for command in commands]
            runs[name].append(Measured(time.monotonic() - started, max(peaks)))
    return {
        name: Measured(statistics.median(run.seconds for run in these), max(run.peak_bytes for run in these))
        for name, these in runs.items()
    }


def _run(command: Command, environment: Mapping[str, str]) -> int:
    with tempfile.TemporaryFile() as errors:
        process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL, stderr=errors)
        # the system's own count of this one process; subprocess has none
        _, status, usage = os.wait4(process.pid, 0)
        process.returncode = os.waitstatus_to_exitcode(status)
        if process.returncode:
            errors.seek(0)
            raise RuntimeError(f"{' '.join(command)} failed: {errors.read().decode(errors='replace').strip()}")
    return usage.ru_maxrss * 1024
