"""Lists written in a test, and what comes of them."""

from collections.abc import Sequence
from textwrap import dedent
from typing import Any

from egressc import emit
from egressc.compile import Compilation, compile_sources

HEAD = "version: 1\ndefaults: {clients: [shop]}\nhosts:\n"


def compile_text(*lists: str | bytes, overlays: Sequence[str] = ()) -> Compilation:
    """What the compiler makes of lists named list0.yaml, list1.yaml … and overlays named overlay0.yaml …"""
    return compile_sources(
        [(f"list{index}.yaml", _bytes(text)) for index, text in enumerate(lists)],
        [(f"overlay{index}.yaml", _bytes(text)) for index, text in enumerate(overlays)],
    )


def found(*lists: str | bytes, overlays: Sequence[str] = ()) -> list[str]:
    """The findings as `line:column code`, as `file:line:column code` where there are several files."""
    findings = compile_text(*lists, overlays=overlays).findings
    several = len(lists) + len(overlays) > 1
    return [f"{f'{f.span.file}:' * several}{f.span.line}:{f.span.column} {f.code}" for f in findings]


def gateways(*lists: str | bytes, overlays: Sequence[str] = ()) -> dict[str, Any]:
    """The values of each host's gateway, by host; the lists are free of findings."""
    compilation = compile_text(*lists, overlays=overlays)
    assert not compilation.findings
    assert compilation.plan
    values = emit.values(compilation.plan)["gateways"]
    return {gateway["host"]: gateway for gateway in values.values()}


def hosts(entries: str) -> str:
    """A list of these entries, whose clients are the namespace shop."""
    return HEAD + dedent(entries).strip("\n") + "\n"


def gateway(entry: str) -> dict[str, Any]:
    """The values of the one gateway of a list of one entry."""
    (values,) = gateways(hosts(entry)).values()
    return dict(values)


def codes(*lists: str | bytes, overlays: Sequence[str] = ()) -> list[str]:
    """The codes of the findings, in the order of the lines."""
    return [finding.code for finding in compile_text(*lists, overlays=overlays).findings]


def _bytes(text: str | bytes) -> bytes:
    return text if isinstance(text, bytes) else dedent(text).encode()
