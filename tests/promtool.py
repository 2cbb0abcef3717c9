"""Prometheus's own engine: which alerts fire of series that a test makes up."""

import subprocess
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import yaml

from tests.chart import Documents
from tests.tools import tool

Labels = dict[str, str]
#: A series as PromQL writes it, and its values as promtool does: `0+10x90` are 0, 10, 20 and so on, one a minute.
Samples = Mapping[str, str]


def together(documents: Documents) -> Any:
    """All rules that the chart prints, as one file."""
    printed = [one["spec"] for (kind, _, _), one in documents.items() if kind == "PrometheusRule"]
    return {"groups": [group for one in printed for group in one["groups"]]}


def check(rules: Any, folder: Path) -> subprocess.CompletedProcess[str]:
    """What promtool says of a file of rules."""
    return _run(folder, "check", "rules", "--lint=all", "--lint-fatal", _written(folder, "rules.yaml", rules))


def fire(rules: Any, samples: Samples, at: str, expected: Mapping[str, Sequence[Labels]], folder: Path) -> None:
    """Asserts that exactly the `expected` alerts of `rules` fire `at` a time such as 90m, each with its labels."""
    named = [rule["alert"] for group in rules["groups"] for rule in group["rules"] if "alert" in rule]
    assert expected.keys() <= set(named)
    # promtool compares texts too, which a test of labels need not repeat
    bare = {"groups": [group | {"rules": [_bare(one) for one in group["rules"]]} for group in rules["groups"]]}
    case = {
        "interval": "1m",
        "input_series": [{"series": series, "values": values} for series, values in samples.items()],
        "alert_rule_test": [
            {"eval_time": at, "alertname": name, "exp_alerts": [{"exp_labels": one} for one in expected.get(name, [])]}
            for name in named
        ],
    }
    _written(folder, "rules.yaml", bare)
    tests = {"rule_files": ["rules.yaml"], "evaluation_interval": "1m", "tests": [case]}
    said = _run(folder, "test", "rules", _written(folder, "tests.yaml", tests))
    assert said.returncode == 0, said.stdout + said.stderr


def _bare(rule: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in rule.items() if key != "annotations"}


def _written(folder: Path, name: str, content: Any) -> str:
    (folder / name).write_text(yaml.safe_dump(content), encoding="utf-8")
    return name


def _run(folder: Path, *arguments: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run([tool("promtool"), *arguments], cwd=folder, capture_output=True, text=True, check=False)
