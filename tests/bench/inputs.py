"""As a program, FOLDER: the lists, the values of 1,000 hosts, the shards of 10,000, and the floor of the chart.

A process of its own: what a process measures of another begins with its own memory.
"""

import json
import re
import subprocess
import sys
from pathlib import Path

from egressc import emit
from tests.bench.fleet import ROUND_HOSTS, host_list
from tests.chart import Helm, compiled, parsed
from tests.tools import tool

#: So many the compiler advises for 10,000 hosts of the mix.
SHARDS = 24


def main(folder: Path) -> None:
    """Writes them."""
    helm = Helm(tool("helm4"))
    for hosts in (10, ROUND_HOSTS, 1000, 10_000):
        (folder / f"hosts-{hosts}.yaml").write_text(host_list(hosts), encoding="utf-8")
    command = [sys.executable, "-m", "egressc", "compile", str(folder / "hosts-10000.yaml"), "--shards", str(SHARDS)]
    subprocess.run([*command, "-o", str(folder / "shards")], check=True, stderr=subprocess.DEVNULL)
    values = compiled(folder / "hosts-1000.yaml")
    (folder / "values-1000.yaml").write_text(emit.dump(values), encoding="utf-8")
    (folder / "values-1000.json").write_text(json.dumps(values), encoding="utf-8")
    _write_floor(folder / "floor", helm.text(compiled(folder / f"hosts-{ROUND_HOSTS}.yaml")), 1000 // ROUND_HOSTS)
    command = [str(helm.path), "template", "egress", str(folder / "floor")]
    floor = subprocess.run(command, capture_output=True, encoding="utf-8", check=True).stdout
    ours = helm.text(folder / "values-1000.yaml")
    assert len(parsed(floor)) == len(parsed(ours)), "the floor prints as many documents"
    assert abs(len(floor) / len(ours) - 1) < 0.01, "and as many bytes"


def _write_floor(chart: Path, manifests: str, rounds: int) -> None:
    """A chart of one template that prints `manifests`, what Helm printed of one round of the list, this many times."""
    documents = re.sub(r"^# Source: .*\n", "", manifests, flags=re.MULTILINE)
    assert "{{" not in documents
    (chart / "templates").mkdir(parents=True)
    (chart / "Chart.yaml").write_text("apiVersion: v2\nname: floor-of-the-chart\nversion: 0.0.0\n", encoding="utf-8")
    template = f"{{{{- range until {rounds} }}}}\n{documents}\n{{{{- end }}}}\n"
    # names as long as the chart's own, for Helm prints them above every document
    (chart / "templates" / "all-documents.yaml").write_text(template, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
