"""Which part of a fleet is asked for: every filter leaves out hosts, and none adds any."""

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace

from egressc.explain.facts import Caller, Denied, Facts, facts
from egressc.model import called, stands_for
from egressc.plan import Carrier, Plan
from egressc.slips import nearest


class UnknownError(Exception):
    """Something is asked for that the list does not have; the text is for people."""


@dataclass(frozen=True, slots=True)
class Choice:
    """What is asked for, None for all: `client` is NAMESPACE[/ACCOUNT], `gateway` is [NAMESPACE/]NAME."""

    client: str | None = None
    owner: str | None = None
    gateway: str | None = None
    namespace: str | None = None

    @property
    def words(self) -> tuple[str, ...]:
        """`client shop`, for each filter."""
        given = ((name, getattr(self, name)) for name in MATCHES)
        return tuple(f"{name} {value}" for name, value in given if value is not None)


def chosen(plan: Plan, choice: Choice) -> Plan:
    """The part of `plan` that `choice` asks for. Raises UnknownError for what no host of the list has."""
    if not choice.words:
        return plan
    known = [facts(carrier) for carrier in plan.carriers]
    kept = {about.host for about in known}
    for name, matches in MATCHES.items():
        asked = getattr(choice, name)
        if asked is not None:
            if not any(asked in NAMES[name](about) or _names_client(name, about, asked) for about in known):
                raise _unknown(name, asked, (one for about in known for one in NAMES[name](about)))
            kept &= {about.host for about in known if matches(about, asked)}
    shared = (replace(one, carried=tuple(way for way in one.carried if way.host.host in kept)) for one in plan.shared)
    return replace(
        plan,
        gateways=tuple(one for one in plan.gateways if one.host.host in kept),
        sidecars=tuple(one for one in plan.sidecars if one.host.host in kept),
        shared=tuple(one for one in shared if one.carried),
    )


def host(plan: Plan, name: str) -> Carrier:
    """What carries `name`: the host of that name, or the narrowest wildcard above it. Raises UnknownError."""
    name = name.lower().rstrip(".")
    carriers = {one.host.host: one for one in plan.carriers}
    found = called(name, (one.host for one in plan.carriers))
    if found is None:
        raise _unknown("host", name, carriers)
    return carriers[found.host]


def _unknown(kind: str, asked: str, names: Iterable[str]) -> UnknownError:
    close = nearest(asked, sorted(set(names)))
    return UnknownError(f"the list has no {kind} {asked}" + (f": did you mean {close}?" if close else ""))


def _may_call(about: Facts, asked: str) -> bool:
    """Whether pods of the namespace, or of the account in it, may call the host in any way."""
    if about.enforcement == "report":
        return True
    refused = (one for one in about.denied if not (one.ports or one.methods or one.paths))
    return any(_covers(one, asked) for one in about.clients) and not any(_covers(one, asked) for one in refused)


def _covers(who: Caller | Denied, asked: str) -> bool:
    """Whether `who` is what is asked for; for a namespace any caller of it will do, and only a refusal of all."""
    namespace, _, account = asked.partition("/")
    if not stands_for(who.namespace, namespace):
        return False
    return who.service_account in (None, account) or (isinstance(who, Caller) and not account)


def _names_client(kind: str, about: Facts, asked: str) -> bool:
    return kind == "client" and any(one.namespace is not None and _covers(one, asked) for one in about.clients)


def _clients(about: Facts) -> set[str]:
    return {name for one in about.clients if one.namespace for name in (one.namespace, one.who)}


def _gateways(about: Facts) -> Iterator[str]:
    """The gateways that carry the host, each with its namespace and without."""
    for carrier in (about.carrier if about.gateway else None, about.standby):
        if carrier:
            yield from (carrier, carrier.partition("/")[2])


MATCHES: dict[str, Callable[[Facts, str], bool]] = {
    "client": _may_call,
    "owner": lambda about, asked: about.owner == asked,
    "gateway": lambda about, asked: asked in NAMES["gateway"](about),
    "namespace": lambda about, asked: about.namespace == asked,
}
NAMES: dict[str, Callable[[Facts], set[str]]] = {
    "client": _clients,
    "owner": lambda about: {about.owner} if about.owner else set(),
    "gateway": lambda about: {*_gateways(about)},
    "namespace": lambda about: {about.namespace} if about.namespace else set(),
}
