"""A fleet under test: lists from cases/, the Secrets that they name, the gateways' pods, and who sent what upstream."""

from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from string import Template
from typing import Any

from egressc.names import gateway_name
from tests.mesh import gateway, versions
from tests.mesh.certificates import Authority, Certificate
from tests.mesh.client import Client
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.kubectl import Manifest, get
from tests.mesh.upstream import Seen, Upstream
from tests.mesh.waiting import wait_until

CASES = Path(__file__).parent / "cases"

#: What a proxy writes after a route has removed headers, in a mesh that traces as this one does.
TRACES = {"traceparent", "x-b3-sampled", "x-b3-spanid", "x-b3-traceid"}
_HIDES = versions.can(versions.chosen(), "a trace that the upstream does not see")
#: What the proxies of this pair add to an application's headers on the way through a gateway.
ADDED = set() if _HIDES else TRACES | {"x-b3-parentspanid"}

#: The common name of the client certificate that gateways present.
CLIENT = "egress"


def case(name: str, **words: str) -> str:
    """The host list cases/<name>.yaml, with `$word` filled in."""
    return Template((CASES / f"{name}.yaml").read_text()).substitute(words)


def secret(namespace: str, name: str, data: dict[str, str]) -> Manifest:
    """A Secret; its values are text."""
    return {**_object("Secret", namespace, name), "stringData": data}


def config_map(namespace: str, name: str, data: dict[str, str]) -> Manifest:
    """A ConfigMap."""
    return {**_object("ConfigMap", namespace, name), "data": data}


def credentials(namespace: str, authority: Authority) -> list[Manifest]:
    """What lists in cases/ name: `own-ca` (Secret and ConfigMap), `client` and `client-alone`."""
    ca = {"ca.crt": authority.certificate}
    pair = key_pair(authority.issue("egress.example.com", subject=CLIENT))
    return [
        secret(namespace, "own-ca", ca),
        config_map(namespace, "own-ca", ca),
        secret(namespace, "client", pair | ca),
        secret(namespace, "client-alone", pair),
        secret(namespace, "client-alone-cacert", ca),
    ]


def adopted(namespace: str, name: str) -> Manifest:
    """The pods of a gateway that runs already, labelled `istio: <name>`."""
    labels = {"istio": name, "sidecar.istio.io/inject": "true"}
    container = {"name": "istio-proxy", "image": "auto", "imagePullPolicy": "IfNotPresent"}
    template = {
        "metadata": {"labels": labels, "annotations": {"inject.istio.io/templates": "gateway"}},
        "spec": {"terminationGracePeriodSeconds": 1, "containers": [container]},
    }
    return {
        "apiVersion": "apps/v1",
        "kind": "Deployment",
        "metadata": {"name": name, "namespace": namespace},
        "spec": {"selector": {"matchLabels": {"istio": name}}, "template": template},
    }


def capture(namespace: str) -> Manifest:
    """Let the sidecars of pods with the label `dns: captured` answer their applications' DNS questions."""
    return {
        "apiVersion": "networking.istio.io/v1beta1",
        "kind": "ProxyConfig",
        "metadata": {"name": "captured", "namespace": namespace},
        "spec": {
            "selector": {"matchLabels": {"dns": "captured"}},
            "environmentVariables": {"ISTIO_META_DNS_CAPTURE": "true"},
        },
    }


def key_pair(certificate: Certificate) -> dict[str, str]:
    """A certificate as a Secret of type tls keeps it."""
    return {"tls.crt": certificate.chain, "tls.key": certificate.key}


@dataclass(frozen=True)
class GatewayPod:
    """The pod of a gateway that has one."""

    name: str
    #: IPv4 first, then IPv6.
    addresses: tuple[str, ...]
    account: str
    ready: bool
    #: When it last became what it is, as Kubernetes writes it.
    since: str
    restarts: int


def gateways(namespace: str) -> dict[str, GatewayPod]:
    """The gateways' pods by the gateway's name; a pod that is being deleted is left out."""
    pods = get("pods", "--namespace", namespace, f"--selector={GATEWAY_LABEL}")["items"]
    return {
        pod["metadata"]["labels"][GATEWAY_LABEL]: _gateway_pod(pod)
        for pod in pods
        if "deletionTimestamp" not in pod["metadata"]
    }


def wait_ready(namespace: str, hosts: Iterable[str], ready: bool = True, seconds: float = 30) -> None:
    """Wait until the gateways of these hosts are Ready, or are not; MeshError when they stay as they are.

    What is Ready is known to the clients' sidecars, too: they hear of it later than Kubernetes.
    """
    names = {gateway_name(host) for host in hosts}
    wanted = f"{', '.join(sorted(names))} {'Ready' if ready else 'NotReady'}"

    def reached() -> bool:
        pods = gateways(namespace)
        return all(name in pods and pods[name].ready == ready for name in names)

    wait_until(reached, wanted, seconds=seconds)
    if ready:
        for client in _sidecars(namespace):
            wait_until(lambda: _knows(client, namespace, names), f"{client.name} knows {wanted}", seconds=seconds)  # noqa: B023


def _sidecars(namespace: str) -> list[Client]:
    """The clients that have a sidecar, in the namespaces of the same test module: `any-gateways` belongs to `any`."""
    module = f"{namespace.partition('-')[0]}-"
    selector = f"--selector=security.istio.io/tlsMode=istio,!{GATEWAY_LABEL}"
    pods = get("pods", "--all-namespaces", "--field-selector=status.phase=Running", selector)["items"]
    found = [pod["metadata"] for pod in pods]
    return [
        Client(one["namespace"], one["name"])
        for one in found
        if one["namespace"].startswith(module) and "deletionTimestamp" not in one
    ]


def _knows(client: Client, namespace: str, names: set[str]) -> bool:
    """Whether the sidecar leads to the pods of these gateways, as far as its client may call them."""
    known = gateway.addresses(client.namespace, client.name)
    pods = gateways(namespace)
    return all(
        name in pods and not addresses.isdisjoint(pods[name].addresses)
        for cluster, addresses in known.items()
        for name in names
        if cluster.endswith(f"|{name}.{namespace}.svc.cluster.local")
    )


def wait_answers(asked: Iterable[tuple[Client, str]], seconds: float = 60) -> None:
    """Wait until each client gets 200 for its URL.

    Shared pods are Ready before they know that upstreams answer, and sidecars hear of new pods later than Kubernetes.
    """
    for client, url in asked:
        wait_until(lambda: client.curl(url).status == 200, f"{url} answers {client.name}", seconds=seconds)  # noqa: B023


def requests(upstream: Upstream, wanted: Callable[[Seen], bool] = lambda _: True) -> list[Seen]:
    """What applications sent, in order: without the gateways' own checks of their upstream."""
    return [seen for seen in upstream.seen() if not _is_check(seen) and wanted(seen)]


def started(namespace: str) -> dict[str, tuple[str, int]]:
    """The gateways' pods, and how often each was restarted, whether they are Ready by now or not."""
    return {name: (pod.name, pod.restarts) for name, pod in gateways(namespace).items()}


def senders(namespace: str) -> dict[str, str]:
    """The names of the gateways by their pods' addresses: who an upstream sees as its peer."""
    return {address: name for name, pod in gateways(namespace).items() for address in pod.addresses}


def peer(seen: Seen) -> str:
    """The address of who connected to the upstream."""
    address: str = seen["peer"].rpartition(":")[0].strip("[]")
    return address


def common_name(seen: Seen) -> str:
    """The common name of the client certificate that the upstream saw, "" without one."""
    client = (seen["tls"] or {}).get("client")
    return client["subject"].partition(",")[0].removeprefix("CN=") if client else ""


def _is_check(seen: Seen) -> bool:
    if seen["protocol"] == "TCP":
        return not seen.get("text")
    return not {"Envoy/HC", "egressc/readiness"}.isdisjoint(seen.get("headers", {}).get("user-agent", []))


def _gateway_pod(pod: dict[str, Any]) -> GatewayPod:
    status = pod["status"]
    conditions = {entry["type"]: entry for entry in status.get("conditions", [])}
    ready = conditions.get("Ready", {"status": "False", "lastTransitionTime": ""})
    return GatewayPod(
        name=pod["metadata"]["name"],
        addresses=tuple(entry["ip"] for entry in status.get("podIPs", [])),
        account=pod["spec"]["serviceAccountName"],
        ready=ready["status"] == "True",
        since=ready["lastTransitionTime"],
        restarts=sum(container["restartCount"] for container in status.get("containerStatuses", [])),
    )


def _object(kind: str, namespace: str, name: str) -> dict[str, Any]:
    return {"apiVersion": "v1", "kind": kind, "metadata": {"name": name, "namespace": namespace}}
