"""One entry of `gateways`: its pods, its routing, or both."""

from collections.abc import Sequence
from typing import Any

from egressc.emit.authorization import port_rules
from egressc.emit.companions import network_policy
from egressc.emit.order import in_order
from egressc.emit.policy import policy
from egressc.emit.statistics import ALL, MARKED, counted
from egressc.emit.volumes import asked_with, credentials, volumes
from egressc.model import Host
from egressc.plan import GatewayCarrier, GatewayPort, SharedPods, fold
from egressc.plan.decisions.pods import run
from egressc.plan.pods import POD_LABEL

ANNOTATIONS = (("description", "description"), ("owner", "owner"), ("review_by", "review-by"))


def gateway_values(gateway: GatewayCarrier) -> dict[str, Any]:
    """What stands under `gateways.<name>` for a host, with pods of its own or on others'."""
    host, sets = gateway.host, fold(gateway.decisions())
    result: dict[str, Any] = {"host": host.host, "namespace": gateway.namespace}
    if gateway.route != gateway.name:
        result["route"] = gateway.route
    if gateway.standby:
        result["standby"] = gateway.standby.name
    if not gateway.in_use:
        result["standsBy"] = True
    if host.wildcard:
        result["suffix"] = host.host.removeprefix("*")
    if not gateway.checks_upstream:
        result["readiness"] = {"mode": host.readiness.mode}
    if host.reports:
        result["reports"] = True
    if host.access_log is not None:
        result["accessLog"] = host.access_log
    result["ports"] = [_port(gateway, port, sets.get(port.client_port, {})) for port in gateway.ports]
    if not gateway.filtered:
        result |= policy(gateway)
    result |= annotations(host) | network_policy(gateway) | sets[None]
    return in_order(result | (_pods((gateway,), counted(host)) if gateway.pods.single else {}))


def annotations(host: Host) -> dict[str, Any]:
    """`annotations`, what people know of `host` beside its way; empty where the list says nothing."""
    notes = {f"egressc.io/{key}": text for field, key in ANNOTATIONS if (text := getattr(host, field))}
    return {"annotations": notes} if notes else {}


def shared_values(shared: SharedPods) -> dict[str, Any]:
    """What stands under `gateways.<name>` for pods that several hosts share."""
    settings = fold(run(shared.gateway.pod_settings, shared.gateway.namespace, shared.name))[None]
    result = {
        "namespace": shared.gateway.namespace,
        "selector": {POD_LABEL: shared.name},
        # whether its hosts answer is each host's own business: see the checks of their clusters
        "readiness": {"mode": "gateway"},
    }
    return in_order(result | _pods(shared.carried, MARKED if shared.filtered else ALL) | settings)


def _pods(hosts: Sequence[GatewayCarrier], statistics: str) -> dict[str, Any]:
    """`pods`, what pods need that carry `hosts`."""
    given = {
        "fetchesKey": any(host.fetches_key for host in hosts),
        "secrets": sorted({name for host in hosts for name in asked_with(host)}),
        "volumes": volumes(port.tls for host in hosts for port in host.ports),
        "credentials": credentials(hosts),
    }
    return {"pods": {"statistics": statistics} | {key: value for key, value in given.items() if value}}


def _port(gateway: GatewayCarrier, port: GatewayPort, sets: dict[str, Any]) -> dict[str, Any]:
    names = {"name": port.name, "port": port.client_port, "gatewayPort": port.gateway_port, "protocol": port.protocol}
    rules = {"rules": port_rules(gateway, port)} if gateway.filtered else {}
    return in_order(names | rules | sets)
