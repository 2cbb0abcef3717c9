"""The commit that a release is made of: whether it may be one, and its files."""

import re
import tarfile
from pathlib import Path
from typing import Any

import yaml

from release.commands import ReleaseError, run

PACKAGE, CHART, CHANGES = "compiler/egressc/__init__.py", "charts/egress-gateways", "CHANGELOG.md"


def exported(repository: Path, version: str, folder: Path) -> Path:
    """The commit's files, in a new folder below `folder`, as old as the commit; ReleaseError if it is not `version`."""
    if not re.fullmatch(r"(0|[1-9]\d*)(\.(0|[1-9]\d*)){2}", version):
        raise ReleaseError(f"`{version}` is no version: write three numbers, such as `make release VERSION=1.2.3`")
    changed = run(["git", "status", "--porcelain"], repository).splitlines()
    if changed:
        more = f" and {len(changed) - 1} more" if len(changed) > 1 else ""
        raise ReleaseError(f"{changed[0][3:]}{more} is not as in the commit: commit it, or remove the change")
    archive, files = folder / "source.tar", folder / "source"
    run(["git", "-c", "tar.umask=0022", "archive", f"--output={archive}", "HEAD"], repository)
    with tarfile.open(archive) as tar:
        tar.extractall(files, filter="data")
    _check(files, version)
    return files


def moment(repository: Path) -> int:
    """When the commit was made, in seconds since 1970: what SOURCE_DATE_EPOCH stands for."""
    return int(run(["git", "log", "-1", "--format=%ct"], repository))


def metadata(files: Path) -> dict[str, Any]:
    """The chart's Chart.yaml."""
    data: dict[str, Any] = yaml.safe_load((files / CHART / "Chart.yaml").read_text(encoding="utf-8"))
    return data


def _check(files: Path, version: str) -> None:
    said = re.search(r'^__version__ = "(.*)"$', (files / PACKAGE).read_text(encoding="utf-8"), re.MULTILINE)
    if not said or said[1] != version:
        raise ReleaseError(
            f"{PACKAGE} says {said[1] if said else 'no version'}, not {version}: "
            "write it there, run `python -m docs.version` and commit"
        )
    chart = metadata(files)
    if {chart["version"], chart["appVersion"]} != {version}:
        raise ReleaseError(f"{CHART}/Chart.yaml says another version: run `python -m docs.version` and commit")
    if not re.search(rf"^## {re.escape(version)} - ", (files / CHANGES).read_text(encoding="utf-8"), re.MULTILINE):
        raise ReleaseError(f"{CHANGES} has no section `## {version} - <date>`: write what changed and commit")
