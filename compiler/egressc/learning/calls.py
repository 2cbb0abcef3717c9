"""What a line or a metric says → a call: of which host, at which port, how and by whom."""

import ipaddress
import re
from functools import lru_cache
from typing import Literal, NamedTuple

from egressc.hostname import is_cluster_name, is_ip, normalise
from egressc.learning.access import Record
from egressc.learning.origin import Origin
from egressc.meant.pasted import host_of, split
from egressc.model import Protocol, caller_name

PASSTHROUGH, BLACK_HOLE = "PassthroughCluster", "BlackHoleCluster"
CLUSTER = re.compile(r"outbound\|(?P<port>[0-9]{1,5})\|[^|]*\|(?P<host>[^|;\s]+);?")
#: The name of a Service, whatever domain the cluster has.
SERVICE = re.compile(r"[a-z0-9-]+\.[a-z0-9-]+\.svc\.")
INBOUND = ("inbound|", "InboundPassthrough")
CLUSTER_DOMAIN = "cluster.local"
#: Lines that are alike follow each other.
ALIKE = 16_384

#: What is known of a call: seen at an upstream; refused by the mesh; without an answer; for an address only; by
#: another name than that of the upstream's host; by a name that no list takes.
Kind = Literal["seen", "refused", "unanswered", "nameless", "another", "no host"]
#: Lines that are about no call to the outside.
Skip = Literal["inbound", "inside", "other"]


class Call(NamedTuple):
    """Calls that are alike. `host` is what was called: a host, or what stands in its place where the kind says so.

    `upstream_port` is 0 where it was not seen, `port` where nobody says it. `private` is an upstream's address that the
    internet does not know. `goes_to` is the host of the upstream, where the caller named another.
    """

    kind: Kind
    host: str
    port: int
    protocol: Protocol
    upstream_port: int = 0
    namespace: str = ""
    account: str = ""
    private: bool = False
    assumed: bool = False
    goes_to: str = ""

    @property
    def who(self) -> str:
        """The caller, for people."""
        return caller_name(self.namespace, self.account) or "unknown callers"


@lru_cache(maxsize=ALIKE)
def of_record(record: Record, origin: Origin) -> Call | Skip:
    """The call that a line of an access log is about."""
    if record.cluster.startswith(INBOUND):
        return "inbound"
    refused = record.cluster == BLACK_HOLE or record.route == "block_all"
    asked = normalise(split(record.authority)[0] if record.method else record.server_name)
    at = record.upstream or record.local
    target, port, private = "", at.port if at else 0, at is not None and not _is_global(at.ip)
    if record.has_cluster and record.cluster != PASSTHROUGH and not refused:
        named = CLUSTER.fullmatch(record.cluster)
        if not named:
            return "other"
        target, port = normalise(named["host"]), int(named["port"])
        if is_inside(target):
            return "inside"
    elif not record.has_cluster and (private or at is None):
        return "other"  # nothing tells whether it came in or went out
    if is_inside(asked):
        return "inside"
    call = Call(
        kind="seen",
        host=asked,
        port=port,
        protocol=_protocol(record),
        upstream_port=record.upstream.port if record.upstream else 0,
        namespace=origin.namespace,
        account=origin.account,
        private=private,
    )
    return _judged(call, target, refused=refused, connected=record.connected, address=at.ip if at else "")


def _judged(call: Call, target: str, *, refused: bool, connected: bool, address: str) -> Call:
    """`call` with what is known of it. A name counts only where it is that of the host that was connected to."""
    asked = call.host
    wildcard = target.startswith("*.")
    if target and not wildcard and asked and asked != target:
        return call._replace(kind="another", goes_to=target)
    if wildcard and asked and not asked.endswith(target[1:]):
        return call._replace(kind="another", goes_to=target)
    name = target if target and not wildcard else asked
    if not name or is_ip(name):
        return call._replace(kind="nameless", host=address or name)
    host = called(name)
    if host is None or not call.port:
        return call._replace(kind="no host", host=name)
    kind: Kind = "refused" if refused else "seen" if connected else "unanswered"
    return call._replace(kind=kind, host=host)


def _protocol(record: Record) -> Protocol:
    if record.method:
        return "HTTP2" if record.second else "HTTP"
    return "TLS" if record.server_name else "TCP"


def family(protocol: Protocol) -> Protocol:
    """What a gateway tells apart on a port: TLS, TCP, and requests in clear."""
    return protocol if protocol in ("TLS", "TCP") else "HTTP"


def called(name: str) -> str | None:
    """`name` as a list has it, None where it is no name of one host. A caller may well say a wildcard."""
    return None if name.startswith("*") else host_of(name)


def is_inside(name: str) -> bool:
    """Whether `name` is one that the cluster gives."""
    return is_cluster_name(name, CLUSTER_DOMAIN) or bool(SERVICE.match(name))


def _is_global(ip: str) -> bool:
    try:
        return ipaddress.ip_address(ip).is_global
    except ValueError:
        return False
