"""Findings for people, for programs, and as annotations of a pull request."""

from collections.abc import Callable, Sequence

from egressc import printable
from egressc.findings import Finding


def text(findings: Sequence[Finding]) -> str:
    """`file:line:column: level code: what is wrong`, and below it, indented, what to write."""
    return "".join(
        printable.line(f"{one.span.file}:{one.span.line}:{one.span.column}: {one.level} {one.code}: {one.message}")
        + f"\n{printable.line(f'    {one.fix}')}\n"
        for one in findings
    )


def as_json(findings: Sequence[Finding]) -> str:
    """A JSON array of objects with file, line, column, level, code, message, fix."""
    return printable.as_json(
        [
            one.span._asdict() | {key: getattr(one, key) for key in ("level", "code", "message", "fix")}
            for one in findings
        ]
    )


def github(findings: Sequence[Finding]) -> str:
    """GitHub's workflow commands, which show each finding beside its line."""
    return "".join(
        f"::{one.level} file={_property(one.span.file)},line={one.span.line},col={one.span.column},title={one.code}"
        f"::{_data(f'{one.message}: {one.fix}')}\n"
        for one in findings
    )


def _data(content: str) -> str:
    return printable.line(content).replace("%", "%25")


def _property(content: str) -> str:
    return _data(content).replace(":", "%3A").replace(",", "%2C")


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {"text": text, "json": as_json, "github": github}
