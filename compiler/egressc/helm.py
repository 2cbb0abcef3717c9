"""CHART → MANIFESTS: the chart that belongs to this compiler, printed by the Helm on PATH."""

import shutil
import subprocess
import tempfile
from collections.abc import Sequence
from pathlib import Path

from egressc.assets import chart_path


class HelmError(Exception):
    """Helm is missing or refused the chart; the text is for people."""


def template(values: str, more: Sequence[str], namespace: str) -> str:
    """What `helm template` prints for the chart with `values` and the files `more` over them."""
    helm = shutil.which("helm")
    if helm is None:
        raise HelmError("`egressc render` needs Helm 3.18 or later on PATH; `egressc compile` does not")
    with tempfile.TemporaryDirectory() as folder:
        compiled = Path(folder, "values.yaml")
        compiled.write_text(values, encoding="utf-8")
        files = [argument for file in (compiled, *more) for argument in ("--values", str(file))]
        command = [helm, "template", "egress", str(chart_path()), "--namespace", namespace, *files]
        result = subprocess.run(command, capture_output=True, encoding="utf-8", check=False)
    if result.returncode:
        raise HelmError(f"helm refused: {result.stderr.strip()}")
    return result.stdout
