"""Entries that the compiler takes: the others are left out, each with the reason."""

from collections.abc import Sequence as Items

from egressc import flow
from egressc.compile import Source, compile_sources
from egressc.findings import Code, Finding
from egressc.importing.entry import Entry

WOULD_REFUSE = Code(
    "EG423",
    "an entry that egressc would refuse",
    "The calls were seen, and a gateway cannot carry them as they are. The entry is left out, with the reason.",
    "warning",
)
#: In the place of callers that are unknown.
SOMEBODY = {"clients": ["unknown"]}
NAME = "<proposal>"
BEFORE = "version: 1\nhosts:\n"


def judged(entries: Items[Entry], beside: Items[Source], findings: list[Finding]) -> list[Entry]:
    """The entries that compile together with the lists `beside`."""
    left = list(entries)
    while left:
        wrong = _wrong(left, beside)
        for index, found in wrong.items():
            entry = left[index]
            findings.append(
                WOULD_REFUSE(entry.span, f"{entry.host} is left out: {found.message} ({found.code})", found.fix)
            )
        if not wrong:
            break
        left = [entry for index, entry in enumerate(left) if index not in wrong]
    return left


def _wrong(entries: Items[Entry], beside: Items[Source]) -> dict[int, Finding]:
    """The first error of each entry, by its index."""
    lines = [f"- {flow.flow({'host': one.host} | SOMEBODY | one.settings)}\n" for one in entries]
    raw = (BEFORE + "".join(lines)).encode()
    wrong: dict[int, Finding] = {}
    for found in compile_sources([(NAME, raw), *beside]).findings:
        index = found.span.line - 1 - BEFORE.count("\n")
        if found.level == "error" and found.span.file == NAME and 0 <= index < len(entries):
            wrong.setdefault(index, found)
    return wrong
