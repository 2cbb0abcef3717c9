"""Plain data that knows where each of its keys and values stands in its file."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import groupby
from typing import Any, Literal

from egressc.findings import Span

#: Who said a value: a host's entry, an overlay's entry of the host, the defaults of either, or nobody.
Origin = Literal["host", "overlay", "defaults", "nobody"]


class Mapping(dict[str, Any]):
    """A YAML mapping: `keys_at` and `values_at` hold the Span of each key and value, `span` its own.

    `origin` says who wrote it, `origins` who wrote single keys of one that was merged.
    """

    __slots__ = ("keys_at", "origin", "origins", "span", "values_at")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.keys_at: dict[str, Span] = {}
        self.values_at: dict[str, Span] = {}
        self.origin: Origin = "host"
        self.origins: dict[str, Origin] = {}

    def origin_of(self, key: str) -> Origin:
        """Who said `key`."""
        return self.origins.get(key, self.origin) if key in self.keys_at else "nobody"

    def without(self, path: tuple[str, ...]) -> "Mapping":
        """A copy that does not say what stands at `path`, which is there."""
        result = Mapping(self.span)
        result.origin = self.origin
        first, *rest = path
        for key in self:
            if key != first or rest:
                result.take(key, self)
        if rest:
            result[first] = self[first].without(tuple(rest))
        return result

    def take(self, key: str, other: "Mapping") -> None:
        """Takes over what `other` says of `key`, with its place."""
        self[key], self.keys_at[key], self.values_at[key] = other[key], other.keys_at[key], other.values_at[key]
        self.origins[key] = other.origin_of(key)


class Sequence(list[Any]):
    """A YAML sequence: `items_at` holds the Span of each item, `span` its own."""

    __slots__ = ("items_at", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.items_at: list[Span] = []

    @property
    def placed(self) -> list[tuple[Any, Span]]:
        """The items, each with its place."""
        return list(zip(self, self.items_at, strict=True))

    def with_items(self, placed: Iterable[tuple[Any, Span]]) -> "Sequence":
        """A Sequence at the same place, with these items, of equal ones the first."""
        result = Sequence(self.span)
        for item, place in placed:
            if item not in result:
                result.append(item)
                result.items_at.append(place)
        return result


@dataclass(frozen=True, slots=True, order=True)
class Line:
    """A place in a list: `key` begins at `column` of `line`, both from 1; a bare host or client is its own key."""

    file: str
    line: int
    column: int
    key: str

    @property
    def place(self) -> str:
        """`hosts.yaml:7`, as editors and terminals open it."""
        return f"{self.file}:{self.line}"


Lines = tuple[Line, ...]  # empty: the list is silent, and a default holds


def where(lines: Iterable[Line], silent: str = "default") -> str:
    """`hosts.yaml:3, :7`, or the word for what the list does not say."""
    files = groupby(sorted({(line.file, line.line) for line in lines}), key=lambda place: place[0])
    return ", ".join(file + ", ".join(f":{line}" for _, line in places) for file, places in files) or silent


def locate(data: Any, path: tuple[str | int, ...], *, key: bool = False) -> Span:
    """The Span of what stands at `path` below `data`, or of its nearest parent that exists; with `key`, of its key."""
    span: Span = data.span
    for step in path:
        if isinstance(data, Mapping) and step in data.values_at:
            span = data.keys_at[str(step)] if key and step == path[-1] else data.values_at[str(step)]
        elif isinstance(data, Sequence) and isinstance(step, int) and step < len(data):
            span = data.items_at[step]
        else:
            break
        data = data[step]
    return span


def plain(data: Any) -> Any:
    """A copy of `data` without places."""
    if isinstance(data, dict):
        return {key: plain(value) for key, value in data.items()}
    return [plain(item) for item in data] if isinstance(data, list) else data


def mark(data: Any, origin: Origin) -> None:
    """Says of everything in `data` who wrote it."""
    if isinstance(data, Mapping):
        data.origin = origin
    for item in data.values() if isinstance(data, dict) else data if isinstance(data, list) else ():
        mark(item, origin)


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """Something that a list says, settled: its fields are what holds, whoever said it, and this is who and where.

    Two are equal where all fields are, and somebody said the same keys.
    """

    source: Mapping = field(repr=False, compare=False)
    keys: frozenset[str] = field(init=False, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "keys", frozenset(self.source.keys_at))

    def at(self, *path: str | int) -> Span:
        """The Span of the key at `path`, or of its nearest parent that the list has."""
        return locate(self.source, path, key=True)

    def says(self, *path: str) -> bool:
        """Whether somebody has said what stands at `path`."""
        return self.origin(*path) != "nobody"

    def origin(self, *path: str) -> Origin:
        """Who said what stands at `path`."""
        parent = self._parent(path)
        return parent.origin_of(path[-1]) if parent is not None else "nobody"

    def own(self, *path: str) -> bool:
        """Whether the host's entry itself says what stands at `path`, or an overlay's of the host."""
        return self.origin(*path) in ("host", "overlay")

    def said(self, *path: str) -> Lines:
        """The line of the key at `path`; empty where nobody said it."""
        parent = self._parent(path)
        span = parent.keys_at.get(path[-1]) if parent is not None else None
        return (Line(*span, path[-1]),) if span else ()

    def named(self, key: str, bare: str) -> Line:
        """The line of `key`, the one that names it; `bare` stands in where the list has a bare item."""
        span = self.source.keys_at.get(key, self.source.span)
        return Line(*span, bare if span == self.source.values_at.get(key, span) else key)

    def begin(self, bare: str) -> Line:
        """The line of its first key; `bare` stands in where the list has a bare item."""
        return self.named(next(iter(self.source.keys_at), ""), bare)

    def _parent(self, path: tuple[str, ...]) -> Mapping | None:
        if len(path) == 1:
            return self.source
        data: Any = self.source
        for step in path[:-1]:
            data = data.get(step) if isinstance(data, Mapping) else None
        return data if isinstance(data, Mapping) else None
