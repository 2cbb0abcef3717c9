"""Where results go: to stdout, or into a file that is written whole or not at all."""

import os
import sys
import tempfile
from io import TextIOWrapper
from pathlib import Path


class OutputError(Exception):
    """The output cannot be written; the text is for people."""


def prepare() -> None:
    """Makes both streams UTF-8, whatever the locale: YAML is, and so are hosts' descriptions."""
    for stream, errors in ((sys.stdout, "surrogateescape"), (sys.stderr, "backslashreplace")):
        if isinstance(stream, TextIOWrapper):
            stream.reconfigure(encoding="utf-8", errors=errors)


def write(output: str | None, content: str) -> None:
    """Writes to the file `output`, or to stdout if None. Raises OutputError."""
    try:
        if output is None:
            sys.stdout.write(content)
            sys.stdout.flush()
        elif Path(output).exists() and not Path(output).is_file():
            Path(output).write_text(content, encoding="utf-8")  # a device or a pipe stays what it is
        else:
            _replace(Path(output).resolve(), content)
    except OSError as error:
        if output is None:
            # Python would try once more, on its way out, what is still buffered
            os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        if isinstance(error, BrokenPipeError):
            return  # `| head` has seen enough
        reason = (error.strerror or str(error)).lower()
        raise OutputError(f"{output or 'stdout'} cannot be written: {reason}") from error


def _replace(path: Path, content: str) -> None:
    # the file appears by a rename, so that nobody ever sees half of it
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name[:64]}.")
    new = Path(name)
    try:
        with os.fdopen(handle, "w", encoding="utf-8") as file:
            file.write(content)
        new.chmod(path.stat().st_mode & 0o777 if path.exists() else 0o644)
        new.replace(path)
    except BaseException:
        new.unlink()
        raise
