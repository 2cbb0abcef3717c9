"""Who may do what at a gateway, and who may not, whatever they may."""

from dataclasses import dataclass

from egressc.model import EVERYBODY, Client, Deny, Host, Inventory


@dataclass(frozen=True, slots=True)
class Identity:
    """Callers by the parts of their mesh identity; None is any."""

    trust_domain: str | None = None
    namespace: str | None = None
    service_account: str | None = None

    @property
    def principal(self) -> str:
        """As Istio writes it: `cluster.local/ns/shop/sa/*`; `*` is the whole mesh."""
        if self.namespace is None:
            return EVERYBODY
        return f"{self.trust_domain or EVERYBODY}/ns/{self.namespace}/sa/{self.service_account or EVERYBODY}"


@dataclass(frozen=True, slots=True)
class Rule:
    """Who is let in, or refused, with what on which client ports; empty tuples mean everything."""

    who: Identity
    ports: tuple[int, ...]
    methods: tuple[str, ...]
    paths: tuple[str, ...]
    said: Client | Deny

    def covers(self, port: int) -> bool:
        """Whether the rule is about this client port."""
        return not self.ports or port in self.ports


def rules(host: Host, trust_domain: str) -> tuple[Rule, ...]:
    """Who may call `host`."""
    return tuple(
        Rule(
            who=Identity(trust_domain, client.namespace, client.service_account),
            ports=tuple(sorted(client.ports)),
            methods=tuple(sorted(client.methods)),
            paths=tuple(sorted(client.paths)),
            said=client,
        )
        for client in host.callers
    )


def denials(host: Host) -> tuple[Rule, ...]:
    """Who may not call `host`, by its own entry."""
    return tuple(_denial(host, deny) for deny in host.deny)


def fleet_denials(host: Host, inventory: Inventory) -> tuple[Rule, ...]:
    """What the fleet-wide denials mean for `host`: on the ports alone where each of them can be decided."""
    return tuple(_denial(host, deny) for deny in inventory.deny if host.decided_on(deny))


def _denial(host: Host, deny: Deny) -> Rule:
    return Rule(
        # of any trust domain: a name that is denied must not come back from another one
        who=Identity(None, deny.namespace, deny.service_account),
        ports=tuple(sorted(host.decided_on(deny))),
        methods=tuple(sorted(deny.methods)),
        paths=tuple(sorted(deny.paths)),
        said=deny,
    )
