"""A second gateway that carries a host, and is led nobody."""

from collections.abc import Iterator
from dataclasses import replace

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory
from egressc.rules import envoy_filters, external_authorization, headers

SAME_GATEWAY = Code(
    "EG380",
    "a standby that carries the host already",
    "`standby` names a gateway that does not carry the host: a shared one, or `own` for the host's own. To move a "
    "host, write the gateway that it goes to, install, and swap the two.",
)
OTHER_NAMESPACE = Code(
    "EG381",
    "a standby in another namespace",
    "A host's ServiceEntry and VirtualService stand in its gateway's namespace. So they would stand in two, and be "
    "removed from one while the other does not lead clients yet.",
)
SAME_PODS = Code(
    "EG382",
    "a standby with the same pods",
    "Two Gateway objects with one SNI on one port of the same pods exclude each other. So the standby needs other "
    "pods.",
)
#: What one gateway can do for a host, and another cannot.
BY_GATEWAY = (headers.check, external_authorization.check, envoy_filters.check)


def check(host: Host, inventory: Inventory) -> Iterator[Finding]:
    """A standby that is none, or cannot do what the gateway in use does."""
    second = host.standby
    if second is None:
        return
    if second.gateway == host.gateway:
        which = f"the pods of {host.gateway}" if host.gateway else "a gateway of its own"
        fix = "remove `standby`, or write the gateway that it goes to"
        yield SAME_GATEWAY(host.at("standby"), f"{host.host} is on {which}, and this is its standby too", fix)
    elif second.namespace != host.namespace:
        message = (
            f"{host.host} is in the namespace {host.namespace}, and its standby in {second.namespace}: a move to "
            "another namespace loses requests"
        )
        yield OTHER_NAMESPACE(host.at("standby"), message, _same_namespace(host, second))
    elif (
        _adopted(host)
        and _adopted(second)
        and (_adopted(host) <= _adopted(second) or _adopted(second) <= _adopted(host))
    ):
        message = f"{host.gateway} and {second.gateway} adopt the same pods"
        yield SAME_PODS(host.at("standby"), message, "remove `standby`, or adopt other pods")
    else:
        for rule in BY_GATEWAY:
            here = list(rule(host, inventory))
            fix = "remove `standby`, or let another gateway stand by"
            alone = (one for one in rule(second, inventory) if one not in here)
            yield from (replace(one, span=host.at("standby"), fix=fix) for one in alone)


def _adopted(host: Host) -> set[tuple[str, str]]:
    return {*host.shared.adopt} if host.shared else set()


def _same_namespace(host: Host, second: Host) -> str:
    if second.shared is None:
        return f"write `namespace: {host.namespace}` at the host"
    if host.shared is None:
        here = f"`namespace: {second.namespace}` at the host"
        return f"write `namespace: {host.namespace}` at {second.shared.name}, or {here}"
    return f"write `namespace: {host.namespace}` at {second.shared.name}, or remove `standby`"
