"""The order of keys in the values, so that the same list gives the same bytes."""

from typing import Any

#: Of entries of hosts, pods and ports, of the TLS to upstreams, of pools, and of authorizers.
KEYS = """
    host suffix namespace route standby standsBy selector adopted annotations listed exportTo serviceExportTo
    directExportTo reports
    accessLog gatewayProtocol ports
    policy twoReadings closedPort dropUnderscores strictPaths escapedSlashes networkPolicy namespaces
    name port gatewayPort standbyPort perName upstreamPort protocol upstreamProtocol inClear preserveCase tls
    tlsParameters rules identities sources check ask
    mode credentialName clientCertificate privateKey sni insecureSkipVerify caCertificates caCrl subjectAltNames
    addresses proxy deniedRanges endpoints failover resolution dnsRetry readiness requestTimeout streamTimeout retries
    connectionPool connectTimeout idleTimeout outlierDetection headers credential rateLimit externalAuthorization
    opa image policy decision timeout failOpen provider
    pods marked drainSeconds replicas autoscaling podDisruptionBudget resources
"""
IN_IT = ("tls", "connectionPool", "externalAuthorization", "opa")
RANK = {key: rank for rank, key in enumerate(KEYS.split())}


def in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """`entry` with its keys in their order, and what is IN_IT; a key without a place stands last, as it was decided."""
    known = sorted(entry, key=lambda key: RANK.get(key, len(RANK)))
    return {key: in_order(entry[key]) if key in IN_IT else entry[key] for key in known}
