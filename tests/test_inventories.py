"""Published inventories compile as their owners keep them: by vendor, by group, as the allowlist of a proxy."""

import re
import subprocess
from pathlib import Path

import pytest

from egressc import emit
from egressc.compile import Compilation, compile_files
from egressc.explain.facts import facts
from tests.cases import CASES
from tests.chart import Helm
from tests.conftest import Golden

INVENTORIES = CASES / "inventories"
HOWTO = CASES.parents[1] / "docs" / "howto" / "allowlist.md"


@pytest.fixture(scope="module")
def allowlist(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The list that the how-to's command makes of a proxy's allowlist."""
    folder = tmp_path_factory.mktemp("proxy")
    (folder / "allowlist.txt").write_bytes((INVENTORIES / "proxy" / "allowlist.txt").read_bytes())
    blocks = re.findall(r"^```sh\n(.*?)^```$", HOWTO.read_text(encoding="utf-8"), re.MULTILINE | re.DOTALL)
    (command,) = (block for block in blocks if "> hosts.yaml" in block)
    subprocess.run(["bash", "-euo", "pipefail", "-c", command], cwd=folder, check=True)
    return folder / "hosts.yaml"


@pytest.fixture(params=["agent", "groups", "proxy"])
def inventory(request: pytest.FixtureRequest, allowlist: Path) -> tuple[str, list[Path]]:
    lists = [allowlist] if request.param == "proxy" else sorted((INVENTORIES / request.param).glob("*.yaml"))
    return request.param, lists


def compiled(lists: list[Path]) -> Compilation:
    compilation = compile_files([str(path) for path in lists])
    assert [finding for finding in compilation.findings if finding.level == "error"] == []
    return compilation


def called(compilation: Compilation) -> str:
    """One line for each port of each host: its upstream, its gateway, and who may call."""
    assert compilation.plan
    lines = []
    for host in map(facts, compilation.plan.carriers):
        who = ", ".join(client.who for client in host.clients)
        lines += [f"{host.host}:{port.port} {port.protocol} by {host.carrier} for {who}\n" for port in host.ports]
    return "".join(sorted(lines))


def test_who_may_call_what(inventory: tuple[str, list[Path]], golden: Golden) -> None:
    name, lists = inventory
    golden(INVENTORIES / name / "called.txt", called(compiled(lists)))


def test_the_order_of_the_files_says_nothing(inventory: tuple[str, list[Path]]) -> None:
    _, lists = inventory
    one, other = compiled(lists).plan, compiled(lists[::-1]).plan
    assert one
    assert other
    assert emit.dump(emit.values(one)) == emit.dump(emit.values(other))


def test_the_chart_takes_it(inventory: tuple[str, list[Path]], helm4: Helm) -> None:
    _, lists = inventory
    plan = compiled(lists).plan
    assert plan
    documents = helm4.render(emit.values(plan))
    assert {carrier.name for carrier in plan.carriers} <= {name for kind, _, name in documents if kind == "Service"}


def test_a_name_of_two_groups_has_the_callers_of_both() -> None:
    lines = called(compiled(sorted((INVENTORIES / "groups").glob("*.yaml")))).splitlines()
    assert [line for line in lines if line.startswith("deno.land:")] == [
        "deno.land:443 TLS by egress/builds for build-deno, build-node"
    ]
