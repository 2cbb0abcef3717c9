"""Who may call and who may not, as an AuthorizationPolicy has it, where no EnvoyFilter can say it."""

from collections.abc import Iterable
from typing import Any

from egressc.emit import spelling
from egressc.model import is_prefix
from egressc.plan import EVERYBODY, GatewayCarrier, Identity, Rule
from egressc.plan.decisions.requests import OF_PATHS
from egressc.slashes import DOTS_AT_SLASHES


def policy(gateway: GatewayCarrier) -> dict[str, Any]:
    """`policy` of a gateway, `allow` and `deny`, and `twoReadings`, the paths that nobody may send."""
    allow = _rules(gateway, gateway.rules)
    deny = _rules(gateway, (*gateway.fleet_denials, *gateway.denials))
    result: dict[str, Any] = {"policy": {key: rules for key, rules in (("allow", allow), ("deny", deny)) if rules}}
    if gateway.strict_paths:
        escaped = DOTS_AT_SLASHES if gateway.host.keeps_slashes else spelling.ESCAPED_SLASHES
        paths = [spelling.AMBIGUOUS, spelling.NOT_NORMALISED, escaped]
        result["twoReadings"] = {"paths": paths, "headers": list(OF_PATHS)}
    return result


def _rules(gateway: GatewayCarrier, rules: Iterable[Rule]) -> list[dict[str, Any]]:
    return [_rule(gateway, rule) for rule in rules if any(rule.covers(port.client_port) for port in gateway.ports)]


def _rule(gateway: GatewayCarrier, rule: Rule) -> dict[str, Any]:
    ports = [str(port.gateway_port) for port in gateway.ports if rule.covers(port.client_port)]
    result: dict[str, Any] = {"ports": ports} | _caller(rule.who)
    given = (("methods", rule.methods), ("paths", rule.paths))
    return result | {key: list(value) for key, value in given if value}


def _caller(who: Identity) -> dict[str, Any]:
    """The caller: `principals`, or `namespaces` of any trust domain; `account` where a prefix comes before it."""
    if who.namespace is None:
        return {"principals": [EVERYBODY]}
    if not is_prefix(who.namespace) and (who.service_account or who.trust_domain):
        return {"principals": [who.principal]}
    known = {"principals": [f"{who.trust_domain}/ns/{who.namespace}"]} if who.trust_domain else {}
    account = {"account": f"*/sa/{who.service_account}"} if who.service_account else {}
    return known | ({} if known else {"namespaces": [who.namespace]}) | account
