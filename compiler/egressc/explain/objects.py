"""Which Kubernetes objects a gateway consists of."""

from collections.abc import Iterable
from dataclasses import dataclass

from egressc import emit
from egressc.explain.load import pods
from egressc.model import Exposure
from egressc.names import exposure_name
from egressc.plan import Companions, Gateway


@dataclass(frozen=True, slots=True)
class Object:
    """A Kubernetes object; `namespace` is empty for one of the whole cluster."""

    kind: str
    namespace: str
    name: str

    @property
    def text(self) -> str:
        """`Service egress/api-example-com`."""
        return f"{self.kind} {self.namespace}/{self.name}" if self.namespace else f"{self.kind} {self.name}"


#: What a gateway's pods have, whoever's they are; all else is the host's own.
POD_KINDS = (
    "AuthorizationPolicy",
    "Telemetry",
    "Deployment",
    "HorizontalPodAutoscaler",
    "PodDisruptionBudget",
    "ServiceAccount",
    "Role",
    "RoleBinding",
)

#: Values that have an object of their own, its kind, and how its name ends.
OF_REQUESTS = (
    ("provider", "AuthorizationPolicy", ".external-authorization"),
    ("opa", "EnvoyFilter", ".external-authorization"),
    ("rateLimit", "EnvoyFilter", ".rate-limit"),
    ("credential", "EnvoyFilter", ".credential"),
    ("credential", "ConfigMap", ".credential"),
)


def objects(gateway: Gateway) -> tuple[Object, ...]:
    """All that the chart prints for `gateway`, in the order of a request's way."""
    adopted = gateway.pods.kind == "adopted"
    values = emit.gateway_values(gateway)
    kinds = {
        "ServiceEntry": True,
        "VirtualService": True,
        "DestinationRule": True,
        "Service": True,
        "Gateway": True,
        "AuthorizationPolicy": True,
        "NetworkPolicy": gateway.isolated,
        "EnvoyFilter": gateway.checks_upstream,
        "Telemetry": True,
        "Deployment": True,
        "HorizontalPodAutoscaler": pods(gateway).scaled,
        "PodDisruptionBudget": True,
        "ServiceAccount": True,
        "Role": gateway.fetches_key,
        "RoleBinding": gateway.fetches_key,
    }
    named = [
        named_object(gateway, kind)
        for kind, exists in kinds.items()
        if exists and not (adopted and kind in POD_KINDS and kind != "AuthorizationPolicy")
    ]
    more = {
        ("EnvoyFilter", ".authorization"): True,
        ("EnvoyFilter", ".access-log"): gateway.host.reports or gateway.host.access_log,
        ("EnvoyFilter", ".requests"): {"strictPaths", "streamTimeout", "dropUnderscores"} & {*values},
    }
    named += [named_object(gateway, kind, suffix) for (kind, suffix), exists in more.items() if exists]
    if gateway.pods.kind == "shared":
        named.append(Object("EnvoyFilter", gateway.namespace, f"{gateway.pods.name}.authorization"))
    for key, kind, suffix in OF_REQUESTS:
        if key in (values | values.get("externalAuthorization", {})):
            named.append(named_object(gateway, kind, suffix))
    named += [named_object(gateway, "DestinationRule", suffix) for suffix in (".direct", ".upstream")]
    if gateway.host.by_socket:
        named += [named_object(gateway, "ServiceEntry", f".{port.name}") for port in gateway.ports[1:]]
    if gateway.host.expose:
        named += [exposed_object(gateway.host.expose, kind) for kind in ("Gateway", "VirtualService", "ServiceEntry")]
    if gateway.carries:
        named.append(named_object(gateway, "EnvoyFilter", ".passthrough"))
    if gateway.host.by_socket:
        named.append(named_object(gateway, "EnvoyFilter", ".proxy" if gateway.host.proxy else ".wildcard"))
    return tuple(named)


def named_object(gateway: Gateway, kind: str, suffix: str = "") -> Object:
    """The object of this kind that belongs to `gateway`, or to the pods that carry it."""
    # at adopted pods a policy refuses for each host by itself, and what pods have beside it is others'
    of_pods = kind in POD_KINDS and not (kind == "AuthorizationPolicy" and (suffix or gateway.pods.kind == "adopted"))
    name = gateway.pods.name if of_pods else gateway.name
    return Object(kind, gateway.namespace, name + suffix)


def exposed_object(expose: Exposure, kind: str) -> Object:
    """The object of this kind that belongs to an own name, and so to all hosts that are exposed under it."""
    return Object(kind, expose.gateway.namespace, exposure_name(expose.host))


def companion_objects(companions: Companions) -> tuple[Object, ...]:
    """All that the chart prints for whole namespaces or the cluster; only Helm knows the release and its namespace."""
    return (
        *(Object("PeerAuthentication", namespace, "default") for namespace in companions.strict),
        *(Object("Sidecar", sidecar.namespace, "default") for sidecar in companions.sidecars),
        *(Object("NetworkPolicy", namespace, "all.gateways") for namespace in companions.isolated),
        *(Object("NetworkPolicy", namespace, "all.denied") for namespace in companions.denied),
        *(
            Object(kind, "", f"egressc.NAMESPACE.RELEASE.{about}")
            for kind in ("ValidatingAdmissionPolicy", "ValidatingAdmissionPolicyBinding")
            for about in (("gateways", "hosts", "services") if companions.admission else ())
        ),
    )


def exposed_url(expose: Exposure) -> str:
    """What callers outside of the mesh ask for."""
    return f"https://{expose.host}{expose.path}"


def namespaces(gateways: Iterable[Gateway]) -> tuple[str, ...]:
    """The namespaces that must exist before the installation."""
    chosen = list(gateways)
    exposed = {gateway.host.expose.gateway.namespace for gateway in chosen if gateway.host.expose}
    return tuple(sorted({gateway.namespace for gateway in chosen} | exposed))
