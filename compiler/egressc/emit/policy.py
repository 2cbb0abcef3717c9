"""Who may call and who may not, as an AuthorizationPolicy has it, where no EnvoyFilter can say it."""

from collections.abc import Iterable, Iterator
from typing import Any

from egressc.emit import spelling
from egressc.model import is_prefix
from egressc.plan import EVERYBODY, GatewayCarrier, GatewayPort, Identity, Rule
from egressc.plan.decisions.requests import OF_METHODS, OF_PATHS
from egressc.slashes import DOTS_AT_SLASHES


def policy(gateway: GatewayCarrier) -> dict[str, Any]:
    """`policy` of a gateway, `allow` and `deny`, and `twoReadings`, the paths that nobody may send."""
    allow = [allowed for rule in gateway.rules for allowed in _allowed(gateway, rule)]
    deny = [
        _rule(rule, ports) for rule in (*gateway.fleet_denials, *gateway.denials) if (ports := _ports(gateway, rule))
    ]
    result: dict[str, Any] = {"policy": {key: rules for key, rules in (("allow", allow), ("deny", deny)) if rules}}
    if gateway.strict_paths:
        escaped = DOTS_AT_SLASHES if gateway.host.keeps_slashes else spelling.ESCAPED_SLASHES
        paths = [spelling.AMBIGUOUS, spelling.NOT_NORMALISED, escaped]
        result["twoReadings"] = {"paths": paths, "headers": list(OF_PATHS)}
    return result


def _allowed(gateway: GatewayCarrier, rule: Rule) -> Iterator[dict[str, Any]]:
    """What `rule` lets in. Where other hosts are on the same pods, requests are also held to the host by their Host."""
    ports = _ports(gateway, rule)
    with_requests = [port for port in ports if port.is_http and not gateway.pods.single]
    others = [port for port in ports if port not in with_requests]
    if with_requests:
        yield _rule(rule, with_requests) | {"hosts": [gateway.host.host, f"{gateway.host.host}:*"]}
    if others:
        yield _rule(rule, others)


def _ports(gateway: GatewayCarrier, rule: Rule) -> list[GatewayPort]:
    return [port for port in gateway.ports if rule.covers(port.client_port)]


def _rule(rule: Rule, ports: Iterable[GatewayPort]) -> dict[str, Any]:
    result: dict[str, Any] = {"ports": [str(port.gateway_port) for port in ports]} | _caller(rule.who)
    absent = OF_METHODS if rule.methods else ()  # by these some upstreams read another method
    given = (("methods", rule.methods), ("absentHeaders", absent), ("paths", rule.paths))
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
