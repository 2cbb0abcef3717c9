"""What is made once and kept outside the clone, in the user's cache folder, under the digest of what made it."""

import fcntl
import hashlib
import os
import platform
import shutil
import sys
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from pathlib import Path


def kept(name: str, made_from: Iterable[str | bytes], make: Callable[[Path], None]) -> Path:
    """The folder `name-<digest of made_from and this machine's kind>`, filled by make(folder) when it is not there yet.

    A folder gets this name when make has returned: one that was cut off is thrown away by the next that needs it.
    Two processes never make the same at once.
    """
    folder = _home() / f"{name}-{_digest([platform.system(), platform.machine(), *made_from])}"
    if folder.is_dir():
        return folder
    folder.parent.mkdir(parents=True, exist_ok=True)
    with _locked(_beside(folder, "lock"), name):
        if not folder.is_dir():
            partial = _beside(folder, "partial")
            shutil.rmtree(partial, ignore_errors=True)
            partial.mkdir()
            make(partial)
            partial.rename(folder)
    return folder


def log(name: str) -> Path:
    """Where the making of `name` writes what it says."""
    _home().mkdir(parents=True, exist_ok=True)
    return _home() / f"{name}.log"


def _home() -> Path:
    base = Path(os.environ.get("XDG_CACHE_HOME", ""))
    return (base if base.is_absolute() else Path.home() / ".cache") / "egressc" / "tools"


def _digest(parts: Iterable[str | bytes]) -> str:
    digest = hashlib.sha256()
    for part in parts:
        data = part.encode() if isinstance(part, str) else part
        digest.update(b"%d:" % len(data) + data)  # the length keeps ("ab", "c") and ("a", "bc") apart
    return digest.hexdigest()[:16]


def _beside(folder: Path, suffix: str) -> Path:
    return folder.with_name(f"{folder.name}.{suffix}")


@contextmanager
def _locked(path: Path, name: str) -> Iterator[None]:
    with path.open("w") as lock:  # the system lifts the lock with the process, however that ends
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            print(f"{name}: another run is making it, waiting for that", file=sys.stderr)
            fcntl.flock(lock, fcntl.LOCK_EX)
        yield
