"""One entry of `gateways`: its pods, its routing, or both."""

from collections.abc import Sequence
from typing import Any

from egressc.emit.authorization import clients, port_rules
from egressc.emit.companions import network_policy
from egressc.emit.order import in_order
from egressc.emit.volumes import credentials, volumes
from egressc.model import Host
from egressc.plan import GatewayCarrier, GatewayPort, SharedPods, fold
from egressc.plan.decisions.pods import run

ANNOTATIONS = (("description", "description"), ("owner", "owner"), ("review_by", "review-by"))


def gateway_values(gateway: GatewayCarrier) -> dict[str, Any]:
    """What stands under `gateways.<name>` for a host, with pods of its own or on others'."""
    sets = fold(gateway.decisions())
    result: dict[str, Any] = {"host": gateway.host.host, "namespace": gateway.namespace, "clients": clients(gateway)}
    result["ports"] = [_port(gateway, port, sets.get(port.client_port, {})) for port in gateway.ports]
    if gateway.host.reports:
        result["enforcement"] = gateway.host.enforcement
    if gateway.host.access_log is not None:
        result["accessLog"] = gateway.host.access_log
    result |= annotations(gateway.host) | network_policy(gateway) | sets[None]
    return in_order(result | (_mounts((gateway,)) if gateway.pods.single else {}))


def annotations(host: Host) -> dict[str, Any]:
    """`annotations`, what people know of `host` beside its way; empty where the list says nothing."""
    notes = {f"egressc.io/{key}": text for field, key in ANNOTATIONS if (text := getattr(host, field))}
    return {"annotations": notes} if notes else {}


def shared_values(shared: SharedPods) -> dict[str, Any]:
    """What stands under `gateways.<name>` for pods that several hosts share."""
    # whether its hosts answer is each host's own business: see the checks of their clusters
    result = {"namespace": shared.gateway.namespace, "readiness": {"mode": "gateway"}}
    settings = fold(run(shared.gateway.pod_settings, shared.gateway.namespace, shared.name))[None]
    return in_order(result | _mounts(shared.carried) | settings)


def _mounts(hosts: Sequence[GatewayCarrier]) -> dict[str, Any]:
    """What pods need that carry `hosts`."""
    given = {
        "fetchesKey": any(host.fetches_key for host in hosts),
        "volumes": volumes(port.tls for host in hosts for port in host.ports),
        "credentials": credentials(hosts),
    }
    return {key: value for key, value in given.items() if value}


def _port(gateway: GatewayCarrier, port: GatewayPort, sets: dict[str, Any]) -> dict[str, Any]:
    names = {"name": port.name, "port": port.client_port, "gatewayPort": port.gateway_port, "protocol": port.protocol}
    return in_order(names | {"rules": port_rules(gateway, port)} | sets)
