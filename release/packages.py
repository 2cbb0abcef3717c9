"""The Python packages, and the list of what is installed with them."""

import sys
from pathlib import Path

from release.commands import run


def build(files: Path, folder: Path, moment: int) -> None:
    """The wheel and the sdist."""
    run([sys.executable, "-m", "hatchling", "build", "--directory", folder], files, _at(moment))


def sbom(files: Path, made: Path, version: str, moment: int) -> None:
    """A CycloneDX bill of materials: egressc, and what it needs at the versions that the tests have."""
    uv, place = [sys.executable, "-m", "uv"], files.parent / "installed"
    run([*uv, "venv", "--quiet", "--python", sys.executable, place], files)
    pinned = ["--constraint", "constraints.txt", "--requirements", "pyproject.toml"]
    run([*uv, "pip", "install", "--quiet", "--python", place, *pinned], files)
    # it reads no version that hatchling finds
    project = (files / "pyproject.toml").read_text(encoding="utf-8")
    stated = files.parent / "pyproject.toml"
    stated.write_text(project.replace('dynamic = ["version"]', f'version = "{version}"'), encoding="utf-8")
    options = ["--output-reproducible", "--pyproject", str(stated), "--output-file", str(made)]
    # beside the tests' environment: its packages make each import of jsonschema a second longer
    tool = ["tool", "run", "--quiet", "--python", sys.executable, "--constraints", "constraints.txt"]
    run([*uv, *tool, "--from", "cyclonedx-bom", "cyclonedx-py", "environment", *options, place], files, _at(moment))


def _at(moment: int) -> dict[str, str]:
    return {"SOURCE_DATE_EPOCH": str(moment)}
