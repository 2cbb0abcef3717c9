"""Sections that the fleet and one host's page have in common: plain text, no colour."""

from collections.abc import Iterable, Sequence

from egressc import counted
from egressc.explain.before import Before
from egressc.explain.layout import aligned, fit, table, wrap
from egressc.plan.needs import Need
from egressc.plan.remarks import Remark
from egressc.positions import where

SHOWN = 4  # of clients, of one client's paths, of names; the host's own page has them all


def section(title: str, rows: Iterable[Sequence[str]], widths: Sequence[int], width: int) -> str:
    """`title`, and below it a table, in `width` columns."""
    rows = list(rows)
    return f"{title}\n{indented(table(rows, fit(rows, widths, width - 2)), 2)}"


def needed(wanted: Before, width: int) -> str:
    """What must be there before the installation."""
    rows = []
    for namespace in wanted.namespaces:
        rows.append((f"Namespace {namespace}", "", ""))
        rows += [_need(need) for need in wanted.objects if need.namespace == namespace]
    rows += [(one.of, one.what, one.why) for one in wanted.conditions]
    return section("Needs, before the installation", rows, (60, 40, 56), width)


def _need(need: Need) -> tuple[str, str, str]:
    return f"  {need.kind} {need.name}", ", ".join(need.keys), f"for {few(need.hosts, ', ')}"


def worth_a_look(seen: Sequence[Remark], width: int) -> list[str]:
    """What a person should look at, by its kind; hosts of which the same is true stand together."""
    kinds: dict[str, dict[str, list[Remark]]] = {}
    for one in seen:
        kinds.setdefault(one.kind, {}).setdefault(one.detail, []).append(one)
    rows = [(_whose(alike), detail, _places(alike)) for group in kinds.values() for detail, alike in group.items()]
    lines = iter(aligned(rows, fit(rows, (60, 60, 34), width - 4)))
    parts = [
        indented("\n".join(wrap(f"{kind} ({sum(map(len, group.values()))})", width - 2)), 2)
        + "".join(indented(next(lines), 4) for _ in group)
        for kind, group in kinds.items()
    ]
    return [f"Worth a look\n{''.join(parts)}"] if seen else []


def _whose(alike: Sequence[Remark]) -> str:
    ordered = sorted(alike, key=lambda one: (one.host, one.port or 0))
    return few([f"{one.host}:{one.port}" if one.port else one.host for one in ordered], ", ")


def _places(alike: Sequence[Remark]) -> str:
    lines = sorted({line for one in alike for line in one.lines}, key=lambda line: (line.file, line.line))
    return where(lines[:SHOWN]) + (" …" if len(lines) > SHOWN else "")


def few(texts: Sequence[str], between: str) -> str:
    """The first of `texts`, and how many more there are."""
    return between.join(counted.few(texts, SHOWN))


def indented(text: str, blanks: int) -> str:
    """`text`, each line of it behind so many blanks."""
    return "".join(f"{' ' * blanks}{line}\n" for line in text.splitlines())
