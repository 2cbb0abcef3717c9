"""Findings for people, for programs, and as annotations of a pull request."""

import json
from collections.abc import Callable, Sequence

from egressc.findings import Finding


def text(findings: Sequence[Finding]) -> str:
    """`file:line:column: level code: what is wrong`, and below it, indented, what to write."""
    return "".join(
        _visible(f"{one.span.file}:{one.span.line}:{one.span.column}: {one.level} {one.code}: {one.message}")
        + _visible(f"    {one.fix}")
        for one in findings
    )


def _visible(line: str) -> str:
    """One line, whatever a list's strings contain: line breaks and terminal codes as escapes."""
    if not line.isprintable():
        line = "".join(c if c.isprintable() else c.encode("unicode_escape").decode() for c in line)
    return f"{line}\n"


def as_json(findings: Sequence[Finding]) -> str:
    """A JSON array of objects with file, line, column, level, code, message, fix."""
    rows = [
        one.span._asdict() | {key: getattr(one, key) for key in ("level", "code", "message", "fix")} for one in findings
    ]
    return json.dumps(rows, indent=2, ensure_ascii=False) + "\n"


def github(findings: Sequence[Finding]) -> str:
    """GitHub's workflow commands, which show each finding beside its line."""
    return "".join(
        f"::{one.level} file={_property(one.span.file)},line={one.span.line},col={one.span.column},title={one.code}"
        f"::{_data(f'{one.message}: {one.fix}')}\n"
        for one in findings
    )


def _data(content: str) -> str:
    return content.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _property(content: str) -> str:
    return _data(content).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {"text": text, "json": as_json, "github": github}
