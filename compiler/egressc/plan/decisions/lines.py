"""Where the list says what has no key of its own."""

from collections.abc import Iterable

from egressc.model import Client, Deny, Host, Port
from egressc.positions import Line, Lines


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


def port_lines(port: Port) -> Lines:
    """Where the list says that `port` is one; a host in passthrough has its port from there."""
    return port.said("port") or port.said("speaks") or (port.tls.said("mode") if port.tls.mode == "passthrough" else ())


def upstream_lines(port: Port) -> Lines:
    """Where the list says which upstream port is behind `port`."""
    return port.said("upstreamPort") or port_lines(port)


def once(lines: Iterable[Line]) -> Lines:
    """`lines` in their order, each once."""
    return tuple(dict.fromkeys(lines))
