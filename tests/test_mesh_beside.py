"""Modules on the mesh run beside each other where they have names of their own, and alone where they say so."""

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Event

import pytest

from tests.mesh import lock
from tests.mesh.beside import LONG, TOGETHER, order, together
from tests.mesh.errors import MeshError
from tests.mesh.lock import owned, turn
from tests.tools.programs import HERE

MESH = HERE.parent / "mesh"


@pytest.fixture(autouse=True)
def _own_locks(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """Tests may run on the mesh meanwhile."""
    monkeypatch.setattr(lock, "_TURN", tmp_path / "turn")


def test_a_module_runs_in_one_process_and_what_has_the_same_names_too() -> None:
    assert together("tests/mesh/test_names.py::test_any[a::b]") == "tests/mesh/test_names.py"
    ((reason, names),) = TOGETHER.items()
    assert {together(f"tests/mesh/{name}::test_any") for name in names} == {reason}
    assert all((MESH / name).is_file() for name in names)


def test_the_longest_start_first() -> None:
    ((_, names),) = TOGETHER.items()
    nodes = [f"tests/mesh/{name}::test_any" for name in ("test_names.py", *LONG, *names)]
    assert sorted(nodes, key=order) == [*nodes[1 + len(LONG) :], *nodes[1 : 1 + len(LONG)], nodes[0]]
    assert all((MESH / name).is_file() for name in LONG)


@pytest.mark.parametrize(("first", "second"), [(False, True), (True, False), (True, True)])
def test_who_runs_alone_waits_and_is_waited_for(first: bool, second: bool) -> None:
    entered = Event()

    def run() -> None:
        with turn(alone=second):
            entered.set()

    with ThreadPoolExecutor() as pool:
        with turn(alone=first):
            running = pool.submit(run)
            assert not entered.wait(0.2)
        running.result(timeout=5)
    assert entered.is_set()


def test_others_run_beside_each_other() -> None:
    with turn(alone=False), turn(alone=False):
        pass


def test_a_namespace_is_one_module_s() -> None:
    with owned("shop"), owned("egress"), pytest.raises(MeshError, match="the namespace shop is another"), owned("shop"):
        pass
    with owned("shop"):
        pass
