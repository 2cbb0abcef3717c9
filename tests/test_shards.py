"""A fleet in several releases: all of it, nothing twice, and what changes moves nothing else."""

import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from egressc import emit
from egressc.cli import main
from egressc.cost import LIMIT
from egressc.plan import Plan
from egressc.plan.shards import shards
from tests.bench.calibrate import stored
from tests.bench.fleet import host_list
from tests.chart import Helm, parsed
from tests.lists import compile_text, hosts

NAMES = st.lists(st.from_regex(r"\A[a-z]{1,8}\Z"), unique=True, min_size=1, max_size=30)
#: So many shards `egressc compile` advises for 10,000 hosts of the mix.
MANY = 24
WHOLE = """
companions: {peerAuthentication: STRICT, networkPolicies: true, sidecars: {}}
gateways: [{name: shared}]
hosts:
- host: own.example.com
  expose: {host: own.corp.example, secret: own, gateway: {namespace: i, selector: {app: i}, serviceAccount: i}}
- {host: one.example.com, gateway: shared}
- {host: two.example.com, gateway: shared}
- {host: three.example.com, at: sidecar}
- {host: "*.example.org"}
- {host: login.example.org}
"""


def planned(text: str) -> Plan:
    plan = compile_text(text).plan
    assert plan
    return plan


def fleet(names: list[str]) -> Plan:
    return planned(hosts("\n".join(f"- {name}.example.com" for name in names)))


def places(plan: Plan, count: int) -> dict[str, int]:
    """The shard of each host."""
    return {one.host.host: number for number, part in enumerate(shards(plan, count)) for one in part.carriers}


@given(NAMES, st.integers(1, 9))
def test_a_host_more_moves_no_other(names: list[str], count: int) -> None:
    before, now = places(fleet(names), count), places(fleet([*names, "new-one"]), count)
    assert len(before) == len(names)
    assert before.items() <= now.items()


@given(NAMES, st.integers(1, 9))
def test_more_shards_move_hosts_to_the_new_ones_only(names: list[str], count: int) -> None:
    before, now = places(fleet(names), count), places(fleet(names), count + 1)
    assert all(now[host] in (place, count) for host, place in before.items())


def test_ten_thousand_hosts_make_shards_that_helm_stores_with_room(helm4: Helm) -> None:
    """By the bytes of Helm's own Secret, not by the estimate; `make bench` asks it for each shard."""
    plan = planned(host_list(10_000))
    before = places(plan, MANY)
    largest = max(shards(plan, MANY), key=lambda part: len(part.carriers))
    assert stored(helm4, emit.dump(emit.values(largest))) < LIMIT / 2
    assert len(before) == 10_000
    now = places(planned(host_list(10_001)), MANY)
    assert before.items() <= now.items()
    assert len(now) == 10_001


@pytest.mark.parametrize("count", [1, 2, 5])
def test_the_shards_are_the_fleet(count: int, helm4: Helm) -> None:
    plan = planned(f"version: 1\ndefaults: {{clients: [shop]}}{WHOLE}")
    parts = [helm4.text(emit.dump(emit.values(part))) for part in shards(plan, count)]
    printed = sorted(str(document) for part in parts for document in parsed(part))
    assert printed == sorted(map(str, parsed(helm4.text(emit.dump(emit.values(plan))))))
    assert len(printed) == len({*printed})


def test_the_advice_makes_shards_that_have_room(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    list_, folder = tmp_path / "hosts.yaml", tmp_path / "shards"
    list_.write_text(host_list(2500))
    assert main(["compile", str(list_), "-o", str(tmp_path / "values.yaml")]) == 1
    advice = re.search(r"error EG341: .+\n.+`--shards (\d+)`", capfd.readouterr().err)
    assert advice
    for few, code, level in ((2, 0, "warning"), (1, 1, "error")):
        assert main(["compile", str(list_), "--shards", str(few), "-o", str(tmp_path / "few")]) == code
        assert f"{level} EG341" in capfd.readouterr().err
    assert main(["compile", str(list_), "--shards", advice[1], "-o", str(folder)]) == 0
    errors = capfd.readouterr().err
    cost = re.search(r"; (\d+) releases, the largest of about (\d+)% of", errors)
    assert cost
    assert (cost[1], int(cost[2]) <= 50, "EG341" in errors) == (advice[1], True, False)
    assert {path.name for path in folder.iterdir()} == {f"shard-{number + 1}.yaml" for number in range(int(advice[1]))}


def test_a_folder_of_more_shards_is_not_written(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    list_, folder = tmp_path / "hosts.yaml", tmp_path / "shards"
    list_.write_text(hosts("- a.example.com\n- b.example.com"))
    arguments = ["compile", str(list_), "--shards"]
    assert main([*arguments, "3", "-o", str(folder)]) == 0
    assert main([*arguments, "3", "--check", str(folder)]) == 0
    (folder / "shard-1.yaml").write_text("")
    assert main([*arguments, "3", "--check", str(folder)]) == 1
    assert f"{folder}/shard-1.yaml:1:1: error drift" in capfd.readouterr().err
    assert main([*arguments, "2", "-o", str(folder)]) == 2
    assert f"{folder}/shard-3.yaml is of a fleet in more releases than 2" in capfd.readouterr().err
    assert (folder / "shard-1.yaml").read_text() == ""
    (folder / "shard-3.yaml").unlink()
    assert main([*arguments, "2", "-o", str(folder), "--exit-code"]) == 3
    assert main([*arguments, "2", "-o", str(folder), "--exit-code"]) == 0


@pytest.mark.parametrize("arguments", [["--shards", "2"], ["--shards", "0", "-o", "x"], ["--shards", "two", "-o", "x"]])
def test_shards_need_a_number_and_a_folder(arguments: list[str], tmp_path: Path) -> None:
    list_ = tmp_path / "hosts.yaml"
    list_.write_text(hosts("- a.example.com"))
    with pytest.raises(SystemExit) as ended:
        main(["compile", str(list_), *arguments])
    assert ended.value.code == 2


def test_nothing_is_written_where_one_file_cannot_be(tmp_path: Path, capfd: pytest.CaptureFixture[str]) -> None:
    list_, folder = tmp_path / "hosts.yaml", tmp_path / "shards"
    list_.write_text(hosts("- a.example.com"))
    (folder / "shard-2.yaml").mkdir(parents=True)
    assert main(["compile", str(list_), "--shards", "2", "-o", str(folder)]) == 2
    assert "cannot be written" in capfd.readouterr().err
    assert [path.name for path in folder.iterdir()] == ["shard-2.yaml"]


def test_render_takes_shards(tmp_path: Path, helm4: Helm, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(helm4.path.parent), prepend=":")
    list_, folder = tmp_path / "hosts.yaml", tmp_path / "manifests"
    list_.write_text(hosts("\n".join(f"- {letter}.example.com" for letter in "abcdef")))
    assert main(["render", str(list_), "--shards", "2", "-o", str(folder)]) == 0
    kinds = [
        {document["metadata"]["name"] for document in parsed(path.read_text()) if document["kind"] == "Deployment"}
        for path in sorted(folder.iterdir())
    ]
    assert all(kinds)
    assert {*kinds[0], *kinds[1]} == {f"{letter}-example-com" for letter in "abcdef"}
