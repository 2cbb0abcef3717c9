"""The keys of a list, by the fields of the model that hold what they say."""

from dataclasses import fields
from functools import cache
from typing import Any

#: Fields whose keys are called otherwise; what an empty one has stands where its parent stands.
RENAMED = {"pod_settings": "", "pool": "connectionPool", "all_clients": "", "without": "except"}
#: What of a settled class is about its place in the list.
PLACES = ("source", "keys")


def keyed(settled: object) -> tuple[tuple[str, str], ...]:
    """The names of the fields of `settled`, each with its key in the list."""
    kind: Any = type(settled)
    return _keyed(kind)


@cache
def _keyed(kind: Any) -> tuple[tuple[str, str], ...]:
    names = (field.name for field in fields(kind) if field.name not in PLACES)
    return tuple((name, RENAMED.get(name, camel(name))) for name in names)


def camel(name: str) -> str:
    """`max_requests` is `maxRequests` in a list."""
    first, *rest = name.split("_")
    return first + "".join(word.capitalize() for word in rest)
