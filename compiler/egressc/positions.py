"""Plain data that knows where each of its keys and values stands in its file."""

from dataclasses import dataclass, field
from typing import Any

from egressc.findings import Span


class Mapping(dict[str, Any]):
    """A YAML mapping: `keys_at` and `values_at` hold the Span of each key and value, `span` its own."""

    __slots__ = ("keys_at", "span", "values_at")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.keys_at: dict[str, Span] = {}
        self.values_at: dict[str, Span] = {}


class Sequence(list[Any]):
    """A YAML sequence: `items_at` holds the Span of each item, `span` its own."""

    __slots__ = ("items_at", "span")

    def __init__(self, span: Span) -> None:
        super().__init__()
        self.span = span
        self.items_at: list[Span] = []


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


def at_path(data: Any, path: tuple[str, ...]) -> Any:
    """What stands at `path` below `data`; None where something on the way is missing."""
    for key in path:
        data = data.get(key) if isinstance(data, Mapping) else None
    return data


@dataclass(frozen=True, slots=True, kw_only=True)
class Sourced:
    """Something that stands in a list; `source` is its Mapping there, defaults and overlays merged in."""

    source: Mapping = field(repr=False, compare=False)

    def at(self, *path: str | int) -> Span:
        """The Span of the key at `path`, or of its nearest parent that the list has."""
        return locate(self.source, path, key=True)
