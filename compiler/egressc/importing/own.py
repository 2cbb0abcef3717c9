"""Objects of egressc's own chart: who may call, as its EnvoyFilters have it, and what does not come back from them."""

import re
from collections.abc import Iterator, Set
from typing import Any

from egressc.findings import Finding
from egressc.importing.callers import LIMIT, Callers
from egressc.importing.objects import Object, Objects
from egressc.importing.part import Part
from egressc.importing.principals import Client
from egressc.importing.registry import NOT_CARRIED, Service

ACCOUNT = re.compile(r"spiffe://([^/]+)/ns/([^/]+)/sa/([^/]+)")
OF_NAMESPACE = re.compile(r"spiffe://([^/]+)/ns/([^/]+)(/sa/)?")
OF_NAMESPACES = re.compile(r"spiffe://(\[\^/\]\+|[^/]+)/ns/([a-z0-9-]+)\[a-z0-9-\]\*/sa/([^/]+)")
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
    "proxy": "proxy",
    "rate-limit": "rateLimit",
    "wildcard": "deniedRanges",
    "upstream": "tls",
}
CHECK = {"interval": "10s", "timeout": "3s", "unhealthy_threshold": 3, "healthy_threshold": 1}


def callers(objects: Objects, gateway: str, ports: dict[str, int], findings: list[Finding]) -> Callers:
    """Who may call the host of the gateway `<namespace>/<name>`; `ports` are its client ports by their names."""
    found = Callers()
    allowed: dict[int, list[Client]] = {}
    denied: dict[int, list[Client]] = {}
    for one in objects.named("AuthorizationPolicy", gateway):
        if one.spec.text("action") == "CUSTOM":
            found.provider = one.spec.part("provider").text("name")
    for one in objects.named("EnvoyFilter", f"{gateway}.external-authorization"):
        message = f"{one.title} asks an OPA, which does not come back"
        findings.append(LIMIT(one.span, message, "add `externalAuthorization`, and the `clients` of the first list"))
        found.undecided = True
    for one in objects.named("EnvoyFilter", f"{gateway}.authorization"):
        if any("would" in str(_inside(patch.data, "patch", "value").get("name")) for patch in _patches(one)):
            message = f"{one.title} only reports, so everybody may call"
            findings.append(LIMIT(one.span, message, "add `enforcement: report` and the `clients` of the first list"))
            found.undecided = True
        for where, rules in _rules(one):
            numbers = [ports[where]] if where in ports else sorted(ports.values())
            denials = [item for item in _inside(rules, "rules", "policies").items() if not _is_always(item[0])]
            refused = [_denied(one, item, findings) for item in denials]
            found.undecided = found.undecided or None in refused
            clients = [_client(one, item, findings) for item in _inside(rules, "shadow_rules", "policies").items()]
            for number in numbers:
                allowed.setdefault(number, []).extend(filter(None, clients))
                denied.setdefault(number, []).extend(filter(None, refused))
    found.domains = {client.pop("domain") for some in allowed.values() for client in some if "domain" in client}
    found.clients, found.deny = _together(allowed), _together(denied)
    return found


def _patches(one: Object) -> list[Part]:
    return one.spec.parts("configPatches")


def _is_always(name: str) -> bool:
    return name.partition(":")[2].startswith(ALWAYS)


def _inside(data: Any, *path: str) -> dict[str, Any]:
    """The mapping at `path` of data of any form; an empty one if there is none."""
    for key in path:
        data = data.get(key) if isinstance(data, dict) else None
    return data if isinstance(data, dict) else {}


def _rules(one: Object) -> Iterator[tuple[str, dict[str, Any]]]:
    """The rules of each port, with the name or number of the port."""
    for patch in _patches(one):
        value, match = _inside(patch.data, "patch", "value"), _inside(patch.data, "match")
        per_route = _inside(value, "typed_per_filter_config", "egressc.authorization", "rbac")
        config = per_route or _inside(value, "typed_config")
        if config.get("shadow_rules_stat_prefix") == "egressc_":
            name = _inside(match, "routeConfiguration").get("portName")
            yield str(name or str(_inside(match, "listener").get("name")).rpartition("_")[2]), config
    one.spec.done()


def _caller(rule: Any) -> dict[str, Any]:
    """How a rule of Envoy matches the caller's SPIFFE name; empty if it is about anything else, too."""
    whole = _inside({"": rule}, "")
    principals = whole.get("principals")
    if whole.get("permissions") != [{"any": True}] or not isinstance(principals, list) or len(principals) != 1:
        return {}
    return _inside(principals[0], "authenticated", "principal_name")


def _text(names: dict[str, Any], key: str) -> str:
    value = names.get(key, "")
    return value if isinstance(value, str) else ""


def _client(one: Object, policy: tuple[str, Any], findings: list[Finding]) -> Client | None:
    name, rule = policy
    who = _who(_caller(rule))
    if who is None:
        message = f"the methods and paths of {name.partition(':')[2]} in {one.title} do not come back"
        findings.append(LIMIT(one.span, message, "add the client with its `methods` and `paths`"))
    return who


def _who(names: dict[str, Any]) -> Client | None:
    """Who a matcher of the caller's SPIFFE name is about, with the trust domain as `domain`."""
    prefix = _text(names, "prefix")
    if re.fullmatch(r"spiffe://([^/]+/)?", prefix):
        return {"wholeMesh": True}
    if found := OF_NAMESPACE.fullmatch(prefix):
        return {"domain": found[1], "namespace": found[2] + "*" * (not found[3])}
    if found := ACCOUNT.fullmatch(_text(names, "exact")):
        return {"domain": found[1], "namespace": found[2], "serviceAccount": found[3]}
    if found := OF_NAMESPACES.fullmatch(_text(_inside(names, "safe_regex"), "regex")):
        return {
            "domain": _unescaped(found[1]),
            "namespace": f"{found[2]}*",
            "serviceAccount": _unescaped(found[3]),
        }
    return None


def _unescaped(pattern: str) -> str:
    return re.sub(r"\\(.)", r"\1", pattern)


def _denied(one: Object, policy: tuple[str, Any], findings: list[Finding]) -> Client | None:
    """Whom a policy denies; None, and a finding, if a list is needed to know it."""
    name, rule = policy
    names = _caller(rule)
    text = _text(names, "contains") or _text(names, "suffix")
    if found := OF_NAMESPACES.fullmatch(_text(_inside(names, "safe_regex"), "regex")):
        return {"namespace": f"{found[2]}*", "serviceAccount": _unescaped(found[3])}
    if place := re.fullmatch(r"/ns/([^/]+)(?:/sa/([^/]*))?", text):
        who = {"namespace": place[1] + "*" * ("/sa/" not in text)}
        return who | ({"serviceAccount": place[2]} if place[2] else {})
    message = f"the denial `{name.partition(':')[2]}` of {one.title} does not come back"
    findings.append(LIMIT(one.span, message, "write it into `deny`, and add `clients`"))
    return None


def _together(seen: dict[int, list[Client]]) -> list[Client]:
    """One for each caller, with its ports if it is not about all."""
    numbers: dict[str, tuple[Client, list[int]]] = {}
    for number, clients in sorted(seen.items()):
        for client in clients:
            numbers.setdefault(str(client), (client, []))[1].append(number)
    return [client if {*some} == {*seen} else client | {"ports": sorted({*some})} for client, some in numbers.values()]


def is_exposure(one: Object) -> bool:
    """Whether the chart has made it for a name of one's own at an ingress gateway."""
    ours = one.labels.get("app.kubernetes.io/name") == "egress-gateways"
    return ours and one.known and one.name.endswith("-exposure")


def exposed(objects: Objects) -> Iterator[Finding]:
    """That names of one's own do not come back."""
    for one in objects:
        if is_exposure(one) and one.kind == "VirtualService":
            one.spec.done()
            message = f"what {one.title} says does not come back"
            yield NOT_CARRIED(one.span, message, "add `expose` to the host that it leads to")


def of_the_host(objects: Objects, service: Service, gateway: str) -> Iterator[Finding]:
    """What of a host's own objects does not come back, by what they do not have; `gateway` is `<namespace>/<name>`."""
    if not objects.named("EnvoyFilter", gateway):
        message = f"the gateway of {service.host} does not wait for its upstream, which does not come back"
        yield NOT_CARRIED(service.span, message, "add `readiness: {mode: gateway}` to the host")


def remarks(objects: Objects, stand_by: Set[str]) -> Iterator[Finding]:
    """What of the chart's objects does not come back, by the setting of the list that made it.

    What gateways of `stand_by` have is said of the one in use.
    """
    for one in objects.of_kind("Sidecar"):
        if one.labels.get("app.kubernetes.io/name") == "egress-gateways":
            message = f"{one.title} does not come back"
            yield NOT_CARRIED(one.span, message, "add `companions` to the list, with `sidecars`")
    for one in objects.of_kind("EnvoyFilter"):
        if not one.of_the_chart:
            continue
        one.spec.done()
        if f"{one.namespace}/{one.name.partition('.')[0]}" in stand_by:
            continue
        ending = one.name.rpartition(".")[2]
        setting = SETTINGS.get(ending) or ("readiness" if "." not in one.name and not _checks_as_always(one) else "")
        if setting:
            message = f"what {one.title} says does not come back"
            yield NOT_CARRIED(one.span, message, f"add `{setting}` to the host if the first list had it")


def _checks_as_always(one: Object) -> bool:
    found = [_inside(patch.data, "patch", "value").get("health_checks") for patch in _patches(one)]
    checks = [check for some in found if isinstance(some, list) for check in some]
    own_ca = any("-cacert" in str(patch.data.get("patch")) for patch in _patches(one))
    return bool(checks) and not own_ca and all(map(_asks_as_always, checks))


def _asks_as_always(check: Any) -> bool:
    """Whether a check is a connection, or the request that proves a client certificate, as often as by default."""
    said = _inside({"": check}, "")
    usual = {key: said.get(key) for key in CHECK} == CHECK
    return usual and ("tcp_health_check" in said or _inside(said, "http_health_check").get("path") == "/")
