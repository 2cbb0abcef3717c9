"""The entries of one file, each as a Mapping that names its host: bare names, objects, objects for several hosts."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

from egressc.findings import Code, Finding, Span
from egressc.flow import flow
from egressc.positions import Mapping, Sequence, plain

ALL = frozenset({-1})

UNNAMED = Code(
    "EG308",
    "an entry that names no host, or names hosts in two ways",
    "An entry is for one host (`host`), or for several that have all its settings in common (`hosts`).",
)


@dataclass(frozen=True, slots=True)
class Document:
    """One file's content, and the indexes of its hosts that are not to be judged further (ALL: none are)."""

    data: Mapping
    broken: frozenset[int]

    def is_broken(self, index: int) -> bool:
        """Whether the host at `index`, or what all hosts of the file depend on, has been refused."""
        return bool(self.broken & {index, *ALL})


def entries_of(document: Document, findings: list[Finding]) -> Iterator[tuple[int, Mapping]]:
    """The hosts of `document`, each with the index of its item; what no entry can be is added to `findings`."""
    hosts = document.data.get("hosts")
    if not isinstance(hosts, Sequence):
        return
    for index, item in enumerate(hosts):
        if isinstance(item, str):
            yield index, _named(Mapping(hosts.items_at[index]), item, hosts.items_at[index])
        elif isinstance(item, Mapping) and ("host" in item) == ("hosts" in item):
            if "host" in item or index not in document.broken:  # else what is wrong with it may be its host
                findings.append(_unnamed(item, hosts[:index]))
        elif isinstance(item, Mapping) and isinstance(item.get("host"), str):
            yield index, item
        elif isinstance(item, Mapping) and isinstance(names := item.get("hosts"), Sequence):
            for name, place in names.placed:
                if isinstance(name, str):
                    yield index, _named(item.without(("hosts",)), name, place)


def _unnamed(item: Mapping, before: list[Any]) -> Finding:
    if "host" in item:
        return UNNAMED(item.keys_at["hosts"], "the entry says both `host` and `hosts`", "keep one of the two")
    return UNNAMED(item.span, "the entry names no host", _whose(item, before))


def _whose(item: Mapping, before: list[Any]) -> str:
    """What to write for an `item` without a host: its keys may be those of the entry `before` it."""
    above = before[-1] if before else None
    name = above if isinstance(above, str) else above.get("host") if isinstance(above, Mapping) else None
    if isinstance(name, str) and not (isinstance(above, Mapping) and {*above} & {*item}):
        keys = " and ".join(f"`{key}`" for key in item)
        whole = {"host": name} | plain(above if isinstance(above, Mapping) else {}) | plain(item)
        fix = f"remove the dash before {keys} if this is of {name}: the entry is then `{flow(whole)}`"
        return f"{fix}; or add `host: <name>`"
    return "add `host: <name>`, or `hosts` for several with the same settings"


def _named(entry: Mapping, host: str, place: Span) -> Mapping:
    """`entry` as that of `host`, which stands bare at `place`."""
    entry["host"], entry.keys_at["host"], entry.values_at["host"] = host, place, place
    return entry
