"""MODEL: what a host list says, with every default settled; it knows nothing of Kubernetes or Istio."""

from egressc.model.clients import Client, Deny, Operation
from egressc.model.companions import Admission, Companions, Sidecars
from egressc.model.durations import exact_milliseconds, milliseconds, spell
from egressc.model.gateways import POD_SETTINGS, Exposure, IngressGateway, SharedGateway
from egressc.model.host import Host, Proxy, Readiness
from egressc.model.inventory import Inventory
from egressc.model.ports import HTTP_FAMILY, WILDCARD, Files, Port, Protocol, Tls, Volume
from egressc.model.requests import Credential, ExternalAuthorization, HeaderChanges, Headers, Limit, Opa, RateLimit

__all__ = [
    "HTTP_FAMILY",
    "POD_SETTINGS",
    "WILDCARD",
    "Admission",
    "Client",
    "Companions",
    "Credential",
    "Deny",
    "Exposure",
    "ExternalAuthorization",
    "Files",
    "HeaderChanges",
    "Headers",
    "Host",
    "IngressGateway",
    "Inventory",
    "Limit",
    "Opa",
    "Operation",
    "Port",
    "Protocol",
    "Proxy",
    "RateLimit",
    "Readiness",
    "SharedGateway",
    "Sidecars",
    "Tls",
    "Volume",
    "exact_milliseconds",
    "milliseconds",
    "spell",
]
