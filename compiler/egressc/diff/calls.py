"""Who may call a host, as its gateway and the clients' sidecars decide it, call by call.

Two lists are compared by calls that stand for all others: if a rule tells two calls apart, both are among them.
"""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import product
from typing import NamedTuple

from egressc.emit import spelling
from egressc.model import Client, Deny, Host, Inventory, is_prefix, stands_for

#: A name that no list has: it stands for all others.
OTHER = "~other~"
Labels = tuple[tuple[str, str], ...]
Rule = Client | Deny


class Call(NamedTuple):
    """Who asks what; method and path are empty on a port without requests."""

    namespace: str
    account: str
    labels: Labels
    port: int
    method: str
    path: str


@dataclass(frozen=True, slots=True)
class Access:
    """What decides about the calls of one host: `clients` are let in unless `denials` refuse them."""

    host: Host
    clients: tuple[Client, ...]
    denials: tuple[Deny, ...]
    reports: bool

    def allows(self, call: Call) -> bool:
        """Whether the call gets to the upstream."""
        return self.admits(call) and self.refusal(call) is None

    def admits(self, call: Call) -> bool:
        """Whether a client's entry lets the call in."""
        known = any(port.port == call.port for port in self.host.ports)
        return known and self._labelled(call) and any(self._lets_in(client, call) for client in self.clients)

    def refusal(self, call: Call) -> Deny | None:
        """The denial that refuses the call."""
        return next((deny for deny in self.denials if self._refuses(deny, call)), None)

    def labels(self, namespace: str, port: int) -> tuple[Labels, ...]:
        """The smallest sets of pod labels that the sidecars of this namespace let through to the port."""
        guards = self._guards(port)
        return tuple(sorted({labels for of, labels in guards if of in (None, namespace)})) if guards else ((),)

    def speaks_http(self, port: int) -> bool:
        """Whether this client port has requests."""
        return any(one.port == port and one.is_http for one in self.host.ports)

    def _labelled(self, call: Call) -> bool:
        ingress = self.host.expose.gateway if self.host.expose else None
        if ingress and (ingress.namespace, ingress.service_account) == (call.namespace, call.account):
            return True
        guards = self._guards(call.port)
        return not guards or any(of in (None, call.namespace) and {*some} <= {*call.labels} for of, some in guards)

    def _guards(self, port: int) -> set[tuple[str | None, Labels]]:
        """Whose pods a sidecar lets through by their labels; none where it asks for none."""
        if self.reports:
            return set()
        guards = {(client.namespace, client.pod_labels) for client in self.host.clients if client.covers(port)}
        return guards if any(labels for _, labels in guards) and (None, ()) not in guards else set()

    def _lets_in(self, client: Client, call: Call) -> bool:
        if not stands_for(client.namespace, call.namespace) or not client.covers(call.port):
            return False
        if self.host.in_sidecar:  # nobody asks for an identity there
            return {*client.pod_labels} <= {*call.labels}
        if client.service_account not in (None, call.account):
            return False
        if not self.speaks_http(call.port):
            return not (client.methods or client.paths)
        return (not client.methods or call.method in client.methods) and _asks(call.path, client.paths, "allowed")

    def _refuses(self, deny: Deny, call: Call) -> bool:
        if not stands_for(deny.namespace, call.namespace) or deny.service_account not in (None, call.account):
            return False
        if call.port not in self.host.decided_on(deny):
            return False
        if deny.methods and not re.fullmatch(spelling.denied_methods(deny.methods), call.method):
            return False
        return _asks(call.path, deny.paths, "denied")


def access(host: Host, inventory: Inventory, *, enforced: bool = False) -> Access:
    """What decides about the calls of `host`, a host of `inventory`; if `enforced`, as if it did not only report."""
    fleet = () if host.in_sidecar else tuple(deny for deny in inventory.deny if host.decided_on(deny))
    if host.reports and not enforced:
        return Access(host, (_anybody(host),), fleet, reports=True)
    return Access(host, host.callers, (*fleet, *(() if host.in_sidecar else host.deny)), reports=False)


def calls(client: Client, one: Access, other: Access) -> Iterator[Call]:
    """Calls of `client` that `one` lets in: for each that `one` and `other` may tell apart from the others, one."""
    all_rules: list[Rule] = [*one.clients, *one.denials, *other.clients, *other.denials]
    for namespace in _namespaces(all_rules):
        if not stands_for(client.namespace, namespace):
            continue
        rules = [rule for rule in all_rules if stands_for(rule.namespace, namespace)]
        named = client.service_account
        accounts = [named] if named and not one.host.in_sidecar else _accounts(rules)
        for port in (port.port for port in one.host.ports if client.covers(port.port)):
            http = one.speaks_http(port) or other.speaks_http(port)
            methods = (client.methods or _methods(rules)) if http else ("",)
            paths = _paths(rules) if http else ("",)
            for rest in product(accounts, one.labels(namespace, port), [port], methods, paths):
                call = Call(namespace, *rest)
                if one.allows(call) and _is_of(client, call, one):
                    yield call


def _is_of(client: Client, call: Call, one: Access) -> bool:
    """Whether it is this client's entry that lets the call in."""
    return Access(one.host, (client,), (), one.reports).admits(call)


def _anybody(host: Host) -> Client:
    return Client(
        source=host.source,
        group=None,
        namespace=None,
        whole_mesh=True,
        service_account=None,
        pod_labels=(),
        ports=(),
        methods=(),
        paths=(),
    )


def _namespaces(rules: Sequence[Rule]) -> list[str]:
    """Each that is named, one for each prefix that stands for all others, and one for all others."""
    named = {rule.namespace for rule in rules if rule.namespace}
    return [*sorted(name[:-1] + OTHER if is_prefix(name) else name for name in named), OTHER]


def _accounts(rules: Sequence[Rule]) -> list[str]:
    return [*sorted({rule.service_account for rule in rules if rule.service_account}), OTHER]


def _methods(rules: Sequence[Rule]) -> tuple[str, ...]:
    named = {method for rule in rules for method in rule.methods}
    return (*sorted(named | ({"HEAD"} if "GET" in named else set())), "OTHER")


def _paths(rules: Sequence[Rule]) -> tuple[str, ...]:
    """Paths that stand for all others: each exact one, and each beginning with each end."""
    named = {path for rule in rules for path in rule.paths}
    exact = {path for path in named if "*" not in path}
    begins = {path[:-1] for path in named if path.endswith("*") and path != "*"} | {"/"}
    ends = {path[1:] for path in named if path.startswith("*")} | {""}
    whole = {begin + OTHER + end for begin in begins for end in ends}
    return tuple(sorted(exact | {path + "/" for path in exact} | begins | whole))


def _asks(path: str, patterns: tuple[str, ...], kind: str) -> bool:
    return not patterns or any(one.fullmatch(path) for one in _expressions(patterns, kind))


@cache
def _expressions(patterns: tuple[str, ...], kind: str) -> tuple[re.Pattern[str], ...]:
    spelled = spelling.allowed_paths(patterns) if kind == "allowed" else spelling.denied_paths(patterns)
    return tuple(map(re.compile, spelled))
