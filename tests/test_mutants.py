"""`make mutants`: the table fits the code and covers what is enforced; the trial tells who dies and who lives."""

import ast
import shlex
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from tests.mutants import MUTANTS
from tests.mutants.mutant import Mutant, NotThereError
from tests.mutants.trial import TrialError, tried
from tests.security import LINES

ROOT = Path(__file__).parents[1]
CODE = "def double(number):\n    return 2 * number\n"
TEST = "from compiler.code import double\n\n\ndef test_double():\n    assert double(2) == 4\n"
FAULT = Mutant("compiler/code.py", "2 * number", "3 * number", "everything is dear", "tests/test_code.py")


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.harm)
def test_its_text_is_there(mutant: Mutant) -> None:
    whole = (ROOT / mutant.file).read_text(encoding="utf-8")
    assert whole.count(mutant.text) == 1
    assert mutant.instead != mutant.text


@pytest.mark.parametrize("mutant", MUTANTS, ids=lambda mutant: mutant.harm)
def test_it_names_tests_that_are_there(mutant: Mutant) -> None:
    assert bool(mutant.tests) != bool(mutant.packet)
    if mutant.tests:
        assert (ROOT / shlex.split(mutant.tests)[0]).is_file()
    else:
        file, _, name = mutant.packet.partition("::")
        tree = ast.parse((ROOT / "tests" / "mesh" / file).read_text(encoding="utf-8"))
        assert name in {part.name for part in tree.body if isinstance(part, ast.FunctionDef)}


def test_each_harm_is_another() -> None:
    assert Counter(mutant.harm for mutant in MUTANTS).most_common(1)[0][1] == 1


def test_all_that_is_enforced_has_a_mutant() -> None:
    assert {mutant.row for mutant in MUTANTS} - {""} == set(LINES)


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    root = tmp_path / "repository"
    files = {"pyproject.toml": '[tool.pytest.ini_options]\nmarkers = ["mesh", "golden"]\n', "compiler/code.py": CODE}
    for name, text in (files | {"compiler/__init__.py": "", "tests/test_code.py": TEST}).items():
        (root / name).parent.mkdir(parents=True, exist_ok=True)
        (root / name).write_text(text, encoding="utf-8")
    subprocess.run(["git", "init", "--quiet", str(root)], check=True)
    return root


def outcomes(repository: Path, *mutants: Mutant) -> list[str]:
    results = tried(repository, repository.parent / "copies", mutants)
    return sorted(result.outcome for result in results)


def test_who_is_noticed_dies_and_the_rest_lives(repository: Path) -> None:
    harmless = FAULT._replace(instead="number * 2")
    named = FAULT._replace(tests="", packet="test_code.py::test_double")
    assert outcomes(repository, FAULT, harmless, named, FAULT) == ["killed", "killed", "named", "survived"]
    assert (repository / "compiler" / "code.py").read_text(encoding="utf-8") == CODE


def test_a_text_that_is_not_there_is_an_error(repository: Path) -> None:
    with pytest.raises(NotThereError, match="has 0 times"):
        outcomes(repository, FAULT._replace(text="4 * number"))


@pytest.mark.parametrize("tests", ["tests/test_none.py", "tests/test_code.py -k nothing"])
def test_tests_that_do_not_run_are_an_error(repository: Path, tests: str) -> None:
    with pytest.raises(TrialError, match="fails without any mutant"):
        outcomes(repository, FAULT._replace(tests=tests))


def test_a_fault_with_which_no_test_runs_is_an_error(repository: Path) -> None:
    with pytest.raises(TrialError, match="everything is dear"):
        outcomes(repository, FAULT._replace(instead="(2 * number"))
