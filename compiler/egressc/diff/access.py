"""Who may do at a host what they could not, and who no longer may."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from egressc.diff.calls import Access, access, calls
from egressc.diff.change import Change, Effect
from egressc.diff.words import Sentence, facts, join, listing, rule_line, scope, sentence
from egressc.model import Client, Deny, Host, Inventory, stands_for
from egressc.plan.decisions.lines import host_line, once
from egressc.positions import Lines


@dataclass(frozen=True, slots=True)
class Gain:
    """What `client` may do in one list and not in the other.

    `whole` is true if it is all that it may do. `refusals` are the other list's denials that keep the client from it;
    `admitted` is false if the other list's clients do not let it in either.
    """

    client: Client
    whole: bool
    admitted: bool
    refusals: tuple[Deny, ...]


def access_changes(
    name: str, old: Host, new: Host, before: Inventory, after: Inventory, *, carried: bool = False
) -> Iterator[Change]:
    """What differs for the callers of `name`, a host of both lists; `carried` if one has it below a wildcard only."""
    first, then = access(old, before), access(new, after)
    if known(first) == known(then):
        return
    gained, lost = _gains(then, first), _gains(first, then)
    if old.reports and new.reports:
        # nobody is refused, but by the fleet's denials: all else is about reports
        would = access(old, before, enforced=True), access(new, after, enforced=True)
        yield from _differences(name, old, new, _gains(would[1], would[0]), _gains(*would), reported=True)
    elif old.reports != new.reports:
        yield _enforcement(name, old, new)
        gained, lost = ([], lost) if new.reports else (gained, [])
    yield from _differences(name, old, new, gained, lost)
    if not carried:
        told = {gain.client.namespace for gain in (*gained, *lost)}
        told |= {deny.namespace for gain in (*gained, *lost) for deny in gain.refusals}
        yield from _without_effect(name, old, new, told)


def newcomers(host: Host, inventory: Inventory) -> Iterator[Change]:
    """Who may call a host that the other list does not have."""
    here = access(host, inventory)
    for client in here.clients:
        if next(calls(client, here, here), None):
            says = join(sentence("{} may call this new host: ", _name(client, host)), scope(client, host))
            yield Change("opens", host.host, "clients", says, (), _place(client, host))


def known(one: Access) -> tuple[object, ...]:
    """What an Access depends on; equal ones decide alike."""
    host = one.host
    ports = tuple((port.port, port.is_http) for port in host.ports)
    ingress = host.expose and (host.expose.gateway.namespace, host.expose.gateway.service_account, host.expose.port)
    rules = (frozenset(map(facts, one.clients)), frozenset(map(facts, (*one.denials, *host.deny))))
    return (ports, ingress, host.in_sidecar, one.reports, frozenset(map(facts, host.clients)), *rules)


def _gains(one: Access, other: Access) -> list[Gain]:
    gains = []
    for client in one.clients:
        some = list(calls(client, one, other))
        more = [call for call in some if not other.allows(call)]
        if more:
            refusals = {deny for call in more if other.admits(call) and (deny := other.refusal(call))}
            ordered = tuple(sorted(refusals, key=rule_line))
            gains.append(Gain(client, len(more) == len(some), any(map(other.admits, more)), ordered))
    return gains


def _differences(
    name: str, old: Host, new: Host, gained: Sequence[Gain], lost: Sequence[Gain], *, reported: bool = False
) -> Iterator[Change]:
    for gain in gained:
        yield from _gain(name, gain, old, new, "changes" if reported else "opens")
    for loss in lost:
        yield from _loss(name, loss, old, new, "changes" if reported else "cuts")


def _gain(name: str, gain: Gain, old: Host, new: Host, effect: Effect) -> Iterator[Change]:
    caller, here = _name(gain.client, new), _place(gain.client, new)
    for deny in gain.refusals:
        says = join(sentence("{} may do what was denied to {}: ", caller, _denied(deny, caller)), scope(deny, old))
        yield Change(effect, name, "deny", says, (rule_line(deny),), here)
    if gain.admitted and gain.refusals:
        return
    before = _relatives(gain.client, old)
    words = "{} may call: " if gain.whole else "{} may do more: "
    says = join(sentence(words, caller), scope(gain.client, new), _beside("; before: ", before, old, gain.client))
    yield Change(effect, name, "clients", says, _places(before, old), here)


def _loss(name: str, loss: Gain, old: Host, new: Host, effect: Effect) -> Iterator[Change]:
    caller, there = _name(loss.client, old), _place(loss.client, old)
    for deny in loss.refusals:
        says = join(sentence("{} is refused what is denied to {}: ", caller, _denied(deny, caller)), scope(deny, new))
        yield Change(effect, name, "deny", says, there, (rule_line(deny),))
    if loss.admitted and loss.refusals:
        return
    now = _relatives(loss.client, new)
    words = "{} may no longer call: " if loss.whole else "{} may do less, no longer all of: "
    says = join(sentence(words, caller), scope(loss.client, old), _beside("; now: ", now, new, loss.client))
    yield Change(effect, name, "clients", says, there, _places(now, new))


def _enforcement(name: str, old: Host, new: Host) -> Change:
    lines = (old.said("enforcement") or (host_line(old),), new.said("enforcement") or (host_line(new),))
    if new.reports:
        says = "the whole mesh may call: the rules refuse nobody, and report whom they would refuse"
        return Change("opens", name, "enforcement", sentence(says), *lines)
    return Change("cuts", name, "enforcement", sentence("the rules refuse callers, and no longer only report"), *lines)


def _without_effect(name: str, old: Host, new: Host, told: set[str | None]) -> Iterator[Change]:
    """Rules of one list alone that let nobody in or out; what is `told` of their namespaces is enough."""
    some: Sequence[tuple[str, Sequence[Client | Deny], Sequence[Client | Deny]]]
    some = (("clients", old.clients, new.clients), ("deny", old.deny, new.deny))
    for key, first, then in some:
        gone, come = ({facts(rule): rule for rule in rules} for rules in (first, then))
        for fact in sorted(come.keys() ^ gone.keys()):
            rule, host = (come[fact], new) if fact in come else (gone[fact], old)
            if rule.namespace in told or (None in (told | {rule.namespace}) and told):
                continue
            words = "{} has a further rule, which changes nothing: " if fact in come else None
            says = sentence(words or "{} has a rule less, which changes nothing: ", rule.who)
            lines = ((host_line(old),), (rule_line(rule),)) if fact in come else ((rule_line(rule),), (host_line(new),))
            yield Change("changes", name, key, join(says, scope(rule, host)), *lines)


def _relatives(client: Client, host: Host) -> list[Client]:
    """The clients of `host` that `client` has something in common with."""
    if host.reports:
        return []
    own = [
        one
        for one in host.clients
        if stands_for(client.namespace, one.namespace) or stands_for(one.namespace, client.namespace)
    ]
    account = client.service_account
    return [one for one in own if one.service_account in (None, account) or account is None]


def _beside(words: str, clients: Sequence[Client], host: Host, told: Client) -> Sentence:
    """What the other list lets in of the same callers; empty if nothing."""
    scopes = [scope(one, host) for one in clients]
    named = [join(sentence("{}: ", one.who), of) for one, of in zip(clients, scopes, strict=True)]
    shown = [of if one.who == told.who else full for one, of, full in zip(clients, scopes, named, strict=True)]
    return join(sentence(words), listing(shown, "; ")) if shown else sentence("")


def _name(client: Client, host: Host) -> str:
    if host.expose and not any(client is one for one in host.clients) and not host.reports:
        return f"whoever calls {host.expose.host} at the ingress gateway"
    return client.who


def _place(client: Client, host: Host) -> Lines:
    if host.reports:
        return host.said("enforcement") or (host_line(host),)
    if any(client is one for one in host.clients):
        return (rule_line(client),)
    return host.said("expose") or (host_line(host),)


def _denied(deny: Deny, caller: str) -> str:
    return "it" if deny.who == caller else deny.who


def _places(clients: Sequence[Client], host: Host) -> Lines:
    return once(map(rule_line, clients)) or host.said("clients") or (host_line(host),)
