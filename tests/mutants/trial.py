"""Mutants one by one: each in a copy of the repository, against the tests that are to notice it."""

import os
import shlex
import shutil
import subprocess
import sys
import time
from collections.abc import Iterable, Iterator
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass, field
from pathlib import Path
from queue import Queue
from typing import Literal, NamedTuple

from tests.mutants.mutant import Mutant

SIDE_BY_SIDE = 2
LIMIT = 300  # seconds for the tests of one mutant
MAKERS = ("docs.schemas", "docs.chart")  # of what a person edits in schemas/
STATED = "not mesh and not golden"  # tests that state a behaviour
PASSED, FAILED = 0, 1  # pytest's exit codes; any other is about something else than a test

Outcome = Literal["killed", "named", "survived"]


class Result(NamedTuple):
    """What became of a mutant: killed by tests, named by a packet test, or survived; and what pytest said."""

    mutant: Mutant
    outcome: Outcome
    said: str
    seconds: float


class TrialError(Exception):
    """The tests cannot judge: they fail without a mutant, or do not run with it."""


@dataclass
class Copy:
    """A copy of the repository in which tests run."""

    root: Path
    clock: int = field(default_factory=lambda: int(time.time()))

    @classmethod
    def of(cls, repository: Path, root: Path) -> "Copy":
        """All files of the repository that git does not ignore, also those not committed yet."""
        listed = ["git", "-C", str(repository), "ls-files", "-z", "--cached", "--others", "--exclude-standard"]
        names = subprocess.run(listed, capture_output=True, text=True, check=True).stdout.split("\0")
        for name in filter(None, names):
            if (repository / name).is_file():
                (root / name).parent.mkdir(parents=True, exist_ok=True)
                shutil.copy(repository / name, root / name)
        return cls(root)

    def tested(self, tests: str) -> tuple[int, str]:
        """Pytest's exit code for these arguments, and what it said."""
        options = ["-q", "-x", "-p", "no:cacheprovider", "-m", STATED, *shlex.split(tests)]
        ended = self._run("-m", "pytest", *options)
        return ended.returncode, ended.stdout + ended.stderr

    def try_out(self, mutant: Mutant, *, whole: bool) -> Result:
        """Apply a mutant, run its tests, take it back; `whole` runs all tests where its own let it live."""
        if not mutant.tests:
            return Result(mutant, "named", mutant.packet, 0)
        started = time.monotonic()
        before = mutant.apply(self.root)
        try:
            self._changed(mutant)
            code, said = self.tested(mutant.tests)
            if whole and code == PASSED:
                code, said = self.tested("tests")
        finally:
            (self.root / mutant.file).write_text(before, encoding="utf-8")
            self._changed(mutant)
        if code not in (PASSED, FAILED):
            raise TrialError(f"{mutant.tests} with {mutant.file}: {mutant.harm}\n{said}")
        return Result(mutant, "killed" if code == FAILED else "survived", said, time.monotonic() - started)

    def _changed(self, mutant: Mutant) -> None:
        """Have what is made of the file made anew."""
        # Python compiles a file anew when its time in seconds is another: each change has a time of its own
        self.clock += 1
        os.utime(self.root / mutant.file, (self.clock, self.clock))
        for module in MAKERS if mutant.file.startswith("schemas/") else ():
            self._run("-m", module).check_returncode()

    def _run(self, *arguments: str) -> subprocess.CompletedProcess[str]:
        path = os.pathsep.join(map(str, (self.root / "compiler", self.root)))
        return subprocess.run(
            [sys.executable, *arguments],
            cwd=self.root,
            env=os.environ | {"PYTHONPATH": path},
            capture_output=True,
            text=True,
            timeout=LIMIT,
            check=False,
        )


def tried(repository: Path, folder: Path, mutants: Iterable[Mutant], *, whole: bool = False) -> Iterator[Result]:
    """What becomes of each mutant, as it is known; TrialError where the tests cannot tell."""
    copies: Queue[Copy] = Queue()
    for number in range(SIDE_BY_SIDE):
        copies.put(Copy.of(repository, folder / str(number)))
    wanted = list(mutants)
    with ThreadPoolExecutor(SIDE_BY_SIDE) as pool:
        try:
            sound = [pool.submit(_sound, copies, tests) for tests in sorted({one.tests for one in wanted} - {""})]
            for tested in as_completed(sound):
                tested.result()
            for result in as_completed([pool.submit(_tried, copies, mutant, whole) for mutant in wanted]):
                yield result.result()
        finally:
            pool.shutdown(cancel_futures=True)


def _sound(copies: Queue[Copy], tests: str) -> None:
    copy = copies.get()
    try:
        code, said = copy.tested(tests)
    finally:
        copies.put(copy)
    if code != PASSED:
        raise TrialError(f"{tests} fails without any mutant:\n{said}")


def _tried(copies: Queue[Copy], mutant: Mutant, whole: bool) -> Result:
    copy = copies.get()
    try:
        return copy.try_out(mutant, whole=whole)
    finally:
        copies.put(copy)
