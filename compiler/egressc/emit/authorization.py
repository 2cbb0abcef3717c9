"""Who may call and who may not, as the filters of a port have it: whoever is refused first, then whoever is let in."""

import re
from collections.abc import Iterable
from typing import Any

from egressc.emit import spelling
from egressc.model import caller_name, is_prefix
from egressc.plan import GatewayCarrier, GatewayPort, Identity, Rule
from egressc.plan.decisions.requests import OF_METHODS, OF_PATHS
from egressc.slashes import DOTS_AT_SLASHES

ANYBODY = {"prefix": "spiffe://"}


def port_rules(gateway: GatewayCarrier, port: GatewayPort) -> dict[str, Any]:
    """`rules` of a port: `deny`, then `allow`; `wouldDeny` and `wouldAllow` are only reported."""
    host, number = gateway.host, port.client_port
    allow = _named([_allowed(rule) for rule in gateway.rules if rule.covers(number)])
    deny = [_denied(rule) for rule in gateway.fleet_denials if rule.covers(number)]
    if host.wildcard and port.is_http:
        deny.append({"id": "a Host that is no name", "hosts": [spelling.NO_NAME]})
    if gateway.listed and port.is_http:
        deny.append({"id": "a host of its own", "hosts": spelling.hosts(gateway.listed)})
    own = _named([_denied(rule) for rule in gateway.denials if rule.covers(number)])
    if host.reports:
        for rule in gateway.fleet_denials:
            if rule.paths and rule.covers(number):
                deny += _other_readings(rule, keeps_slashes=host.keeps_slashes)
        refused = {"deny": _named(deny)} if deny else {}
        return refused | {"allow": [{"id": "everybody", "caller": ANYBODY}], "wouldDeny": own, "wouldAllow": allow}
    if gateway.strict_paths and port.is_http:
        deny.append({"id": "a path with two readings", "paths": [spelling.AMBIGUOUS]})
        if host.keeps_slashes:
            deny.append({"id": "dots beside an escaped slash", "paths": [DOTS_AT_SLASHES]})
        deny.append({"id": "a path in a header", "headers": list(OF_PATHS)})
    rules = {"deny": _named([*deny, *own]), "allow": allow}
    return {key: value for key, value in rules.items() if value}


def _allowed(rule: Rule) -> dict[str, Any]:
    result: dict[str, Any] = {"id": _name(rule.who), "caller": _caller(rule.who)}
    if rule.methods:
        result["methods"] = spelling.allowed_methods(rule.methods)
        result["methodHeaders"] = {"names": list(OF_METHODS)}
    return result | ({"paths": spelling.allowed_paths(rule.paths)} if rule.paths else {})


def _denied(rule: Rule) -> dict[str, Any]:
    result: dict[str, Any] = {"id": f"not {_name(rule.who)}"}
    if rule.who.namespace is not None:
        result["caller"] = _caller(rule.who)
    if rule.methods:
        result["methods"] = spelling.denied_methods(rule.methods)
        # frameworks read `DELETE, x` and `"DELETE"` as DELETE, and Envoy joins headers of one name
        result["methodHeaders"] = {"names": list(OF_METHODS), "contain": spelling.refused_methods(rule.methods)}
    return result | ({"paths": spelling.denied_paths(rule.paths)} if rule.paths else {})


def _other_readings(rule: Rule, *, keeps_slashes: bool) -> list[dict[str, Any]]:
    """What else a denial of paths refuses to its callers, at a host that takes such requests from all others."""
    meant = {key: value for key, value in _denied(rule).items() if key != "paths"}
    escaped = DOTS_AT_SLASHES if keeps_slashes else spelling.ESCAPED_SLASHES
    paths = {"id": f"a path with two readings, {meant['id']}", "paths": [spelling.AMBIGUOUS, escaped]}
    return [meant | paths, meant | {"id": f"a path in a header, {meant['id']}", "headers": list(OF_PATHS)}]


def _name(who: Identity) -> str:
    return caller_name(who.namespace, who.service_account) or "everybody"


def _named(rules: Iterable[dict[str, Any]]) -> list[dict[str, Any]]:
    """`rules` with ids of their own: Envoy keeps them by these, and shows them where one decides."""
    seen: dict[str, int] = {}
    result = []
    for rule in rules:
        number = seen[rule["id"]] = seen.get(rule["id"], 0) + 1
        result.append(rule | ({"id": f"{rule['id']} ({number})"} if number > 1 else {}))
    return result


def _caller(who: Identity) -> dict[str, Any]:
    """How the SPIFFE name of the caller's certificate is matched."""
    if who.namespace is None:
        return ANYBODY
    if is_prefix(who.namespace):
        return _caller_by_prefix(who.trust_domain, who.namespace[:-1], who.service_account)
    account = f"/ns/{who.namespace}/sa/{who.service_account or ''}"
    if who.trust_domain is None:
        return {"suffix" if who.service_account else "contains": account}
    return {"exact" if who.service_account else "prefix": f"spiffe://{who.trust_domain}{account}"}


def _caller_by_prefix(trust_domain: str | None, begin: str, account: str | None) -> dict[str, Any]:
    """The same for all namespaces whose names begin like this."""
    if account:
        domain = re.escape(trust_domain) if trust_domain else "[^/]+"
        return {"safe_regex": {"regex": f"spiffe://{domain}/ns/{begin}[a-z0-9-]*/sa/{re.escape(account)}"}}
    namespaces = f"/ns/{begin}"
    return {"prefix": f"spiffe://{trust_domain}{namespaces}"} if trust_domain else {"contains": namespaces}
