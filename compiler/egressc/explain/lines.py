"""Where a list says something, so that whatever is explained can be looked up."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from egressc.findings import Span
from egressc.model import Client, Deny, Host
from egressc.positions import Mapping, at_path


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


def said(data: Any, *path: str) -> Lines:
    """The line of the key at `path` below `data`, a Mapping; empty where the list does not say it."""
    *parents, key = path
    parent = at_path(data, tuple(parents))
    span = parent.keys_at.get(key) if isinstance(parent, Mapping) else None
    return (_line(span, key),) if span else ()


def host_line(host: Host) -> Line:
    """Where the list names `host`, as the key `host` or bare."""
    source = host.own
    bare = source.keys_at["host"] == source.values_at["host"]
    return _line(source.keys_at["host"], host.host if bare else "host")


def client_line(client: Client) -> Line:
    """Where the list names `client`, as an object or as a bare namespace."""
    key = "wholeMesh" if client.whole_mesh else "namespace"
    bare = key not in client.source.keys_at
    return _line(client.source.span if bare else client.source.keys_at[key], str(client.namespace) if bare else key)


def deny_line(deny: Deny) -> Line:
    """Where the list names who is refused, as an object or as a bare namespace."""
    key = next(iter(deny.source.keys_at), "")
    return _line(deny.source.keys_at[key] if key else deny.source.span, key or str(deny.namespace))


def once(lines: Iterable[Line]) -> Lines:
    """`lines` in their order, each once."""
    return tuple(dict.fromkeys(lines))


def _line(span: Span, key: str) -> Line:
    return Line(span.file, span.line, span.column, key)
