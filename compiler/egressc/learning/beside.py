"""What a list has already: which calls it carries, and what it lacks for others."""

from collections.abc import Iterable
from dataclasses import dataclass

from egressc.learning.calls import Call, family
from egressc.model import Client, Deny, Host, Inventory, Port, means


@dataclass(frozen=True, slots=True)
class Listed:
    """The host of a list that stands for a name, and its port for a call; None where it lacks that."""

    host: Host
    port: Port | None


class Beside:
    """A list that is there already."""

    def __init__(self, inventory: Inventory) -> None:
        self._hosts = {host.host: host for host in inventory.hosts}
        self._deny = inventory.deny

    def find(self, call: Call) -> Listed | None:
        """What stands for the host of `call`, itself or the narrowest wildcard."""
        host = self._hosts.get(call.host)
        labels = call.host.split(".")
        for cut in range(1, len(labels)):
            host = host or self._hosts.get(".".join(["*", *labels[cut:]]))
        if host is None:
            return None
        fits = (
            port for port in host.ports if port.port == call.port and family(port.protocol) == family(call.protocol)
        )
        return Listed(host, next(fits, None))

    def decides(self, listed: Listed, call: Call) -> bool:
        """Whether the list says of this caller already that it may, or may not."""
        if not call.namespace:
            return True
        rules: Iterable[Client | Deny] = (*listed.host.callers, *listed.host.deny, *self._deny)
        return any(_names(rule, call) for rule in rules)


def _names(rule: Client | Deny, call: Call) -> bool:
    everybody = isinstance(rule, Deny) or rule.whole_mesh or rule.namespace is not None
    if not everybody or not rule.covers(call.port):
        return False
    if isinstance(rule, Deny) and rule.hosts and call.host not in rule.hosts:
        return False
    return means(rule, call.namespace, call.account)
