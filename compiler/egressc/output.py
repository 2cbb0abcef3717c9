"""Where results go: to stdout, or into a file that is written whole or not at all; and what is said on stderr."""

import errno
import os
import stat
import sys
import tempfile
from collections.abc import Mapping
from io import TextIOWrapper
from pathlib import Path
from typing import TextIO

from egressc import printable


class OutputError(Exception):
    """The output cannot be written; the text is for people."""


def prepare() -> None:
    """Makes both streams UTF-8, whatever the locale: YAML is, and so are hosts' descriptions."""
    for number in range(3):
        try:
            os.fstat(number)
        except OSError:  # closed: the next file that is opened would be taken for stdout
            os.open(os.devnull, os.O_RDWR)
    if sys.stderr is None:
        sys.stderr = Path(os.devnull).open("w", encoding="utf-8")  # noqa: SIM115 - as long as the process
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")


def say(text: str) -> None:
    """Writes to stderr. Where that is closed or full nobody can be told: the exit code alone says it."""
    try:
        sys.stderr.write(text)
        sys.stderr.flush()
    except OSError:
        _give_up(sys.stderr)


def complain(message: object) -> None:
    """Says in the name of egressc what keeps it from its work."""
    say(printable.lines(f"egressc: {message}") + "\n")


def write(output: str | None, content: str) -> None:
    """Writes to the file `output`, or to stdout if None. Raises OutputError."""
    try:
        if output is None:
            _print(content)
        elif _is_special(output):
            Path(output).write_text(content, encoding="utf-8")  # a device or a pipe stays what it is
        else:
            _replace(Path(os.path.realpath(output)), content)
    except BrokenPipeError:
        return  # `| head` has seen enough
    except OSError as error:
        raise OutputError(f"{output or 'stdout'} cannot be written: {reason(error)}") from error


def write_all(contents: Mapping[str, str]) -> None:
    """Writes these files, all of them or none, and makes their folders. Raises OutputError."""
    new: list[tuple[Path, Path]] = []
    name = ""
    try:
        for name, content in contents.items():
            path = Path(os.path.realpath(name))
            if path.is_dir():  # the rename would fail, when others are done
                raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR))
            path.parent.mkdir(parents=True, exist_ok=True)
            new.append((_beside(path, content), path))
        for written, path in new:
            written.replace(path)
    except OSError as error:
        for written, _ in new:
            written.unlink(missing_ok=True)
        raise OutputError(f"{name} cannot be written: {reason(error)}") from error


def holds(name: str, content: str) -> bool:
    """Whether the file `name` has this content, with whatever line ends. Raises OutputError."""
    wanted = content.encode()
    try:
        with Path(name).open("rb") as file:
            return file.read(2 * len(wanted) + 1).replace(b"\r\n", b"\n") == wanted
    except FileNotFoundError:
        return False
    except OSError as error:
        raise OutputError(f"{name} cannot be read: {reason(error)}") from error


def reason(error: OSError) -> str:
    """What the system says, without its number."""
    return (error.strerror or str(error)).lower()


def _print(content: str) -> None:
    if sys.stdout is None:
        raise OSError(errno.EBADF, os.strerror(errno.EBADF))
    try:
        sys.stdout.write(content)
        sys.stdout.flush()
    except OSError:
        _give_up(sys.stdout)
        raise


def _give_up(stream: TextIO) -> None:
    # Python would try once more, on its way out, what is still buffered
    os.dup2(os.open(os.devnull, os.O_WRONLY), stream.fileno())


def _is_special(name: str) -> bool:
    try:
        return not stat.S_ISREG(os.stat(name).st_mode)  # noqa: PTH116 - Path turns a loop of links into no file
    except FileNotFoundError:
        return False


def _replace(path: Path, content: str) -> None:
    # the file appears by a rename, so that nobody ever sees half of it
    new = _beside(path, content)
    try:
        new.replace(path)
    except BaseException:
        new.unlink()
        raise


def _beside(path: Path, content: str) -> Path:
    """A new file in the folder of `path`, with `content` and the mode that `path` has."""
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:64]}.")
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        new.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
    except BaseException:
        new.unlink()
        raise
    return new
