"""`python -m tests.bench`: measures, prints a table and writes build/bench.json; the exit code is 1 beyond a limit."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from egressc.assets import chart_path, schema_path
from egressc.cost import LIMIT
from tests.bench.measure import Command, Measured, measure
from tests.tools import ToolError, module_dir, search_path, tool

OUTPUT = Path("build", "bench.json")
HERE = Path(__file__).parent
RELEASES = 100
AT_MOST = {
    "compile_over_floor": 2.5,
    "compile_growth": 11.0,
    "compile_peak_bytes_at_10000_hosts": 550e6,
    "render_over_floor": 1.5,
    "release_bytes_per_1000_hosts": 800e3,
    "largest_shard_bytes_at_10000_hosts": LIMIT / 2,
}
AT_LEAST = {"speedup_over_release_per_host": 12.0, "speedup_over_release_per_host_at_10_hosts": 1.0}


def main() -> int:
    """The exit code."""
    environment = os.environ | {"PATH": search_path("helm4")}
    environment.pop("PYTHONDONTWRITEBYTECODE", None)  # an installed program has its bytecode
    with tempfile.TemporaryDirectory() as folder:
        print("writing lists, values and floors …", file=sys.stderr)
        subprocess.run([sys.executable, "-m", "tests.bench.inputs", folder], check=True)
        took = measure(_jobs(Path(folder)), environment)
        print("asking Helm for releases …", file=sys.stderr)
        numbers = _numbers(took) | {
            "release_bytes_per_1000_hosts": _stored(Path(folder, "values-1000.yaml")),
            "largest_shard_bytes_at_10000_hosts": max(map(_stored, Path(folder, "shards").iterdir())),
        }
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    for job, measured in took.items():
        print(f"{job:<44}{measured.seconds:>10.2f} s {measured.peak_bytes / 1e6:>8.0f} MB")
    print()
    return 1 if _missed(numbers) else 0


def _stored(values: Path) -> int:
    command = [sys.executable, "-m", "tests.bench.release", str(values)]
    return int(subprocess.run(command, stdout=subprocess.PIPE, check=True).stdout)


def _jobs(folder: Path) -> dict[str, Sequence[Command]]:
    egressc = [sys.executable, "-m", "egressc"]
    template = [str(tool("helm4")), "template", "egress"]
    gateway = str(module_dir("istio") / "manifests" / "charts" / "gateway")
    files = {path.name: str(path) for path in folder.iterdir()} | {"output": str(folder / "output.yaml")}
    floor = [sys.executable, str(HERE / "compile_floor.py"), files["hosts-1000.yaml"], str(schema_path())]
    return {
        "egressc compile, 1,000 hosts": [[*egressc, "compile", files["hosts-1000.yaml"], "-o", files["output"]]],
        "its floor": [[*floor, files["values-1000.json"], files["output"]]],
        "egressc compile, 10,000 hosts": [
            [*egressc, "compile", "--no-release", files["hosts-10000.yaml"], "-o", files["output"]]
        ],
        "helm template, 1,000 hosts": [[*template, str(chart_path()), "--values", files["values-1000.yaml"]]],
        "its floor, a chart of one template": [[*template, files["floor"]]],
        "egressc render, 10 hosts": [[*egressc, "render", files["hosts-10.yaml"]]],
        "egressc render, 1,000 hosts": [[*egressc, "render", files["hosts-1000.yaml"]]],
        f"helm template of istio/gateway, {RELEASES} times": [[*template, gateway]] * RELEASES,
    }


def _numbers(took: Mapping[str, Measured]) -> dict[str, float]:
    compile_1000, floor, compile_10000, helm, helm_floor, render_10, render_1000, releases = took.values()
    release = releases.seconds / RELEASES
    return {
        "compile_over_floor": round(compile_1000.seconds / floor.seconds, 2),
        "compile_growth": round(compile_10000.seconds / compile_1000.seconds, 2),
        "compile_peak_bytes_at_10000_hosts": compile_10000.peak_bytes,
        "render_over_floor": round(helm.seconds / helm_floor.seconds, 2),
        "speedup_over_release_per_host": round(1000 * release / render_1000.seconds, 1),
        "speedup_over_release_per_host_at_10_hosts": round(10 * release / render_10.seconds, 1),
    }


def _missed(numbers: Mapping[str, float]) -> bool:
    """Prints the numbers beside their limits, and says whether one is beyond its own."""
    missed = False
    for name, number in numbers.items():
        kept = number <= AT_MOST[name] if name in AT_MOST else number >= AT_LEAST[name]
        limit = f"at most {AT_MOST[name]:,}" if name in AT_MOST else f"at least {AT_LEAST[name]:,}"
        print(f"{name:<44}{number:>16,}  {limit}{'' if kept else ': missed'}")
        missed |= not kept
    return missed


if __name__ == "__main__":
    try:
        sys.exit(main())
    except ToolError as error:
        sys.exit(str(error))
