"""Where the list says what is shown."""

from collections.abc import Iterable

from egressc.model import Client, Deny, Host
from egressc.positions import Line, Lines

__all__ = ["Line", "Lines", "client_line", "deny_line", "host_line", "once"]


def host_line(host: Host) -> Line:
    """Where the list names `host`, as the key `host` or bare."""
    return host.named("host", host.host)


def client_line(client: Client) -> Line:
    """Where the list names `client`, as an object or as a bare namespace."""
    key = "group" if client.group else "wholeMesh" if client.whole_mesh else "namespace"
    return client.named(key, str(client.namespace))


def deny_line(deny: Deny) -> Line:
    """Where the list names who is refused, as an object or as a bare namespace."""
    return deny.begin(str(deny.namespace))


def once(lines: Iterable[Line]) -> Lines:
    """`lines` in their order, each once."""
    return tuple(dict.fromkeys(lines))
