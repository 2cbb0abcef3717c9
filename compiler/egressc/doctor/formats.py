"""A diagnosis for people and for programs."""

from collections.abc import Callable, Sequence

from egressc import printable, report
from egressc.counted import times
from egressc.doctor import Diagnosis
from egressc.findings import Finding

#: Of the JSON.
VERSION = 1
RIGHTS = "examples/doctor/cluster-role.yaml"


def text(diagnosis: Diagnosis) -> str:
    """The problems, the worst first, then what nobody knows, then what is well."""
    said = report.text([one.finding for one in diagnosis.problems])
    unknown: dict[str, list[str]] = {}
    for one in diagnosis.unknown:
        unknown.setdefault(one.why, []).append(one.about)
    for why, about in unknown.items():
        said += printable.line(f"unknown: {why}") + "\n"
        said += printable.line(f"    so it is not known whether {'; '.join(dict.fromkeys(about))}") + "\n"
    if any("the right to" in one.why for one in diagnosis.unknown):
        said += f"    {RIGHTS} has all rights that this command needs\n"
    if diagnosis.well:
        said += printable.line(f"well: {', '.join(diagnosis.well)}") + "\n"
    return said + _summary(diagnosis) + "\n"


def _summary(diagnosis: Diagnosis) -> str:
    warnings = len(diagnosis.problems) - diagnosis.errors
    parts = [times(count, what) for count, what in ((diagnosis.errors, "error"), (warnings, "warning")) if count]
    parts += [f"{len(diagnosis.unknown)} unknown"] if diagnosis.unknown else []
    return ", ".join(parts) or "nothing is wrong"


def as_json(diagnosis: Diagnosis) -> str:
    """A JSON object: `version`; `problems`, each a finding with its object, since when, and its hosts; `unknown`, each
    with the check, what it is about and why; `well`, in words.
    """
    keys = ("level", "code", "message", "fix")
    problems = [
        {key: getattr(one.finding, key) for key in keys}
        | {"object": one.about, "since": one.since, "hosts": list(one.place.hosts)}
        | one.finding.span._asdict()
        for one in diagnosis.problems
    ]
    unknown = [{"check": one.check, "about": one.about, "why": one.why} for one in diagnosis.unknown]
    return printable.as_json(
        {"version": VERSION, "problems": problems, "unknown": unknown, "well": list(diagnosis.well)}
    )


def _as_findings(shown: Callable[[Sequence[Finding]], str]) -> Callable[[Diagnosis], str]:
    return lambda diagnosis: shown([one.finding for one in diagnosis.problems])


#: `text` and `json` are the doctor's own; the others show its problems as findings of the list.
FORMATS: dict[str, Callable[[Diagnosis], str]] = {
    name: _as_findings(shown) for name, shown in report.FORMATS.items()
} | {"text": text, "json": as_json}  # fmt: skip
