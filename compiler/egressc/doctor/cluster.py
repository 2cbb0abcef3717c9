"""What a cluster has: each question is asked once, by however many checks."""

import json
from collections.abc import Callable, Hashable
from concurrent.futures import Future
from threading import Lock
from typing import Any, TypeVar

from egressc.doctor.kubectl import AbsentError, Ask, UnansweredError

Object = dict[str, Any]
#: The kind, the namespace ("" for an object of the whole cluster) and the name of an object.
Key = tuple[str, str, str]
Answer = TypeVar("Answer")

#: Which container of a pod is the proxy.
PROXY = "istio-proxy"
#: The label of all that the chart makes, and how kubectl selects by it.
OURS = ("app.kubernetes.io/name", "egress-gateways")
CHART = "=".join(OURS)
#: The kinds that are read, each as kubectl and a role name them: the resource with its group.
RESOURCES = {
    "AuthorizationPolicy": "authorizationpolicies.security.istio.io",
    "BackendTLSPolicy": "backendtlspolicies.gateway.networking.k8s.io",
    "ConfigMap": "configmaps",
    "Deployment": "deployments.apps",
    "DestinationRule": "destinationrules.networking.istio.io",
    "EnvoyFilter": "envoyfilters.networking.istio.io",
    "Event": "events",
    "Gateway": "gateways.networking.istio.io",
    "HorizontalPodAutoscaler": "horizontalpodautoscalers.autoscaling",
    "MutatingWebhookConfiguration": "mutatingwebhookconfigurations.admissionregistration.k8s.io",
    "Namespace": "namespaces",
    "NetworkPolicy": "networkpolicies.networking.k8s.io",
    "PeerAuthentication": "peerauthentications.security.istio.io",
    "Pod": "pods",
    "PodDisruptionBudget": "poddisruptionbudgets.policy",
    "PodMonitor": "podmonitors.monitoring.coreos.com",
    "PrometheusRule": "prometheusrules.monitoring.coreos.com",
    "Role": "roles.rbac.authorization.k8s.io",
    "RoleBinding": "rolebindings.rbac.authorization.k8s.io",
    "Secret": "secrets",
    "Service": "services",
    "ServiceAccount": "serviceaccounts",
    "ServiceEntry": "serviceentries.networking.istio.io",
    "Sidecar": "sidecars.networking.istio.io",
    "Telemetry": "telemetries.telemetry.istio.io",
    "ValidatingAdmissionPolicy": "validatingadmissionpolicies.admissionregistration.k8s.io",
    "ValidatingAdmissionPolicyBinding": "validatingadmissionpolicybindings.admissionregistration.k8s.io",
    "VirtualService": "virtualservices.networking.istio.io",
    "WasmPlugin": "wasmplugins.extensions.istio.io",
}


class Cluster:
    """The cluster behind `ask`. All methods raise UnansweredError; `envoy` and `log` ask anew each time."""

    def __init__(self, ask: Ask) -> None:
        self._ask = ask
        self._answers: dict[Hashable, Future[Any]] = {}
        self._lock = Lock()

    def all(self, kind: str, selector: str = "") -> list[Object]:
        """The objects of all namespaces with these labels; none where nobody has installed the kind."""
        return self._listed(kind, "--all-namespaces", *_selecting(selector))

    def within(self, kind: str, namespace: str) -> list[Object]:
        """The objects of one namespace."""
        return self._listed(kind, f"--namespace={namespace}")

    def one(self, kind: str, namespace: str, name: str) -> Object | None:
        """One object, None where it is not there."""
        arguments = ("get", f"{RESOURCES[kind]}/{name}", f"--namespace={namespace}", "--output=json")
        return self._once(arguments, lambda: self._object(arguments))

    def version(self) -> str:
        """The version of Kubernetes, `v1.36.3`."""
        found = self._object(("get", "--raw=/version")) or {}
        return str(found.get("gitVersion", ""))

    def envoy(self, namespace: str, pod: str, path: str) -> str:
        """What the admin port of a pod's Envoy says."""
        where = (f"--namespace={namespace}", f"pod/{pod}", f"--container={PROXY}")
        return self._ask(("exec", *where, "--", "pilot-agent", "request", "GET", path))

    def log(self, namespace: str, pod: str) -> str:
        """The last lines of the log of a pod's Envoy."""
        where = (f"--namespace={namespace}", f"--container={PROXY}", "--tail=1000")
        return self._ask(("logs", f"pod/{pod}", *where))

    def _listed(self, kind: str, *options: str) -> list[Object]:
        arguments = ("get", RESOURCES[kind], *options, "--output=json")

        def items() -> list[Object]:
            found = self._object(arguments)
            return found["items"] if found else []

        return self._once(arguments, items)

    def _object(self, arguments: tuple[str, ...]) -> Object | None:
        try:
            found: Object = json.loads(self._ask(arguments))
        except AbsentError:
            return None
        except ValueError:  # without what was printed: it may be of a Secret
            raise UnansweredError(f"`kubectl {' '.join(arguments)}` printed no JSON") from None
        return found

    def _once(self, question: Hashable, answer: Callable[[], Answer]) -> Answer:
        with self._lock:
            known: Future[Answer] | None = self._answers.get(question)
            mine = known or self._answers.setdefault(question, Future())
        if known is None:
            try:
                mine.set_result(answer())
            except BaseException as error:
                mine.set_exception(error)
        return mine.result()


def _selecting(selector: str) -> tuple[str, ...]:
    return (f"--selector={selector}",) if selector else ()


def named(thing: Object) -> str:
    """`Secret egress/partner-bank`."""
    namespace = thing["metadata"].get("namespace")
    return f"{thing['kind']} {f'{namespace}/' if namespace else ''}{thing['metadata']['name']}"


def key(thing: Object) -> Key:
    """What tells an object apart."""
    metadata = thing["metadata"]
    return thing["kind"], metadata.get("namespace", ""), metadata["name"]


def labels(thing: Object) -> dict[str, str]:
    """The labels of an object."""
    return thing["metadata"].get("labels") or {}


def condition(thing: Object, kind: str) -> Object:
    """The condition of this type in an object's status, empty where it has none."""
    conditions = thing.get("status", {}).get("conditions") or []
    return next((one for one in conditions if one["type"] == kind), {})
