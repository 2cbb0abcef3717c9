"""Findings for people, for programs and for GitHub."""

import json
import re

from hypothesis import given
from hypothesis import strategies as st

from egressc import report
from egressc.findings import Finding, Span
from tests.harmless import ATTACKS, harmless

GITHUB = re.compile(r"::error file=(?P<name>[^:,]*),line=3,col=4,title=EG101::(?P<data>.*)")
FINDINGS = (
    Finding(Span("teams/a, b.yaml", 3, 7), "EG201", "100% wrong", "write\nthis"),
    Finding(Span("hosts.yaml", 1, 1), "EG219", "doubtful: `\x1b[31m`\u2028", "look", "warning"),
)


def test_text() -> None:
    assert report.text(FINDINGS) == (
        "teams/a, b.yaml:3:7: error EG201: 100% wrong\n    write\\nthis\n"
        "hosts.yaml:1:1: warning EG219: doubtful: `\\x1b[31m`\\u2028\n    look\n"
    )


@given(st.text(), st.text())
def test_text_is_two_lines_a_finding_whatever_a_list_contains(message: str, fix: str) -> None:
    lines = report.text([Finding(Span("f", 1, 1), "EG101", message, fix)]).splitlines()
    assert len(lines) == 2
    assert all(line.isprintable() for line in lines)


@given(*[st.text() | st.sampled_from(ATTACKS)] * 3)
def test_no_finding_is_a_command(name: str, message: str, fix: str) -> None:
    finding = Finding(Span(name, 3, 4), "EG101", message, fix)
    assert harmless(report.text([finding]))
    assert harmless(report.as_json([finding]))
    own, *rest = report.github([finding]).split("\n")
    assert rest == [""]
    command = GITHUB.fullmatch(own)
    assert command
    assert harmless(command["name"] + command["data"])


@given(st.text(), st.text())
def test_json_has_it_all(message: str, fix: str) -> None:
    finding = Finding(Span("f", 3, 4), "EG101", message, fix)
    assert json.loads(report.as_json([finding])) == [
        {"file": "f", "line": 3, "column": 4, "level": "error", "code": "EG101", "message": message, "fix": fix}
    ]
    assert json.loads(report.as_json([])) == []


def test_github() -> None:
    assert report.github(FINDINGS).splitlines()[0] == (
        "::error file=teams/a%2C b.yaml,line=3,col=7,title=EG201::100%25 wrong: write\\nthis"
    )


def test_findings_stand_in_the_order_of_the_lines() -> None:
    spans = [Span("b", 1, 1), Span("a", 10, 1), Span("a", 9, 2), Span("a", 9, 1)]
    findings = [Finding(span, "EG101", "", "") for span in spans]
    assert [finding.span for finding in sorted(findings)] == spans[::-1]
