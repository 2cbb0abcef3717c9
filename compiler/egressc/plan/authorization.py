"""Who may do what at a gateway, and who may not, whatever they may."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from egressc.model import Client, Deny, Host, Inventory

EVERYBODY = "*"

Numbers = Mapping[int, int]  # the gateway's own port by the client port


@dataclass(frozen=True, slots=True)
class Rule:
    """Who may do what on which ports of the gateway; empty tuples mean everything."""

    principal: str
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    client: Client


@dataclass(frozen=True, slots=True)
class Denial:
    """Who is refused what on which ports of the gateway; empty tuples mean everything.

    At most one of `namespace`, `principal` and `not_principals` (everybody else) is set; none: everybody.
    """

    ports: tuple[int, ...]
    namespace: str | None = None
    principal: str | None = None
    not_principals: tuple[str, ...] = ()
    methods: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    deny: Deny | None = None  # None: it follows from who may call


def rules(host: Host, numbers: Numbers, trust_domain: str) -> tuple[Rule, ...]:
    """Who may call `host`."""
    return tuple(_rule(client, numbers, trust_domain) for client in host.callers)


def denials(host: Host, numbers: Numbers, allowed: Iterable[Rule]) -> tuple[Denial, ...]:
    """Who may not call `host`, by its own entry; at pods that are adopted also whoever is not `allowed`."""
    others = _others(numbers.values(), allowed) if host.shared and host.shared.adopt else ()
    return (*(_denial(host, deny, numbers) for deny in host.deny), *others)


def fleet_denials(host: Host, numbers: Numbers, inventory: Inventory) -> tuple[Denial, ...]:
    """What the fleet-wide denials mean for `host`: on the ports alone where each of them can be decided."""
    return tuple(_denial(host, deny, numbers) for deny in inventory.deny if host.decided_on(deny))


def _rule(client: Client, numbers: Numbers, trust_domain: str) -> Rule:
    account = client.service_account or "*"
    return Rule(
        principal=EVERYBODY if client.whole_mesh else f"{trust_domain}/ns/{client.namespace}/sa/{account}",
        ports=tuple(sorted(numbers[port] for port in client.ports)),
        methods=tuple(sorted(client.methods)),
        paths=tuple(sorted(client.paths)),
        client=client,
    )


def _denial(host: Host, deny: Deny, numbers: Numbers) -> Denial:
    ports = host.decided_on(deny)
    # a denial of requests names its ports even where they are all: on any other port it would refuse every connection
    named = deny.methods or deny.paths or not deny.namespace or len(ports) < len(numbers)
    return Denial(
        ports=tuple(sorted(numbers[port] for port in ports)) if named else (),
        namespace=None if deny.service_account else deny.namespace,
        # of any trust domain: a name that is denied must not come back from another one
        principal=f"*/ns/{deny.namespace}/sa/{deny.service_account}" if deny.service_account else None,
        methods=tuple(sorted(deny.methods)),
        paths=tuple(sorted(deny.paths)),
        deny=deny,
    )


def _others(numbers: Iterable[int], allowed: Iterable[Rule]) -> Iterator[Denial]:
    """The same as `allowed`, for pods that may carry hosts which no list knows: there nothing may be allowed."""
    known, ports = tuple(allowed), defaultdict[tuple[str, ...], list[int]](list)
    for number in numbers:
        ports[tuple(rule.principal for rule in known if not rule.ports or number in rule.ports)].append(number)
    for principals, refused in ports.items():
        if EVERYBODY not in principals:
            yield Denial(tuple(sorted(refused)), not_principals=principals)
