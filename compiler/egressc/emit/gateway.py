"""One entry of `gateways`: its pods, its routing, or both."""

from collections.abc import Sequence
from typing import Any

from egressc.emit.authorization import port_rules
from egressc.emit.companions import network_policy
from egressc.emit.readiness import check, readiness
from egressc.emit.requests import credentials, requests
from egressc.emit.statistics import counted
from egressc.emit.traffic import traffic
from egressc.emit.upstream import client_tls, upstream, volumes
from egressc.model import Host, PodSettings
from egressc.plan import OWN_NAMESPACE, Gateway, GatewayPort, Shared, Source

POD_LABEL = "egressc.io/gateway"  # finds the pods of a gateway in their namespace
CLOSED_PORT = 9  # of a Service: nothing listens there
ANNOTATIONS = (("description", "description"), ("owner", "owner"), ("review_by", "review-by"))


def gateway_values(gateway: Gateway) -> dict[str, Any]:
    """What stands under `gateways.<name>` for a host, with pods of its own or on others'."""
    host, adopted = gateway.host, gateway.pods.kind == "adopted"
    result: dict[str, Any] = {"host": host.host}
    if host.wildcard:
        result["suffix"] = host.host.removeprefix("*")
    result["namespace"] = gateway.namespace
    result["selector"] = dict(gateway.pods.labels) if adopted else {POD_LABEL: gateway.pods.name}
    if adopted:
        result["adopted"] = True
    result |= annotations(host)
    if gateway.listed:
        result["listed"] = list(gateway.listed)
    result["exportTo"] = list(gateway.export_to)
    if gateway.export_to == (OWN_NAMESPACE,):
        # Istio merges rules of one host that are seen by "." alone: the namespace's name says the same
        result["directExportTo"] = [gateway.namespace]
    if host.reports:
        result["reports"] = True
    if host.access_log is not None:
        result["accessLog"] = host.access_log
    result["ports"] = [_port(gateway, port) for port in gateway.ports]
    if any(port.sources and not port.port.is_http for port in gateway.ports):
        result["closedPort"] = CLOSED_PORT
    if gateway.drops_underscores:
        result["dropUnderscores"] = True
    if gateway.strict_paths:
        result["strictPaths"] = True
    result |= network_policy(gateway) | upstream(host) | readiness(host) | traffic(host) | requests(host)
    return result | (_pods(host.pod_settings, (gateway,)) if gateway.pods.kind == "own" else {})


def annotations(host: Host) -> dict[str, Any]:
    """`annotations`, what people know of `host` beside its way; empty where the list says nothing."""
    notes = {f"egressc.io/{key}": text for field, key in ANNOTATIONS if (text := getattr(host, field))}
    return {"annotations": notes} if notes else {}


def shared_values(shared: Shared) -> dict[str, Any]:
    """What stands under `gateways.<name>` for pods that several hosts share."""
    # whether its hosts answer is each host's own business: see the checks of their clusters
    result = {
        "namespace": shared.gateway.namespace,
        "selector": {POD_LABEL: shared.name},
        "readiness": {"mode": "gateway"},
    }
    return result | _pods(shared.gateway.pod_settings, shared.hosts)


def _pods(settings: PodSettings, hosts: Sequence[Gateway]) -> dict[str, Any]:
    """`pods`, what pods need that carry `hosts`, and what the list says of how they run."""
    result: dict[str, Any] = {"statistics": counted(hosts)}
    if any(host.fetches_key for host in hosts):
        result["fetchesKey"] = True
    mounted = volumes(port.port.tls for host in hosts for port in host.ports)
    if mounted:
        result["volumes"] = mounted
    secrets = credentials(hosts)
    if secrets:
        result["credentials"] = secrets
    return {"pods": result} | pod_values(settings)


def pod_values(settings: PodSettings) -> dict[str, Any]:
    """What of a host's or a shared gateway's `settings` says how pods run."""
    given = {
        "drainSeconds": settings.drain.milliseconds // 1000 if settings.drain else None,
        "replicas": settings.replicas,
        "autoscaling": settings.autoscaling,
        "podDisruptionBudget": settings.pod_disruption_budget,
        "resources": settings.resources,
    }
    return {key: value for key, value in given.items() if value is not None}


def source_values(source: Source) -> dict[str, Any]:
    """Pods that a sidecar lets through, as a port's `sources` has them."""
    given = (("namespace", source.namespace), ("podLabels", dict(source.pod_labels)))
    return {key: value for key, value in given if value}


def _port(gateway: Gateway, port: GatewayPort) -> dict[str, Any]:
    result: dict[str, Any] = {
        "name": port.name,
        "port": port.port.port,
        "gatewayPort": port.number,
        "upstreamPort": port.port.upstream_port,
        "protocol": port.port.protocol,
    }
    if port.port.tls.originates:
        result["tls"] = client_tls(port.port.tls)
    result["rules"] = port_rules(gateway, port)
    if port.identities:
        result["identities"] = list(port.identities)
    if port.sources:
        result["sources"] = [source_values(source) for source in port.sources]
    if gateway.checks_upstream and (how := check(gateway.host, port.port)):
        result["check"] = how
    return result
