"""MODEL: what a host list says, with every default settled; it knows nothing of Kubernetes or Istio."""

from egressc.model.clients import (
    EVERYBODY,
    OWN_NAMESPACE,
    Client,
    Deny,
    Operation,
    caller_name,
    is_prefix,
    means,
    stands_for,
)
from egressc.model.companions import Admission, ClientNetworkPolicies, Companions, Sidecars
from egressc.model.durations import Duration
from egressc.model.gateways import OWN_GATEWAY, Exposure, IngressGateway, SharedGateway
from egressc.model.host import Host, Proxy, Readiness, called
from egressc.model.inventory import Inventory
from egressc.model.mesh import Mesh, Version
from egressc.model.pods import POD_SETTINGS, PodSettings
from egressc.model.ports import (
    HTTP_FAMILY,
    OLD_SUITES,
    OLD_VERSIONS,
    WILDCARD,
    Files,
    Port,
    PortReadiness,
    Protocol,
    Tls,
    Volume,
)
from egressc.model.requests import Credential, ExternalAuthorization, HeaderChanges, Headers, Limit, Opa, RateLimit
from egressc.model.traffic import ConnectionPool, OutlierDetection, Retries, Timeouts

__all__ = [
    "EVERYBODY",
    "HTTP_FAMILY",
    "OLD_SUITES",
    "OLD_VERSIONS",
    "OWN_GATEWAY",
    "OWN_NAMESPACE",
    "POD_SETTINGS",
    "WILDCARD",
    "Admission",
    "Client",
    "ClientNetworkPolicies",
    "Companions",
    "ConnectionPool",
    "Credential",
    "Deny",
    "Duration",
    "Exposure",
    "ExternalAuthorization",
    "Files",
    "HeaderChanges",
    "Headers",
    "Host",
    "IngressGateway",
    "Inventory",
    "Limit",
    "Mesh",
    "Opa",
    "Operation",
    "OutlierDetection",
    "PodSettings",
    "Port",
    "PortReadiness",
    "Protocol",
    "Proxy",
    "RateLimit",
    "Readiness",
    "Retries",
    "SharedGateway",
    "Sidecars",
    "Timeouts",
    "Tls",
    "Version",
    "Volume",
    "called",
    "caller_name",
    "is_prefix",
    "means",
    "stands_for",
]
