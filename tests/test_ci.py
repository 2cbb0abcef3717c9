"""What CI runs: stages with limits, the proof page compared, the mesh taken down whatever happened."""

import shutil
import subprocess
from collections.abc import Mapping
from pathlib import Path

import pytest

from tests.mesh.versions import PAIRS, Pair

SCRIPT = Path(__file__).parents[1] / ".ci" / "run"
PAGE = "| Claim | Sent | The upstream saw | The client saw |\n| --- | --- | --- | --- |\n"
TAKEN_DOWN = "==> make mesh-down: passed after"


def ci(clone: Path, recipes: Mapping[str, str] | None = None, limit: str = "50m") -> subprocess.CompletedProcess[str]:
    """What the script does where make targets do nothing but what they are given, with a limit for the longest."""
    for folder in (".ci", "docs"):
        (clone / folder).mkdir()
    script = clone / ".ci" / "run"
    shutil.copy(SCRIPT, script)
    script.write_text(script.read_text().replace("50m", limit))
    (clone / "docs" / "proof.md").write_text(f"{PAGE}| a claim | sent | before | 200 |\n")
    made = dict.fromkeys(("demo", "test", "mutants", "e2e", "mesh-down"), "true") | dict(recipes or {})
    (clone / "Makefile").write_text("".join(f"{target}:\n\t{recipe}\n" for target, recipe in made.items()))
    git = ["git", "-C", str(clone), "-c", "user.name=test", "-c", "user.email=test@example.com"]
    for command in (["init", "--quiet"], ["add", "--all"], ["commit", "--quiet", "--message=test"]):
        subprocess.run([*git, *command], check=True)
    return subprocess.run([script], capture_output=True, text=True, check=False)


#: All tests on the default pair, then the short form on the others.
E2E = ["make e2e", *(f"make e2e SHORT=1 ISTIO={pair.istio} ENVOY={pair.envoy}" for pair in PAIRS[1:])]


def test_every_stage_passes(tmp_path: Path) -> None:
    ran = ci(tmp_path)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    passed = [line for line in ran.stdout.splitlines() if ": passed after " in line]
    stages = ["make demo", "make test", "make mutants", *E2E, "make mesh-down", "CI"]
    assert [line.removeprefix("==> ").partition(":")[0] for line in passed] == stages


@pytest.mark.parametrize("pair", PAIRS[1:], ids=str)
def test_a_pair_that_fails_fails_all(tmp_path: Path, pair: Pair) -> None:
    ran = ci(tmp_path, {"e2e": f'test "$(SHORT) $(ISTIO) $(ENVOY)" != "1 {pair.istio} {pair.envoy}"'})
    assert ran.returncode != 0
    *passed, failed, _, _ = (line for line in ran.stdout.splitlines() if line.startswith("==> ") and " after " in line)
    assert failed.startswith(f"==> {E2E[PAIRS.index(pair)]}: failed with exit code")
    assert len(passed) == 3 + PAIRS.index(pair)


@pytest.mark.parametrize("target", ["demo", "test", "mutants", "e2e"])
def test_a_stage_that_fails_is_the_last_and_the_mesh_goes(tmp_path: Path, target: str) -> None:
    ran = ci(tmp_path, {target: "exit 3"})
    assert ran.returncode != 0
    *_, failed, down, whole = (
        line for line in ran.stdout.splitlines() if line.startswith("==> ") and " after " in line
    )
    assert failed.startswith(f"==> make {target}: failed with exit code")
    assert down.startswith(TAKEN_DOWN)
    assert whole.startswith("==> CI: failed after")


def test_a_stage_beyond_its_limit(tmp_path: Path) -> None:
    ran = ci(tmp_path, {"e2e": "sleep 9"}, limit="0.3s")
    assert ran.returncode == 124
    assert "==> make e2e: cut off at its limit of 0.3s after" in ran.stdout
    assert TAKEN_DOWN in ran.stdout


@pytest.mark.parametrize(
    ("run", "shown"),
    [
        ("sed -i s/before/after/", "> | a claim | sent | after | 200 |"),
        ("sed -i '/a claim/d'", "< | a claim | sent | before | 200 |"),
        ("echo '| another claim | sent | before | 200 |' >>", "> | another claim | sent | before | 200 |"),
    ],
)
def test_a_proof_that_differs_fails(tmp_path: Path, run: str, shown: str) -> None:
    ran = ci(tmp_path, {"e2e": f"{run} docs/proof.md"})
    assert ran.returncode == 1
    assert shown in ran.stdout
    assert "docs/proof.md is not what this run saw" in ran.stdout
    assert TAKEN_DOWN in ran.stdout


def test_the_order_of_rows_does_not_count(tmp_path: Path) -> None:
    ran = ci(tmp_path, {"e2e": "tac docs/proof.md > turned; mv turned docs/proof.md"})
    assert ran.returncode == 0, ran.stdout + ran.stderr


def test_a_mesh_that_leaves_something_fails(tmp_path: Path) -> None:
    ran = ci(tmp_path, {"mesh-down": "false"})
    assert ran.returncode == 1
    assert "==> CI: failed after" in ran.stdout
