"""RULES: what the schema cannot see: whether one host makes sense, and whether all of them fit together."""

from egressc.findings import Finding
from egressc.model import Inventory
from egressc.rules import (
    authorization,
    client_network,
    clients,
    companions,
    cost,
    datagrams,
    durations,
    envoy_filters,
    exposure,
    external_authorization,
    failover,
    fleet,
    headers,
    memory,
    metadata,
    pods,
    ports,
    prefixes,
    protocols,
    proxies,
    rate_limit,
    readiness,
    settings,
    shared,
    sidecar,
    standby,
    tls,
    unread,
    upstream,
    versions,
    wildcards,
)

ONE_HOST = (
    clients.check,
    prefixes.check,
    authorization.check,
    ports.check,
    protocols.check,
    datagrams.check,
    tls.check,
    unread.check,
    upstream.check,
    metadata.check,
    failover.check,
    readiness.check,
    durations.check,
    settings.check,
    pods.check,
    shared.check,
    standby.check,
    exposure.check,
    wildcards.check,
    headers.check,
    rate_limit.check,
    external_authorization.check,
    sidecar.check,
    proxies.check,
    versions.check,
    envoy_filters.check,
)
ALL_HOSTS = (
    fleet.check_ports,
    fleet.check_keys,
    fleet.check_names,
    fleet.check_reserved,
    shared.check_all,
    pods.check_shared,
    exposure.check_all,
    wildcards.check_covered,
    authorization.check_fleet,
    authorization.check_reports,
    authorization.check_logs,
    envoy_filters.check_fleet,
    companions.check_all,
    client_network.check_all,
    prefixes.check_sidecars,
    cost.check_gateways,
    memory.check_all,
    versions.check_patch,
)


def check(inventory: Inventory) -> list[Finding]:
    """What is wrong with the hosts of `inventory`, one by one and together."""
    findings = [finding for host in inventory.hosts for rule in ONE_HOST for finding in rule(host, inventory)]
    for rule in ALL_HOSTS:
        findings += rule(inventory)
    return findings
