"""`python -m tests.bench`: measures, prints a table and writes build/bench.json; the exit code is 1 beyond a limit."""

import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from egressc import emit
from egressc.assets import schema_path
from tests.bench import render_floor
from tests.bench.fleet import ROUND_HOSTS, host_list
from tests.bench.measure import Command, Measured, measure
from tests.bench.release import stored_bytes
from tests.chart import CHART, Helm, compiled, parsed
from tests.tools import module_dir, search_path, tool

OUTPUT = Path("build", "bench.json")
COMPILE_FLOOR = Path(__file__).with_name("compile_floor.py")
RELEASES = 100
AT_MOST = {
    "compile_over_floor": 2.0,
    "compile_growth": 11.0,
    "compile_peak_bytes_at_10000_hosts": 500e6,
    "render_over_floor": 1.3,
    "release_bytes_per_1000_hosts": 600e3,
}
AT_LEAST = {"speedup_over_release_per_host": 25.0, "speedup_over_release_per_host_at_10_hosts": 2.0}


def main() -> int:
    """The exit code."""
    helm = Helm(tool("helm4"))
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        _write_inputs(folder, helm)
        print("the release as Helm stores it …", file=sys.stderr)
        release_bytes = stored_bytes(helm, folder / "values-1000.yaml", folder)
        took = measure(_jobs(folder, helm), os.environ | {"PATH": search_path("helm4")})
    numbers = _numbers(took) | {"release_bytes_per_1000_hosts": release_bytes}
    OUTPUT.parent.mkdir(exist_ok=True)
    OUTPUT.write_text(json.dumps(numbers, indent=2) + "\n", encoding="utf-8")
    for job, measured in took.items():
        print(f"{job:<44}{measured.seconds:>10.2f} s {measured.peak_bytes / 1e6:>8.0f} MB")
    print()
    return 1 if _missed(numbers) else 0


def _write_inputs(folder: Path, helm: Helm) -> None:
    """The lists, the values of 1,000 hosts, and the floor of their chart."""
    for hosts in (10, ROUND_HOSTS, 1000, 10_000):
        (folder / f"hosts-{hosts}.yaml").write_text(host_list(hosts), encoding="utf-8")
    values = compiled(folder / "hosts-1000.yaml")
    (folder / "values-1000.yaml").write_text(emit.dump(values), encoding="utf-8")
    (folder / "values-1000.json").write_text(json.dumps(values), encoding="utf-8")
    one_round = helm.text(compiled(folder / f"hosts-{ROUND_HOSTS}.yaml"))
    render_floor.write_chart(folder / "floor", one_round, 1000 // ROUND_HOSTS)
    command = [str(helm.path), "template", "egress", str(folder / "floor")]
    floor = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    ours = helm.text(folder / "values-1000.yaml")
    assert len(parsed(floor)) == len(parsed(ours))
    assert abs(len(floor) / len(ours) - 1) < 0.01


def _jobs(folder: Path, helm: Helm) -> dict[str, Sequence[Command]]:
    egressc = [sys.executable, "-m", "egressc"]
    template = [str(helm.path), "template", "egress"]
    gateway = str(module_dir("istio") / "manifests" / "charts" / "gateway")
    files = {path.name: str(path) for path in folder.iterdir()} | {"output": str(folder / "output.yaml")}
    floor = [sys.executable, str(COMPILE_FLOOR), files["hosts-1000.yaml"], str(schema_path("hosts"))]
    return {
        "egressc compile, 1,000 hosts": [[*egressc, "compile", files["hosts-1000.yaml"], "-o", files["output"]]],
        "its floor": [[*floor, files["values-1000.json"], files["output"]]],
        "egressc compile, 10,000 hosts": [[*egressc, "compile", files["hosts-10000.yaml"], "-o", files["output"]]],
        "helm template, 1,000 hosts": [[*template, str(CHART), "--values", files["values-1000.yaml"]]],
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
    sys.exit(main())
