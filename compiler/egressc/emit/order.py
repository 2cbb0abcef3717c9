"""The order of keys in the values, so that the same list gives the same bytes."""

from typing import Any

#: Entries of hosts and of pods, then of ports, then of the TLS to upstreams, then of pools and authorizers.
KEYS = (
    *(
        "host",
        "namespace",
        "selector",
        "adopted",
        "annotations",
        "listed",
        "exportTo",
        "clients",
        "enforcement",
        "accessLog",
    ),
    *("ports", "dropUnderscores", "strictPaths", "networkPolicy", "perName", "addresses", "proxy", "deniedRanges"),
    *("namespaces", "endpoints", "failover", "resolution", "readiness", "requestTimeout", "streamTimeout", "retries"),
    *("connectionPool", "outlierDetection", "headers", "credential", "rateLimit", "externalAuthorization"),
    *("fetchesKey", "volumes", "credentials", "drainSeconds", "replicas", "autoscaling", "podDisruptionBudget"),
    *("name", "port", "gatewayPort", "upstreamPort", "protocol", "tls", "rules", "identities", "sources", "check"),
    *("mode", "credentialName", "clientCertificate", "privateKey", "sni", "insecureSkipVerify", "caCertificates"),
    "subjectAltNames",
    *("connectTimeout", "idleTimeout", "maxConnections", "maxPendingRequests", "maxRequests"),
    *("maxRequestsPerConnection", "keepalive", "opa", "image", "policy", "decision", "timeout", "failOpen", "provider"),
    "resources",
)
IN_IT = ("tls", "connectionPool", "externalAuthorization", "opa")
RANK = {key: rank for rank, key in enumerate(KEYS)}


def in_order(entry: dict[str, Any]) -> dict[str, Any]:
    """`entry` with its keys in their order, and what is IN_IT; KeyError for a key that has no place."""
    return {key: in_order(entry[key]) if key in IN_IT else entry[key] for key in sorted(entry, key=RANK.__getitem__)}
