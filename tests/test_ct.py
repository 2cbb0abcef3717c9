"""chart-testing accepts the chart with each of its ci/*-values.yaml, under both Helms."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.chart import CI_VALUES, FEW_CI_VALUES, Helm
from tests.tools import search_path

REPOSITORY = Path(__file__).parents[1]


@pytest.mark.parametrize("helm", ["helm3", "helm4"])
def test_ct_lint(helm: str, tmp_path: Path) -> None:
    # yamllint and yamale are beside this Python, the home has no Helm settings of the user's
    path = os.pathsep.join([str(Path(sys.executable).parent), search_path("ct", helm)])
    environment = os.environ | {"PATH": path, "HOME": str(tmp_path)}
    command = ["ct", "lint", "--config", "tests/ct/ct.yaml", "--all"]
    ended = subprocess.run(command, cwd=REPOSITORY, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stdout + ended.stderr
    for file in CI_VALUES.iterdir():
        assert f"ci/{file.name}" in ended.stdout, "ct passes over a file that its pattern does not match"
    assert "[WARNING]" not in ended.stdout


def test_a_few_of_the_values_print_every_template(helm4: Helm) -> None:
    """Helm 3 installs these only."""

    def templates(*files: Path) -> set[str]:
        return {name for file in files for name in re.findall(r"^# Source: (\S+)", helm4.text(file), re.MULTILINE)}

    assert templates(*FEW_CI_VALUES) == templates(*CI_VALUES.iterdir())
