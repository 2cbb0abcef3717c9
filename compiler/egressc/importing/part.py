"""A part of an object that knows what of it somebody has read, so that nothing of it is lost in silence."""

from collections.abc import Iterator
from typing import Any, TypeVar

from egressc.findings import Span
from egressc.positions import Mapping, Sequence, plain

T = TypeVar("T")


class Part:
    """A mapping of an object. What is asked for by its right type counts as read; `unread` yields the rest."""

    __slots__ = ("_done", "_parts", "_read", "data", "span")

    def __init__(self, data: Any, span: Span) -> None:
        self.data: dict[str, Any] = data if isinstance(data, dict) else {}
        self.span = span
        self._read: set[str] = set()
        self._done = False
        self._parts: dict[str, list[Part]] = {}

    def __contains__(self, key: str) -> bool:
        return key in self.data

    def at(self, key: str) -> Span:
        """Where the value of `key` stands; the part itself if it has no such key."""
        return self.data.keys_at.get(key, self.span) if isinstance(self.data, Mapping) else self.span

    def text(self, key: str) -> str:
        """A text, or a number as one; empty if there is none."""
        value = self._take(key, str, int)
        return "" if value is None or isinstance(value, bool) else str(value)

    def number(self, key: str) -> int | None:
        """A whole number, also one that is written as text."""
        value = self.data.get(key)
        if isinstance(value, str) and value.isascii() and value.isdecimal():
            self._read.add(key)
            return int(value)
        value = self._take(key, int)
        return None if isinstance(value, bool) else value

    def flag(self, key: str) -> bool:
        """Whether `key` is true."""
        return self._take(key, bool) is True

    def texts(self, key: str) -> list[str]:
        """A list of texts."""
        return [str(item) for item in self._take(key, list) or [] if isinstance(item, str | int)]

    def placed(self, key: str) -> list[tuple[str, Span]]:
        """The same, each with its place."""
        items = self._take(key, list)
        return [(str(item), at) for item, at in items.placed] if isinstance(items, Sequence) else []

    def pairs(self, key: str) -> dict[str, str]:
        """A mapping of texts."""
        found = self._take(key, dict) or {}
        return {name: str(plain(value)) for name, value in found.items() if isinstance(value, str | int | float)}

    def part(self, key: str) -> "Part":
        """The mapping at `key`; an empty one if there is none."""
        if key not in self._parts:
            value = self._take(key, dict)
            self._parts[key] = [Part(value, self.at(key))]
        return self._parts[key][0]

    def parts(self, key: str) -> "list[Part]":
        """The mappings in the list at `key`."""
        if key not in self._parts:
            items = self._take(key, list)
            placed = items.placed if isinstance(items, Sequence) else []
            self._parts[key] = [Part(item, at) for item, at in placed if isinstance(item, dict)]
        return self._parts[key]

    def done(self) -> None:
        """Marks all of it as read, whatever is asked for later."""
        self._done = True

    def skip(self, *keys: str) -> None:
        """Marks keys as read that have nothing to say, or nothing that is asked for here."""
        self._read.update(keys)

    def unread(self, path: str = "") -> Iterator[tuple[str, Span]]:
        """The keys below that nobody has read: each by its path, with its place."""
        for key, value in () if self._done else self.data.items():
            name = f"{path}.{key}" if path else key
            if key in self._parts:
                for part in self._parts[key]:
                    yield from part.unread(name)
            elif key not in self._read and value not in (None, "", [], {}):
                yield name, self.at(key)

    def _take(self, key: str, *kinds: type) -> Any:
        value = self.data.get(key)
        if not isinstance(value, kinds):
            return None
        self._read.add(key)
        return value
