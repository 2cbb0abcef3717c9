"""Reading a mapping of the list: what it says, and the schema's default where it is silent."""

from typing import Any

from egressc.model import Duration
from egressc.positions import Mapping
from egressc.schema import default


class Reading:
    """The mapping `data`, or None where the list has none; `group` is the schema's definition of it."""

    def __init__(self, data: Any, group: str, parent: Mapping) -> None:
        self.data = data if isinstance(data, Mapping) else Mapping(parent.span)
        self._group = group

    def get(self, name: str) -> Any:
        """The value of `name`: the list's, or the default, None where it has none."""
        return self.data[name] if name in self.data else default(self._group, name)

    def some(self, name: str) -> tuple[Any, ...]:
        """The items of the list `name`."""
        return tuple(self.get(name) or ())

    def pairs(self, name: str) -> tuple[tuple[str, str], ...]:
        """The keys and values of the mapping `name`, sorted."""
        return tuple(sorted((self.get(name) or {}).items()))

    def time(self, name: str) -> Duration | None:
        """The duration `name`; None where there is none."""
        text = self.get(name)
        return None if text is None else Duration.of(text)

    def duration(self, name: str) -> Duration:
        """The duration `name`, which has a default."""
        return Duration.of(self.get(name))
