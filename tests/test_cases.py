"""The example lists: each valid one has its values and manifests, each finding code a list that it is found in."""

import re

import pytest
import yaml

from egressc import emit, report
from egressc.cli import main
from egressc.findings import CODES, Code
from tests.cases import INVALID, VALID, Case
from tests.chart import Helm, compiled
from tests.conftest import Golden
from tests.costs import without_cost
from tests.difference import bare_host, difference


@pytest.fixture(params=VALID, ids=lambda case: case.name)
def valid(request: pytest.FixtureRequest) -> Case:
    case: Case = request.param
    return case


@pytest.fixture(params=INVALID, ids=lambda case: case.name)
def invalid(request: pytest.FixtureRequest) -> Case:
    case: Case = request.param
    return case


def _compiled(case: Case, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> tuple[int, str, str]:
    if case.cluster:
        found = case.findings()
        return int(any(one.level == "error" for one in found)), "", report.text(found)
    monkeypatch.chdir(case.folder)
    code = main([case.command, *case.arguments])
    values, errors = capfd.readouterr()
    return code, values, without_cost(errors)


def test_values(
    valid: Case, golden: Golden, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    code, values, findings = _compiled(valid, monkeypatch, capfd)
    assert code == 0
    warned = valid.folder / "findings.txt"
    if findings or warned.exists():
        golden(warned, findings)
    golden(valid.folder / "values.yaml", values)


@pytest.fixture(scope="session")
def bare(helm4: Helm) -> str:
    (case,) = (case for case in VALID if case.name == "bare-hosts")
    return bare_host(helm4.text(emit.dump(compiled(*case.lists))))


def test_manifests(valid: Case, golden: Golden, helm4: Helm, bare: str) -> None:
    """Whole where the case has them whole; what differs from a bare host everywhere else."""
    manifests = helm4.text(valid.folder / "values.yaml")
    whole = valid.folder / "manifests.yaml"
    if whole.exists():
        golden(whole, manifests)
    else:
        gateways = yaml.safe_load((valid.folder / "values.yaml").read_text(encoding="utf-8"))["gateways"]
        golden(valid.folder / "manifests.diff", difference(bare, manifests, gateways))


def test_findings(
    invalid: Case, golden: Golden, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]
) -> None:
    _, _, findings = _compiled(invalid, monkeypatch, capfd)
    golden(invalid.folder / "findings.txt", findings)


def test_codes(invalid: Case, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
    code, values, findings = _compiled(invalid, monkeypatch, capfd)
    expected = invalid.name[:5]
    found = re.findall(r": (error|warning) (EG\d{3}): ", findings)
    assert expected in {code for _, code in found}, f"the case is about {expected}"
    has_errors = "error" in {level for level, _ in found}
    assert (code, values == "") == ((1, True) if has_errors else (0, invalid.cluster is not None))


def test_every_case_is_about_a_code() -> None:
    assert {case.name[:5] for case in INVALID} <= set(CODES)


@pytest.mark.parametrize("code", CODES.values(), ids=lambda code: code.name)
def test_every_code_has_a_case_that_it_is_found_in(code: Code) -> None:
    findings = [finding for case in INVALID if case.name.startswith(f"{code.name}-") for finding in case.findings()]
    assert code.level in {finding.level for finding in findings if finding.code == code.name}


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_what_is_found_and_what_to_write_fit_into_a_line(case: Case) -> None:
    for finding in case.findings():
        assert finding.fix[0].islower(), finding.fix
        for text in (finding.message, finding.fix):
            assert text == text.strip().rstrip(".:"), text
            assert text.count("`") % 2 == 0, text


def test_every_case_says_what_it_shows() -> None:
    for case in VALID:
        for path in (*case.lists, *case.overlays):
            assert re.match(r"# \S.{10,118}[.]\n", path.read_text(encoding="utf-8")), f"{path} begins with no sentence"
