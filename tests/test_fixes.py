"""What a finding says to remove is there, and its removal is a cure."""

import re
from collections import Counter
from collections.abc import Iterator
from typing import Any

import pytest
import yaml

from egressc import source
from egressc.compile import compile_sources
from egressc.findings import Finding
from egressc.positions import Mapping, plain
from tests.cases import INVALID, Case


def mappings(data: Any) -> Iterator[Mapping]:
    """All mappings at and below `data`."""
    if isinstance(data, Mapping):
        yield data
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        yield from mappings(item)


def cured(finding: Finding, key: str, name: str, raw: bytes) -> bytes:
    """The file without `key`, which stands beside what the finding points at."""
    if name != finding.span.file:
        return raw
    data, _ = source.load(name, raw)
    (place,) = (mapping for mapping in mappings(data) if finding.span in mapping.keys_at.values())
    del place[key]
    return yaml.safe_dump(plain(data)).encode()


@pytest.mark.parametrize("case", INVALID, ids=lambda case: case.name)
def test_what_a_fix_removes_was_the_mistake(case: Case) -> None:
    lists, overlays = ([(path.name, path.read_bytes()) for path in paths] for paths in (case.lists, case.overlays))
    findings = compile_sources(lists, overlays).findings
    before = Counter(map(problem, findings))
    for finding in findings:
        for setting in re.findall(r"remove `([\w.]+)`", finding.fix):
            key = setting.rpartition(".")[2]
            mended = [[(name, cured(finding, key, name, raw)) for name, raw in files] for files in (lists, overlays)]
            after = Counter(map(problem, compile_sources(*mended).findings))
            assert after[problem(finding)] < before[problem(finding)], finding
            assert set(after) <= set(before), f"the cure of {finding} is a mistake too"


def problem(finding: Finding) -> tuple[str, str]:
    return finding.code, finding.message
