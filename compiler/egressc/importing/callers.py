"""AuthorizationPolicies, Sidecars and what is exported → who may call: never more than the objects allow."""

import re
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any

from egressc.findings import Code, Finding
from egressc.hostname import normalise
from egressc.importing.objects import Object, Objects
from egressc.importing.part import Part
from egressc.importing.principals import Client, UnsayableError, clients_of, everybody_but

UNKNOWN = Code(
    "EG407",
    "nobody says who may call",
    "The objects or the allowlist let everybody call the host, or do not say who. A gateway opens for named clients "
    "only. The entry is written without `clients`, and the list compiles as soon as they are there, in the entry or in "
    "`defaults`.",
    "warning",
)
LIMIT = Code(
    "EG408",
    "a limit that a list cannot say",
    "A rule of the objects has a condition that a host list does not have. A rule that allows is left out: fewer may "
    "call. Without a rule that denies more could call, so the entry is then written without `clients`.",
    "warning",
)


@dataclass(slots=True)
class Callers:
    """Who may call a host and who may not. `clients` is None where nobody says it; `why` says what is missing."""

    clients: list[Client] | None = None
    deny: list[Client] = field(default_factory=list)
    only: list[Client] | None = None  # everybody else is denied
    provider: str = ""
    undecided: bool = False
    domains: set[str] = field(default_factory=set)


@dataclass(frozen=True, slots=True)
class Asked:
    """A host with what its policies need to know of it: the client ports by those of the gateway's pods."""

    host: str
    ports: dict[int, int]
    has_requests: bool


def policies(objects: Objects, namespace: str, labels: dict[str, str]) -> Iterator[Object]:
    """The policies that hold, or may hold, for the pods with `labels` in `namespace`, or for a ServiceEntry.

    More policies that deny are on the safe side. More that allow are not: those that may be about other pods count only
    where no other allows.
    """
    sure: list[Object] = []
    unsure: list[Object] = []
    for one in objects.of_kind("AuthorizationPolicy"):
        targets = one.spec.parts("targetRefs")
        if targets:
            if any(_is(target, "ServiceEntry") for target in targets):
                sure.append(one)
            continue
        wanted = one.spec.part("selector").pairs("matchLabels")
        fits = all(labels.get(key, value) == value for key, value in wanted.items())
        if one.namespace in ("", "istio-system", namespace) and fits:
            (sure if wanted.items() <= labels.items() else unsure).append(one)
    allows = any(_allows(one) for one in sure)
    yield from sure
    yield from (one for one in unsure if not (allows and _allows(one)))


def _allows(one: Object) -> bool:
    return (one.spec.text("action") or "ALLOW") == "ALLOW"


def _is(target: Part, kind: str) -> bool:
    target.skip("group", "name")
    return target.text("kind") == kind


def read(rules: Iterable[Object], asked: Asked, findings: list[Finding]) -> Callers:
    """What the policies say of one host."""
    callers = Callers()
    for policy in rules:
        about = _only_about(policy)
        if about and asked.host not in about and asked.host[0] != "*":
            continue
        action = policy.spec.text("action") or "ALLOW"
        for rule in policy.spec.parts("rules"):
            try:
                if _rule(rule, action, asked, callers) and action == "CUSTOM":
                    callers.provider = policy.spec.part("provider").text("name")
            except UnsayableError as problem:
                denies = action == "DENY"
                message = f"{problem.what} of {policy.title} is not in a list, for {asked.host}"
                fix = "write who may call as `clients` of the host" if denies else "add the clients that it allows"
                findings.append(LIMIT(problem.part.span, message, fix))
                rule.done()
                callers.undecided |= denies
        if action == "ALLOW":
            callers.clients = callers.clients or []
    if callers.only is not None:
        callers.clients = callers.only if callers.clients is None else _both(callers.clients, callers.only)
    return callers


def _only_about(policy: Object) -> frozenset[str]:
    """The hosts of a policy that names each host whole; empty if it may be about any."""
    if policy.about is None:
        rules = policy.spec.parts("rules")
        named = [one.part("operation").texts("hosts") or ["*"] for rule in rules for one in rule.parts("to")]
        names = [name for some in named for name in some]
        plain = all("to" in rule for rule in rules) and not any("*" in name or ":" in name for name in names)
        policy.about = frozenset(map(normalise, names)) if plain else frozenset()
    return policy.about


def _both(some: list[Client], others: list[Client]) -> list[Client]:
    """The callers that are in both, with what each of the first may ask for."""
    return [both for one in some for other in others if (both := _common(one, other)) is not None]


def _common(one: Client, other: Client) -> Client | None:
    if "wholeMesh" in one:
        return other | {key: value for key, value in one.items() if key != "wholeMesh"}
    if "wholeMesh" in other:
        return one
    accounts = {client["serviceAccount"] for client in (one, other) if "serviceAccount" in client}
    if one["namespace"] != other["namespace"] or len(accounts) > 1:
        return None
    return other | one


def _rule(rule: Part, action: str, asked: Asked, callers: Callers) -> bool:
    """Reads a rule; returns whether it is about the host at all."""
    whats = _whats(rule, action, asked)
    if whats is None:
        rule.done()
        return False
    if action in ("AUDIT", "CUSTOM"):
        return True
    sources = rule.parts("from")
    if action == "DENY" and {} in whats and (only := everybody_but(sources, callers.domains)):
        callers.only = only if callers.only is None else _both(callers.only, only)
        return True
    whos = [who for one in sources for who in clients_of(one.part("source"), callers.domains)]
    for who in whos if sources else [{}]:
        for what in whats:
            if action == "DENY":
                said = {key: value for key, value in (who | what).items() if key != "wholeMesh"}
                if not said:
                    raise UnsayableError("a rule that denies everything", rule)
                callers.deny.append(said)
            else:
                callers.clients = [*(callers.clients or []), (who or {"wholeMesh": True}) | what]
    return True


def _whats(rule: Part, action: str, asked: Asked) -> list[dict[str, Any]] | None:
    """What a rule is about at the host, each with its ports, methods and paths; None if it is about other hosts."""
    operations = rule.parts("to")
    whats = [what for one in operations if (what := _operation(one.part("operation"), asked, action)) is not None]
    if operations and not whats:
        return None
    for condition in rule.parts("when"):
        key, values = condition.text("key"), condition.texts("values")
        if key != "connection.sni" or "notValues" in condition:
            raise UnsayableError(f"`when: {key}`", condition)
        if not any(_covers(name, asked.host) for name in values):
            return None
    return whats or [{}]


def _operation(part: Part, asked: Asked, action: str) -> dict[str, Any] | None:
    """What of the host an operation is about; None if it is about others."""
    hosts = part.texts("hosts")
    if action == "DENY" and any(normalise(name).endswith(asked.host[1:]) for name in hosts if asked.host[0] == "*"):
        raise UnsayableError(f"`hosts: {hosts}`", part)
    if hosts and not any(_covers(name, asked.host) for name in hosts):
        part.done()
        return None
    for key in part.data:
        if key not in ("hosts", "ports", "methods", "paths"):
            raise UnsayableError(f"`{key}`", part)
    what: dict[str, Any] = {}
    if "ports" in part:
        numbers = [int(port) for port in part.texts("ports") if port.isdecimal()]
        ports = sorted({asked.ports[number] for number in numbers if number in asked.ports})
        if not ports and action == "DENY":
            raise UnsayableError(f"`ports: {numbers}`, which no route has,", part)
        if not ports:
            return None
        if len(ports) < len(set(asked.ports.values())):
            what["ports"] = ports
    return what | _requests(part, asked)


def _requests(part: Part, asked: Asked) -> dict[str, list[str]]:
    what = {}
    for key in ("methods", "paths"):
        values = part.texts(key)
        if values and not asked.has_requests:
            raise UnsayableError(f"`{key}`, on a port without requests,", part)
        if any("*" in value[1:-1] or "{" in value for value in values):
            raise UnsayableError(f"`{key}: {values}`", part)
        if values and values != ["*"]:
            what[key] = values
    return what


def _covers(name: str, host: str) -> bool:
    bare = normalise(re.sub(r":(\d+|\*)$", "", name))
    if bare in ("*", host):
        return True
    return (bare.startswith("*") and host.endswith(bare[1:])) or (bare.endswith("*") and host.startswith(bare[:-1]))


def by_sidecars(objects: Objects, host: str) -> set[str]:
    """The namespaces whose Sidecar names the host."""
    found = set()
    for one in objects.of_kind("Sidecar"):
        for egress in one.spec.parts("egress"):
            names = {name.partition("/")[2] for name in egress.texts("hosts")}
            if host in map(normalise, names) and one.namespace and "workloadSelector" not in one.spec:
                found.add(one.namespace)
    return found
