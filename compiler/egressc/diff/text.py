"""Changes for terminals: plain text, no colour."""

from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import groupby

from egressc import counted, printable
from egressc.diff.change import EFFECTS, TITLES, Change
from egressc.explain.layout import table
from egressc.positions import where

WIDTHS = (96, 60)
SHOWN = 4  # of the names of hosts; the JSON has them all


def show(changes: Sequence[Change]) -> str:
    """What differs by effect and by host, each sentence with its lines of both lists; empty if nothing does."""
    parts = []
    for effect, some in groupby(changes, key=lambda change: change.effect):
        parts.append(f"{TITLES[effect]}\n")
        rows: list[tuple[str, str]] = []
        for subjects, group in groupby(together(some), key=lambda item: item[0]):
            rows.append((f"  {few(subjects)}", ""))
            rows += [(f"    {change.text}", places(change)) for _, change in group]
        parts.append(f"{table(rows, WIDTHS)}\n")
    return printable.lines(f"{summary(changes)}\n\n{''.join(parts)}".rstrip("\n") + "\n") if changes else ""


def together(changes: Iterable[Change]) -> list[tuple[tuple[str, ...], Change]]:
    """Changes that lists say once for several hosts, as in `defaults`, once with all these hosts."""
    subjects: dict[Change, list[str]] = {}
    for change in changes:
        subjects.setdefault(replace(change, subject=""), []).append(change.subject)
    return sorted(((tuple(some), change) for change, some in subjects.items()), key=lambda item: item[0])


def few(names: Sequence[str]) -> str:
    """The first of the hosts that a change is about."""
    return counted.some(names, SHOWN)


def summary(changes: Sequence[Change]) -> str:
    """`7 changes: 2 opens, 1 weakens, 4 notes`."""
    counts = [(effect, sum(change.effect == effect for change in changes)) for effect in EFFECTS]
    known = ", ".join(f"{effect} {count}" for effect, count in counts if count)
    return f"{counted.times(len(changes), 'change')}: {known}"


def places(change: Change) -> str:
    """`old.yaml:3 → new.yaml:4, :7`."""
    return f"{where(change.old, '-')} → {where(change.new, '-')}" if change.old or change.new else ""
