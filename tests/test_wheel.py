"""The wheel is complete: installed anywhere, it renders from any folder with nothing of the repository around it."""

import ast
import os
import re
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

import egressc
from tests.chart import CHART, parsed
from tests.tools import search_path

ROOT = Path(__file__).parents[1]
PIP = [sys.executable, "-m", "pip", "--disable-pip-version-check"]
LIST = "version: 1\ndefaults: {clients: [shop]}\nhosts: [api.example.com]\n"


@pytest.fixture(scope="module")
def wheel(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("wheel")
    command: list[str | Path] = [
        *PIP,
        "wheel",
        "--quiet",
        "--no-deps",
        "--no-build-isolation",
        "--wheel-dir",
        folder,
        ROOT,
    ]
    subprocess.run(command, check=True)
    (built,) = folder.iterdir()
    return built


@pytest.fixture(scope="module")
def program(wheel: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The installed egressc; its dependencies are those of the tests, so that no network is needed."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False, symlinks=True)
    python = folder / "bin" / "python"
    subprocess.run([*PIP, "--python", python, "install", "--quiet", "--no-deps", "--no-index", wheel], check=True)
    packages = sysconfig.get_path("purelib", vars={"base": str(folder)})
    Path(packages, "dependencies.pth").write_text(f"{sysconfig.get_path('purelib')}\n")
    return folder / "bin" / "egressc"


def run(program: Path, folder: Path, *arguments: str, path: str) -> tuple[int, str, str]:
    (folder / "hosts.yaml").write_text(LIST)
    ended = subprocess.run(
        [program, *arguments], cwd=folder, env={"PATH": path}, capture_output=True, text=True, check=False
    )
    return ended.returncode, ended.stdout, ended.stderr


def test_it_has_the_chart_the_schema_and_the_page(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
    chart = {
        f"egressc/data/charts/egress-gateways/{path.relative_to(CHART)}" for path in CHART.rglob("*") if path.is_file()
    }
    assert {name for name in names if "/data/" in name} == chart | {"egressc/data/schemas/hosts.schema.json"}
    page = "egressc/explain/page"
    assert {f"{page}/{name}" for name in ("page.html", "page.js", "picture.js", "style.css")} <= names
    assert not [name for name in names if name.startswith("tests") or "__pycache__" in name]


def test_it_asks_for_what_it_imports(wheel: Path) -> None:
    with zipfile.ZipFile(wheel) as archive:
        metadata = next(archive.read(name).decode() for name in archive.namelist() if name.endswith("/METADATA"))
        sources = [archive.read(name) for name in archive.namelist() if name.endswith(".py")]
    asked = {name.lower() for name in re.findall(r"^Requires-Dist: ([\w-]+)", metadata, re.MULTILINE)}
    imported: set[str] = set()
    for source in sources:
        for node in ast.walk(ast.parse(source)):
            if isinstance(node, ast.Import):
                imported |= {alias.name.partition(".")[0] for alias in node.names}
            elif isinstance(node, ast.ImportFrom):
                imported.add((node.module or "").partition(".")[0])
    foreign = imported - set(sys.stdlib_module_names) - {"egressc"}
    assert {{"yaml": "pyyaml"}.get(name, name) for name in foreign} == asked


def test_it_is_its_own(program: Path, tmp_path: Path) -> None:
    where = subprocess.run(
        [program.parent / "python", "-c", "import egressc; print(egressc.__file__)"],
        cwd=tmp_path, env={}, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert Path(where.stdout).is_relative_to(program.parents[1])
    assert run(program, tmp_path, "--version", path="") == (0, f"egressc {egressc.__version__}\n", "")


def test_it_renders_from_any_folder(program: Path, tmp_path: Path) -> None:
    code, out, errors = run(program, tmp_path, "render", "hosts.yaml", path=search_path("helm4"))
    assert (code, errors) == (0, "")
    assert {document["metadata"]["labels"]["egressc.io/gateway"] for document in parsed(out)} == {"api-example-com"}


def test_it_writes_the_page(program: Path, tmp_path: Path) -> None:
    code, out, errors = run(program, tmp_path, "explain", "hosts.yaml", "--format", "html", path="")
    assert (code, errors) == (0, "")
    assert out.startswith("<!DOCTYPE html>")


def test_without_helm_it_says_so(program: Path, tmp_path: Path) -> None:
    code, out, errors = run(program, tmp_path, "render", "hosts.yaml", path=os.devnull)
    assert (code, out) == (2, "")
    assert errors == "egressc: `egressc render` needs Helm 3.18 or later on PATH; `egressc compile` does not\n"
    assert run(program, tmp_path, "compile", "hosts.yaml", path=os.devnull)[0] == 0
