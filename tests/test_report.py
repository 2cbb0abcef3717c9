"""Findings for people, for programs and for GitHub."""

import json
import re
from dataclasses import replace
from xml.etree import ElementTree

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
DRIFT = Finding(Span("values.yaml", 1, 1), "drift", "not what the list compiles to", "run it")


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
    for form in ("json", "gitlab", "junit", "sarif"):
        assert harmless(report.FORMATS[form]([finding]))
    own, *rest = report.github([finding]).split("\n")
    assert rest == [""]
    command = GITHUB.fullmatch(own)
    assert command
    assert harmless(command["name"] + command["data"])


@given(st.text(), st.text())
def test_json_has_it_all(message: str, fix: str) -> None:
    finding = Finding(Span("f", 3, 4), "EG101", message, fix)
    known = {"file": "f", "line": 3, "column": 4, "level": "error", "code": "EG101", "message": message, "fix": fix}
    assert json.loads(report.as_json([finding])) == {"version": 1, "findings": [known]}
    assert json.loads(report.as_json([])) == {"version": 1, "findings": []}


def test_github() -> None:
    assert report.github(FINDINGS).splitlines()[0] == (
        "::error file=teams/a%2C b.yaml,line=3,col=7,title=EG201::100%25 wrong: write\\nthis"
    )


def test_sarif() -> None:
    whole = json.loads(report.sarif((*FINDINGS, DRIFT)))
    (run,) = whole["runs"]
    assert (whole["version"], run["tool"]["driver"]["name"]) == ("2.1.0", "egressc")
    assert [rule["id"] for rule in run["tool"]["driver"]["rules"]] == ["EG201", "EG219", "drift"]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "error"]
    place = run["results"][0]["locations"][0]["physicalLocation"]
    assert place["artifactLocation"] == {"uri": "teams/a%2C%20b.yaml"}
    assert place["region"] == {"startLine": 3, "startColumn": 7}
    assert json.loads(report.sarif([]))["runs"][0]["results"] == []


def test_gitlab() -> None:
    first, second = json.loads(report.gitlab(FINDINGS))
    assert first["location"] == {"path": "teams/a, b.yaml", "lines": {"begin": 3}}
    assert (first["check_name"], first["severity"], second["severity"]) == ("EG201", "major", "minor")
    moved = [replace(finding, span=Span(finding.span.file, 40, 1)) for finding in FINDINGS]
    prints = [[one["fingerprint"] for one in json.loads(report.gitlab(some))] for some in (FINDINGS, moved)]
    assert prints[0] == prints[1]
    twice = [one["fingerprint"] for one in json.loads(report.gitlab(FINDINGS * 2))]
    assert len(set(twice)) == 4
    assert json.loads(report.gitlab([])) == []


@given(*[st.text() | st.sampled_from(ATTACKS)] * 3)
def test_junit(name: str, message: str, fix: str) -> None:
    findings = [Finding(Span(name, 3, 4), "EG101", message, fix), *FINDINGS]
    (suite,) = ElementTree.fromstring(report.junit(findings))  # noqa: S314 - ours
    assert (suite.get("tests"), suite.get("failures")) == ("3", "2")
    assert [case[0].tag for case in suite] == ["failure", "failure", "system-out"]
    (nothing,) = ElementTree.fromstring(report.junit([]))[0]  # noqa: S314 - ours
    assert (nothing.get("name"), len(nothing)) == ("no findings", 0)


def test_names_that_are_not_utf_8() -> None:
    finding = Finding(Span("\udcff.yaml", 1, 1), "EG101", "", "")
    for form in report.FORMATS.values():
        assert form([finding]).isascii()


def test_findings_stand_in_the_order_of_the_lines() -> None:
    spans = [Span("b", 1, 1), Span("a", 10, 1), Span("a", 9, 2), Span("a", 9, 1)]
    findings = [Finding(span, "EG101", "", "") for span in spans]
    assert [finding.span for finding in sorted(findings)] == spans[::-1]
