"""CHART → MANIFESTS: the chart that belongs to this compiler, printed by the Helm on PATH."""

import json
import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from egressc.assets import chart_path


class HelmError(Exception):
    """Helm is missing or refused the chart; the text is for people."""


def template(values: dict[str, Any], more: Sequence[str], namespace: str, release: str) -> str:
    """What `helm template` prints for the chart as this release, with `values` and the files `more` over them."""
    helm = shutil.which("helm")
    if helm is None:
        raise HelmError("`egressc render` needs Helm 3.18 or later on PATH; `egressc compile` does not")
    with tempfile.TemporaryDirectory() as folder:
        # nobody reads this file, and JSON is written ten times as fast as YAML
        compiled = Path(folder, "values.json")
        compiled.write_text(json.dumps(values, ensure_ascii=False), encoding="utf-8")
        files = [argument for file in (compiled, *more) for argument in ("--values", str(file))]
        command = [helm, "template", release, str(chart_path()), "--namespace", namespace, "--skip-tests", *files]
        result = subprocess.run(command, capture_output=True, encoding="utf-8", errors="backslashreplace", check=False)
    if result.returncode:
        raise HelmError(f"helm refused: {result.stderr.strip()}")
    return result.stdout
