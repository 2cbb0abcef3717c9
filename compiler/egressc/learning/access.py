"""One line of an access log → its fields: Istio's text and JSON, and the text that Envoy writes by itself.

Callers write the method, the path and the headers of a line. In text nothing escapes them. So a line is read from its
end, where Envoy alone writes, but for the Host and the SNI, which have no blank and no quote.
"""

import re
from functools import lru_cache
from typing import Any, NamedTuple

from egressc.meant.pasted import port_of

BEGIN = re.compile(r'\[[^\]"]{1,64}\] "(?P<method>[^\s"]{1,64}) ')
SECOND = re.compile(r' HTTP/(?:2|3)(?:\.0)?" ')
#: What an agent and Envoy write beside the access log.
OTHER = re.compile(r"\S{10,40}\s+(trace|debug|info|warn|warning|error|critical|fatal)\s", re.IGNORECASE)
MAX_FIELD = 300


class Address(NamedTuple):
    """An IP address and a port."""

    ip: str
    port: int


class Record(NamedTuple):
    """What a line says; empty where it says nothing. Without `has_cluster` its form does not tell the cluster."""

    method: str
    second: bool
    authority: str
    upstream: Address | None
    cluster: str
    connected: bool
    local: Address | None
    server_name: str
    route: str
    has_cluster: bool = True


def of_text(line: str) -> Record | None:
    """What a line of text says; None if it is no line of an access log."""
    begin = BEGIN.match(line)
    if not begin:
        return None
    if line.endswith('"'):
        head, tail = line[:-1], ""
    else:
        head, _, tail = line.rpartition('" ')
    head, _, upstream = head.rpartition('" "')
    head, _, authority = head.rpartition(' "')
    fields = tail.split(" ", 5) if tail else ["", "-", "-", "-", "-", "-"]
    if not head or len(fields) < 6 or " " in authority + upstream:
        return None
    cluster, upstream_local, local, _, server_name, route = map(_plain, fields)
    return Record(
        method=_plain(begin["method"]),
        second=bool(SECOND.search(line, begin.end())),
        authority=_plain(authority),
        upstream=address(upstream),
        cluster=cluster,
        connected=bool(upstream_local) if tail else address(upstream) is not None,
        local=address(local),
        server_name=server_name,
        route=route,
        has_cluster=bool(tail),
    )


def of_json(data: dict[str, Any]) -> Record | None:
    """What a line of JSON says; None if it is no line of an access log."""
    if not ({"upstream_cluster", "route_name"} & data.keys() and {"authority", "requested_server_name"} & data.keys()):
        return None

    def text(key: str) -> str:
        value = data.get(key)
        return _plain(value) if isinstance(value, str) else ""

    upstream = address(text("upstream_host"))
    said = "upstream_local_address" in data
    return Record(
        method=text("method"),
        second=text("protocol").startswith(("HTTP/2", "HTTP/3")),
        authority=text("authority"),
        upstream=upstream,
        cluster=text("upstream_cluster"),
        connected=bool(text("upstream_local_address")) if said else upstream is not None,
        local=address(text("downstream_local_address")),
        server_name=text("requested_server_name"),
        route=text("route_name"),
    )


def is_other(line: str) -> bool:
    """Whether a line is of those that a sidecar writes beside its access log."""
    return bool(OTHER.match(line))


@lru_cache(maxsize=4096)
def address(text: str) -> Address | None:
    """`10.0.0.1:443` or `[2001:db8::1]:443`."""
    ip, _, digits = text.rpartition(":")
    port = port_of(digits)
    return Address(ip.strip("[]")[:64], port) if ip and port else None


def _plain(text: str) -> str:
    return "" if text == "-" else text[:MAX_FIELD]
