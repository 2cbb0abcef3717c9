"""Findings for people, for programs, and beside the lines of a pull request."""

from collections import Counter
from collections.abc import Callable, Sequence
from hashlib import sha256
from urllib.parse import quote
from xml.sax.saxutils import escape, quoteattr

from egressc import __version__, printable
from egressc.findings import CODES, Finding

#: Of the JSON.
VERSION = 1
SARIF = "https://json.schemastore.org/sarif-2.1.0.json"


def text(findings: Sequence[Finding]) -> str:
    """`file:line:column: level code: what is wrong`, and below it, indented, what to write."""
    return "".join(
        printable.line(f"{one.span.file}:{one.span.line}:{one.span.column}: {one.level} {one.code}: {one.message}")
        + f"\n{printable.line(f'    {one.fix}')}\n"
        for one in findings
    )


def as_json(findings: Sequence[Finding]) -> str:
    """A JSON object: its `version`, and `findings`, each with file, line, column, level, code, message, fix."""
    keys = ("level", "code", "message", "fix")
    some = [one.span._asdict() | {key: getattr(one, key) for key in keys} for one in findings]
    return printable.as_json({"version": VERSION, "findings": some})


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


def sarif(findings: Sequence[Finding]) -> str:
    """SARIF 2.1.0, which code scanning reads."""
    rules = [
        {"id": code, "shortDescription": {"text": _title(code)}} for code in sorted({one.code for one in findings})
    ]
    driver = {"name": "egressc", "version": __version__, "rules": rules}
    results = [
        {
            "ruleId": one.code,
            "level": one.level,
            "message": {"text": f"{one.message}: {one.fix}"},
            "locations": [
                {
                    "physicalLocation": {
                        "artifactLocation": {"uri": quote(one.span.file, errors="surrogateescape")},
                        "region": {"startLine": one.span.line, "startColumn": one.span.column},
                    }
                }
            ],
        }
        for one in findings
    ]
    run = {"tool": {"driver": driver}, "columnKind": "unicodeCodePoints", "results": results}
    return printable.as_json({"$schema": SARIF, "version": "2.1.0", "runs": [run]})


def gitlab(findings: Sequence[Finding]) -> str:
    """GitLab's code quality report. A finding keeps its fingerprint when lines move."""
    seen: Counter[str] = Counter()
    reports = []
    for one in findings:
        known = "\0".join((one.span.file, one.code, one.message))
        seen[known] += 1
        reports.append(
            {
                "description": f"{one.message}: {one.fix}",
                "check_name": one.code,
                "fingerprint": sha256(f"{known}\0{seen[known]}".encode(errors="backslashreplace")).hexdigest(),
                "severity": {"error": "major", "warning": "minor"}[one.level],
                "location": {"path": one.span.file, "lines": {"begin": one.span.line}},
            }
        )
    return printable.as_json(reports)


def junit(findings: Sequence[Finding]) -> str:
    """JUnit's XML: an error is a test that failed, a warning one that passed and said something."""
    failures = sum(one.level == "error" for one in findings)
    counts = f'tests="{max(len(findings), 1)}" failures="{failures}"'
    cases = "".join(map(_case, findings)) or '    <testcase classname="egressc" name="no findings"/>\n'
    head = '<?xml version="1.0" encoding="UTF-8"?>\n'
    return f'{head}<testsuites>\n  <testsuite name="egressc" {counts}>\n{cases}  </testsuite>\n</testsuites>\n'


def _case(one: Finding) -> str:
    place = f"{one.span.file}:{one.span.line}:{one.span.column}"
    name = " ".join(map(_attribute, ("classname", "name", "file"), (one.code, f"{place} {one.code}", one.span.file)))
    element, content = ("failure", one.message) if one.level == "error" else ("system-out", "")
    message = f" {_attribute('message', content)}" if content else ""
    body = escape(printable.line(f"{one.message}: {one.fix}"))
    return f"    <testcase {name}><{element}{message}>{body}</{element}></testcase>\n"


def _attribute(name: str, content: str) -> str:
    return f"{name}={quoteattr(printable.line(content))}"


def _title(code: str) -> str:
    return CODES[code].title if code in CODES else "a file is not what the list compiles to"


FORMATS: dict[str, Callable[[Sequence[Finding]], str]] = {
    "text": text,
    "json": as_json,
    "github": github,
    "gitlab": gitlab,
    "junit": junit,
    "sarif": sarif,
}
