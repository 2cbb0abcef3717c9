"""Whatever is in the files: findings or values, the exit code that belongs to them, never a traceback."""

import copy
import re
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from egressc import emit, report
from egressc.cli import main
from egressc.compile import compile_sources
from egressc.findings import CODES
from egressc.schema import schema
from tests.cases import INVALID, VALID
from tests.harmless import ATTACKS, COMMANDS, harmless
from tests.strategies import GATEWAYS, TRICKY, fleets
from tests.test_properties import source

MANY = settings(max_examples=1000, suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large])
FILES = [path.read_bytes() for case in (*VALID, *INVALID) for path in case.lists]
KEYS = sorted({key for part in schema()["$defs"].values() for key in part.get("properties", {})})


def survives(*lists: bytes, overlays: tuple[bytes, ...] = ()) -> int:
    """Compiles, reports and emits; returns the exit code that egressc would have."""
    names = ("a", *ATTACKS)
    sources, patches = ([(names[i], text) for i, text in enumerate(group)] for group in (lists, overlays))
    compilation = compile_sources(sources, patches)
    for finding in compilation.findings:
        assert finding.code in CODES
        assert finding.span.line >= 1
        assert finding.span.column >= 1
        assert finding.message
        assert finding.fix
    assert harmless(report.text(compilation.findings))
    assert harmless(report.as_json(compilation.findings))
    annotations = report.github(compilation.findings).splitlines()
    assert len(annotations) == len(compilation.findings)
    assert all(harmless(f"x{line}") for line in annotations)
    errors = [finding for finding in compilation.findings if finding.level == "error"]
    assert (compilation.plan is None) == bool(errors)
    if compilation.plan:
        text = emit.dump(emit.values(compilation.plan))
        assert harmless(text)
        assert yaml.load(text, yaml.CSafeLoader) == emit.values(compilation.plan)
    return 1 if errors else 0


@given(
    st.binary(max_size=200)
    | st.text(max_size=200).map(str.encode)
    | st.text("-:{}[]&*!|>'\"%@`#,? \n\tab1", max_size=60).map(str.encode)
)
@MANY
def test_any_bytes(raw: bytes) -> None:
    survives(raw)


@given(st.sampled_from(FILES), st.data())
@MANY
def test_lists_with_slips(text: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        first = data.draw(st.integers(0, len(text)))
        last = data.draw(st.integers(first, min(len(text), first + 20)))
        piece = st.binary(max_size=3) | st.sampled_from(
            [b"\n", b"  ", b"\t", b": ", b"- ", b"'", b'"', b"{", b"]", b"&a ", b"*a"]
        )
        chunk = st.just(text[last : last + 30])
        text = text[:first] + data.draw(piece | chunk) + text[last:]
    survives(text)


@given(st.sampled_from(FILES), st.data())
@MANY
def test_lists_with_commands(text: bytes, data: st.DataObject) -> None:
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(text)))
        attack = data.draw(st.sampled_from(ATTACKS))
        quoted = st.sampled_from([attack, f'"{attack}"', repr(attack), f"{attack}: x\n", f'"{attack}": x\n'])
        text = text[:at] + data.draw(quoted).encode() + text[at:]
    survives(text)


JUNK = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False)
    | st.text(max_size=10)
    | st.sampled_from([*TRICKY, *KEYS, *ATTACKS, "1s", "-1", "*"]),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(KEYS) | st.text(max_size=5), inner, max_size=4)
    ),
    max_leaves=8,
)


def places(tree: Any, path: tuple[Any, ...] = ()) -> Iterator[tuple[Any, ...]]:
    """The path of every node below the root."""
    items = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    for key, value in items:
        yield (*path, key)
        yield from places(value, (*path, key))


@st.composite
def damaged(draw: Any, right: st.SearchStrategy[Any]) -> bytes:
    """A right list of which some nodes are replaced by junk, or put where others belong."""
    tree = copy.deepcopy(draw(right))
    for _ in range(draw(st.integers(1, 3))):
        nodes = list(places(tree))
        *parents, key = draw(st.sampled_from(nodes))
        value = _at(tree, draw(st.sampled_from(nodes)))
        _at(tree, parents)[key] = draw(JUNK | st.just(copy.deepcopy(value)))
    return emit.dump(tree).encode()


def _at(tree: Any, path: Iterable[Any]) -> Any:
    for step in path:
        tree = tree[step]
    return tree


CASES = st.sampled_from([yaml.safe_load(path.read_bytes()) for case in VALID for path in (*case.lists, *case.overlays)])
FLEETS = fleets(most=3).map(lambda hosts: {"version": 1, "mesh": {"trustDomain": "a"}, "defaults": {}, "hosts": hosts})


@given(damaged(CASES))
@MANY
def test_damaged_cases(text: bytes) -> None:
    survives(text)


@given(damaged(FLEETS))
@settings(MANY, max_examples=300)
def test_damaged_fleets(text: bytes) -> None:
    survives(text)


@given(
    st.lists(damaged(CASES) | st.sampled_from(FILES), min_size=1, max_size=3),
    st.lists(damaged(CASES) | st.sampled_from(FILES), max_size=2),
)
@settings(MANY, max_examples=300)
def test_damaged_files_together(lists: list[bytes], overlays: list[bytes]) -> None:
    survives(*lists, overlays=tuple(overlays))


@given(JUNK)
@settings(MANY, max_examples=300)
def test_junk(tree: Any) -> None:
    survives(emit.dump({"version": 1, "hosts": [tree], "defaults": tree}).encode())


@given(damaged(CASES) | st.sampled_from(FILES) | st.binary(max_size=100) | fleets(most=2).map(source))
@settings(MANY, max_examples=200)
def test_exit_codes(tmp_path_factory: pytest.TempPathFactory, text: bytes) -> None:
    folder = tmp_path_factory.getbasetemp()
    hosts, values = folder / "fuzzed.yaml", folder / "fuzzed-values.yaml"
    hosts.write_bytes(text)
    values.write_text("old")
    code = main(["compile", "--no-release", str(hosts), "-o", str(values)])
    assert code == survives(text)
    assert (values.read_text(encoding="utf-8") == "old") == (code == 1)
    for form in ("text", "json", "mermaid", "html"):
        assert main(["explain", str(hosts), "--format", form, "-o", str(folder / "fuzzed-explained")]) == code
    assert not list(folder.glob(f".{Path(values).name}*"))


@given(fleets(most=2), st.sampled_from(["text", "json", "mermaid", "html"]))
@settings(MANY, max_examples=100)
def test_every_host_is_explained(tmp_path_factory: pytest.TempPathFactory, fleet: list[Any], form: str) -> None:
    folder = tmp_path_factory.getbasetemp()
    hosts, explained = folder / f"\n{COMMANDS[0]}.yaml", folder / "explained.txt"
    hosts.write_bytes(source(fleet, gateways=GATEWAYS))
    for entry in fleet:
        name = entry if isinstance(entry, str) else entry["host"]
        assert main(["explain", str(hosts), "--host", name, "--format", form, "-o", str(explained)]) == 0
        shown = explained.read_text(encoding="utf-8")
        assert harmless(shown)
        # Mermaid writes characters of its own as their codes
        text = re.sub(r"#(\d+);", lambda code: chr(int(code[1])), shown)
        assert name in text
    assert main(["explain", str(hosts), "--format", form, "-o", str(explained)]) == 0
    assert harmless(explained.read_text(encoding="utf-8"))
