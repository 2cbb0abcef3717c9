"""What a list needs of proxies and of the mesh: `egressc doctor` says what is not there, and nothing where all is."""

import json
import sys
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager, nullcontext
from pathlib import Path
from typing import Any

import pytest

from egressc.names import gateway_name
from tests.mesh import settings
from tests.mesh.client import ClientPod, start_clients
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import wait_ready
from tests.mesh.kubectl import apply, environment, kubectl
from tests.mesh.namespaces import ALLOWED, RESTRICTED
from tests.mesh.proof import FAULTS, Proof
from tests.mesh.release import Release
from tests.tools import tool

GATEWAYS, APPS, HOST = "needs-gateways", "needs-apps", "needs.example.com"
LIST = """\
version: 1
mesh: {{istio: "{istio}"}}
hosts:
- host: {host}
  namespace: {gateways}
  readiness: {{mode: gateway}}
  headers: {{preserveCase: true}}
  clients: [{{namespace: {apps}, serviceAccount: {account}}}]
"""
KEEPS = "proxyHeaders: {preserveHttp1HeaderCase: true}\n"
#: Each fault with the code and the words that it is told by.
TOLD = {
    "an older proxy": ("EG485", "has gateways whose proxies are Istio 1."),
    "another revision": ("EG487", "has gateways of the revision old, and new pods would be of default"),
    "a sidecar that lowers header names": ("EG488", "for `headers.preserveCase`: lowers"),
    "filters for another address": (
        "EG489",
        "has an IPv4 address, and the chart's EnvoyFilters look for listeners at ::",
    ),
    "a pod without an IPv4 address": (
        "EG489",
        "has no IPv4 address, and the chart's EnvoyFilters look for listeners at 0.0.0.0",
    ),
    "several networks": (
        "EG443",
        f"lacks `serviceSettings: [{{settings: {{clusterLocal: true}}, hosts: ['*.{GATEWAYS}.",
    ),
}
#: What another list says where that makes the fault.
SAID = {"an older proxy": {"istio": "1.31.99"}, "a sidecar that lowers header names": {"account": "lowers"}}
NEEDS = {"EG485", "EG487", "EG488", "EG489"}
RUN = "`egressc doctor`"


def told(folder: Path, istio: str = "1.27", account: str = "keeps") -> set[tuple[str, str]]:
    """What the doctor says of the list, each with its code. Any mesh of the tests is newer than 1.27."""
    text = LIST.format(istio=istio, account=account, host=HOST, gateways=GATEWAYS, apps=APPS)
    (folder / "needs.yaml").write_text(text)
    command = [sys.executable, "-m", "egressc", "doctor", "--json", "--wait=0", f"--kubectl={tool('kubectl')}"]
    done = ask([*command, "--namespace", GATEWAYS, str(folder / "needs.yaml")], environment=environment())
    assert not done.stderr.count("Traceback"), done.stderr
    return {(one["code"], one["message"]) for one in json.loads(done.stdout)["problems"]}


@pytest.fixture(scope="module")
def folder(namespace: MakeNamespace, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    namespace(GATEWAYS, "plain", RESTRICTED)
    start_clients(
        namespace(APPS, "injected"),
        ClientPod("keeps", account="keeps", proxy=KEEPS),
        ClientPod("lowers", account="lowers"),
    )
    release = Release(GATEWAYS)
    release.apply(LIST.format(istio="1.27", account="keeps", host=HOST, gateways=GATEWAYS, apps=APPS))
    wait_ready(GATEWAYS, [HOST])
    yield tmp_path_factory.mktemp("needs")
    release.uninstall()


@contextmanager
def annotated() -> Iterator[None]:
    """The gateway's pods, as if another istiod had made them."""
    pods = ("pods", "--namespace", GATEWAYS, f"--selector=egressc.io/gateway={gateway_name(HOST)}", "--overwrite")
    kubectl("annotate", *pods, "istio.io/rev=old")
    yield
    kubectl("annotate", *pods, "istio.io/rev=default")


@contextmanager
def applied(kind: str, spec: Any) -> Iterator[None]:
    """An object in the gateways' namespace, with the chart's label, for a while."""
    labels = {"app.kubernetes.io/name": "egress-gateways"}
    metadata = {"name": "faulty", "namespace": GATEWAYS, "labels": labels}
    version = "v1alpha3" if kind == "EnvoyFilter" else "v1"
    apply({"apiVersion": f"networking.istio.io/{version}", "kind": kind, "metadata": metadata, "spec": spec})
    yield
    kubectl("delete", kind, "faulty", "--namespace", GATEWAYS)


@contextmanager
def without_ipv4() -> Iterator[None]:
    """A pod of the gateway, on a node that does not exist: so no kubelet says which addresses it has."""
    labels = {"egressc.io/gateway": gateway_name(HOST), "sidecar.istio.io/inject": "false"}
    container = {"name": "istio-proxy", "image": settings.image("peer"), "securityContext": ALLOWED}
    metadata = {"name": "elsewhere", "namespace": GATEWAYS, "labels": labels}
    spec = {"nodeName": "nowhere", "containers": [container]}
    apply({"apiVersion": "v1", "kind": "Pod", "metadata": metadata, "spec": spec})
    pod, address = ("pod", "elsewhere", "--namespace", GATEWAYS), "fd00::9"
    status = {"podIP": address, "podIPs": [{"ip": address}]}
    kubectl("patch", *pod, "--subresource=status", f"--patch={json.dumps({'status': status})}")
    yield
    kubectl("delete", *pod, "--grace-period=0", "--force")


#: It finds no listener of any pod.
ELSEWHERE = {
    "workloadSelector": {"labels": {"egressc.io/gateway": gateway_name(HOST)}},
    "configPatches": [
        {
            "applyTo": "NETWORK_FILTER",
            "match": {"context": "GATEWAY", "listener": {"name": "::_8080"}},
            "patch": {"operation": "REMOVE"},
        }
    ],
}
#: As a gateway between networks has it, for pods that nobody has.
BETWEEN = {
    "selector": {"istio": "nobody"},
    "servers": [
        {
            "port": {"number": 15443, "name": "tls", "protocol": "TLS"},
            "tls": {"mode": "AUTO_PASSTHROUGH"},
            "hosts": ["*.local"],
        }
    ],
}
FAULTY: dict[str, Callable[[], AbstractContextManager[None]]] = {
    "an older proxy": nullcontext,
    "a sidecar that lowers header names": nullcontext,
    "another revision": annotated,
    "filters for another address": lambda: applied("EnvoyFilter", ELSEWHERE),
    "a pod without an IPv4 address": without_ipv4,
    "several networks": lambda: applied("Gateway", BETWEEN),
}


def test_what_is_there_is_no_finding(folder: Path, proof: Proof) -> None:
    assert NEEDS & {code for code, _ in told(folder)} == set()
    proof.row(FAULTS, "`egressc doctor`: proxies, sidecars and listeners are as a list needs them", RUN, "", "nothing")


@pytest.mark.parametrize("fault", FAULTY)
def test_what_is_not_there_is_told(folder: Path, proof: Proof, fault: str) -> None:
    code, message = TOLD[fault]
    with FAULTY[fault]():
        found = told(folder, **SAID.get(fault, {}))
    assert any(one == code and message in text for one, text in found), found
    proof.row(FAULTS, f"`egressc doctor` finds {fault}", RUN, "", f"{code}: {message}")
