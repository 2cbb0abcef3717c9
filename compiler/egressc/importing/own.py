"""Objects of egressc's own chart: who may call, as its EnvoyFilters have it, and what does not come back from them."""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from egressc.findings import Finding
from egressc.importing.callers import LIMIT, Callers, Client
from egressc.importing.objects import Object, of_kind
from egressc.importing.registry import NOT_CARRIED

EXACT = re.compile(r"spiffe://([^/]+)/ns/([^/]+)/sa/([^/]+)")
PREFIX = re.compile(r"spiffe://([^/]+)/ns/([^/]+)(/sa/)?")
#: Denials that the compiler adds to every gateway that needs them.
ALWAYS = (
    "a Host that is no name",
    "a host of its own",
    "a path with two readings",
    "dots beside",
    "a path in a header",
)
#: What the names of the other EnvoyFilters end with, and the setting that they are made from.
SETTINGS = {
    "access-log": "accessLog",
    "credential": "headers.credential",
    "external-authorization": "externalAuthorization",
    "proxy": "proxy",
    "rate-limit": "rateLimit",
    "wildcard": "deniedRanges",
    "upstream": "tls",
}
CHECK = {"interval": "10s", "timeout": "3s", "unhealthy_threshold": 3, "healthy_threshold": 1}


def callers(objects: Iterable[Object], gateway: str, ports: dict[str, int], findings: list[Finding]) -> Callers:
    """Who may call the host of the gateway `<namespace>/<name>`; `ports` are its client ports by their names."""
    found = Callers()
    allowed: dict[int, list[Client]] = {}
    denied: dict[int, list[Client]] = {}
    for one in of_kind(objects, "EnvoyFilter"):
        if f"{one.namespace}/{one.name}" != f"{gateway}.authorization":
            continue
        for where, rules in _rules(one):
            numbers = [ports[where]] if where in ports else sorted(ports.values())
            denials = [item for item in rules.get("rules", {}).get("policies", {}).items() if not _is_always(item[0])]
            refused = [_denied(one, item, findings) for item in denials]
            found.undecided = found.undecided or None in refused
            clients = [_client(one, item, findings) for item in rules["shadow_rules"]["policies"].items()]
            for number in numbers:
                allowed.setdefault(number, []).extend(filter(None, clients))
                denied.setdefault(number, []).extend(filter(None, refused))
    found.domains = {client.pop("domain") for some in allowed.values() for client in some if "domain" in client}
    found.clients, found.deny = _together(allowed), _together(denied)
    return found


def _is_always(name: str) -> bool:
    return name.partition(":")[2].startswith(ALWAYS)


def _rules(one: Object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules of each port, with the name or number of the port."""
    for patch in one.spec.parts("configPatches"):
        value = patch.data.get("patch", {}).get("value", {})
        match = patch.data.get("match", {})
        name = match.get("routeConfiguration", {}).get("portName", "")
        per_route = value.get("typed_per_filter_config", {}).get("egressc.authorization", {}).get("rbac")
        config = per_route or value.get("typed_config", {})
        if (
            config.get("shadow_rules", {}).get("action") == "ALLOW"
            and config.get("shadow_rules_stat_prefix") == "egressc_"
        ):
            yield name or str(match.get("listener", {}).get("name", "")).rpartition("_")[2], config
    one.spec.done()


def _client(one: Object, policy: tuple[str, Any], findings: list[Finding]) -> Client | None:
    name, rule = policy
    names = rule["principals"][0].get("authenticated", {}).get("principal_name", {})
    who = _who(names)
    if rule["permissions"] != [{"any": True}] or who is None:
        message = f"the methods and paths of {name.partition(':')[2]} in {one.title} do not come back"
        findings.append(LIMIT(one.span, message, "add the client with its `methods` and `paths`"))
        return None
    return who


def _who(names: dict[str, str]) -> Client | None:
    if found := EXACT.fullmatch(names.get("exact", "")):
        return {"domain": found[1], "namespace": found[2], "serviceAccount": found[3]}
    if names.get("prefix") == "spiffe://":
        return {"wholeMesh": True}
    if found := PREFIX.fullmatch(names.get("prefix", "")):
        if found[3]:
            return {"domain": found[1], "namespace": found[2]}
        return {"domain": found[1], "namespace": f"{found[2]}*"}
    if re.fullmatch(r"spiffe://[^/]+/", names.get("prefix", "")):
        return {"wholeMesh": True}
    return None


def _denied(one: Object, policy: tuple[str, Any], findings: list[Finding]) -> Client | None:
    """Whom a policy denies; None, and a finding, if a list is needed to know it."""
    name, rule = policy
    names = rule["principals"][0].get("authenticated", {}).get("principal_name", {})
    text = names.get("contains", names.get("suffix", ""))
    place = re.fullmatch(r"/ns/([^/]+)(?:/sa/([^/]*))?", text)
    if rule["permissions"] != [{"any": True}] or not place:
        message = f"the denial `{name.partition(':')[2]}` of {one.title} does not come back"
        findings.append(LIMIT(one.span, message, "write it into `deny`, and add `clients`"))
        return None
    who = {"namespace": place[1] + "*" * ("/sa/" not in text)}
    return who | ({"serviceAccount": place[2]} if place[2] else {})


def _together(seen: dict[int, list[Client]]) -> list[Client]:
    """One for each caller, with its ports if it is not about all."""
    numbers: dict[str, tuple[Client, list[int]]] = {}
    for number, clients in sorted(seen.items()):
        for client in clients:
            numbers.setdefault(str(client), (client, []))[1].append(number)
    return [client if {*some} == {*seen} else client | {"ports": sorted({*some})} for client, some in numbers.values()]


def remarks(objects: Iterable[Object]) -> Iterator[Finding]:
    """What of the chart's objects does not come back, by the setting of the list that made it."""
    for one in of_kind(objects, "EnvoyFilter"):
        if not one.of_the_chart:
            continue
        one.spec.done()
        ending = one.name.rpartition(".")[2]
        setting = SETTINGS.get(ending) or ("readiness" if "." not in one.name and not _checks_as_always(one) else "")
        if setting:
            message = f"what {one.title} says does not come back"
            yield NOT_CARRIED(one.span, message, f"add `{setting}` to the host if the first list had it")


def _checks_as_always(one: Object) -> bool:
    checks = [
        check
        for patch in one.spec.parts("configPatches")
        for check in patch.data.get("patch", {}).get("value", {}).get("health_checks", [])
    ]
    return bool(checks) and all(
        {key: check.get(key) for key in CHECK} == CHECK and "tcp_health_check" in check for check in checks
    )
