"""ValidatingAdmissionPolicies: what the API server refuses to other teams, and what it lets them write as before."""

import copy
import json
from collections.abc import Iterator
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import pytest
import yaml

from tests.chart import Helm
from tests.mesh.commands import ask
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case
from tests.mesh.kubectl import Manifest, apply, environment, kubectl
from tests.mesh.proof import ADMISSION, Proof
from tests.mesh.release import compile_list
from tests.mesh.waiting import wait_until
from tests.tools import tool

EGRESS, BANK, ADOPTED, INGRESS, SHOP, TEAM, TRUSTED, SECOND = (
    f"vap-{name}" for name in ("egress", "bank", "adopted", "ingress", "shop", "team", "trusted", "second")
)
NAMESPACES = (EGRESS, BANK, ADOPTED, INGRESS, SHOP, TEAM, TRUSTED, SECOND)
#: The policies are the whole cluster's; here their bindings hold for these namespaces alone, for tests beside this one.
JUDGED = {"egressc.test/judged": "vap"}
OTHER = f"""
version: 1
companions: {{sidecars: {{}}}}
defaults: {{clients: [{SHOP}], namespace: {SECOND}}}
hosts:
- api.second.example.com
- host: "*.second.example.com"
- host: db.second.example.com
  ports: [{{port: 5433, protocol: TCP}}]
"""
ISTIO = "networking.istio.io/v1"
SOMEWHERE = {"route": [{"destination": {"host": f"server.{TEAM}.svc.cluster.local"}}]}
SERVER = {"port": {"number": 8080, "name": "http", "protocol": "HTTP"}, "hosts": ["*"]}
HTTP = {"number": 80, "name": "http", "protocol": "HTTP"}


def manifest(kind: str, spec: dict[str, Any], namespace: str = TEAM, version: str = ISTIO, **metadata: Any) -> Manifest:
    """An object of somebody's."""
    return {
        "apiVersion": version,
        "kind": kind,
        "metadata": {"name": "somebodys", "namespace": namespace, **metadata},
        "spec": spec,
    }


def gateway(namespace: str = TEAM, version: str = ISTIO, annotations: Any = None, **selector: str) -> Manifest:
    spec = {"servers": [SERVER]} | ({"selector": {key.replace("__", "/"): value for key, value in selector.items()}})
    return manifest("Gateway", spec, namespace, version, annotations=annotations or {})


def entry(host: str = "x.team.example.com", namespace: str = TEAM, version: str = ISTIO, **spec: Any) -> Manifest:
    default = {"hosts": [host], "ports": [HTTP], "resolution": "DNS", "location": "MESH_EXTERNAL"}
    return manifest("ServiceEntry", default | spec, namespace, version)


def fixed(*addresses: str, **spec: Any) -> Manifest:
    endpoints = [{"address": address} for address in addresses]
    return entry(**{"resolution": "STATIC", "endpoints": endpoints} | spec)


def service(host: str, namespace: str = TEAM, version: str = ISTIO, **spec: Any) -> Manifest:
    return manifest("VirtualService", {"hosts": [host], "http": [SOMEWHERE]} | spec, namespace, version)


def rule(host: str, namespace: str = TEAM, **spec: Any) -> Manifest:
    return manifest("DestinationRule", {"host": host, "trafficPolicy": {"tls": {"mode": "DISABLE"}}} | spec, namespace)


def port(number: int, protocol: str) -> dict[str, Any]:
    return {"ports": [{"number": number, "name": f"{protocol.lower()}-{number}", "protocol": protocol}]}


def kubernetes(**spec: Any) -> Manifest:
    return manifest("Service", {"ports": [{"port": 443}]} | spec, version="v1")


OURS = {"egressc.io__gateway": "api-vap-example-com", "egressc.io__namespace": EGRESS}
OF_HOST, OF_RANGE, REACHES = "only namespaces that carry it", "the range holds", "it reaches into a namespace"
SELECTS, SHARES, BY_ADDRESS = "the selector fits pods of the egress", "which the egress gateways", "takes a client port"

#: What is refused, with a part of what the API server says.
REFUSED: dict[str, tuple[Manifest, str]] = {
    "a Gateway without a selector": (gateway(), SELECTS),
    "a Gateway for a gateway's label": (gateway(**{"egressc.io__gateway": "api-vap-example-com"}), SELECTS),
    "a Gateway for both labels": (gateway(**OURS), SELECTS),
    "a Gateway for a label of all injected pods": (gateway(**{"sidecar.istio.io__inject": "true"}), SELECTS),
    "a Gateway for a revision": (gateway(**{"istio.io__rev": "default"}), SELECTS),
    "a Gateway for a label of istiod's making": (gateway(**{"topology.istio.io__cluster": "Kubernetes"}), SELECTS),
    "a Gateway for a label of Kubernetes' making": (gateway(**{"pod-template-hash": "abcde"}), SELECTS),
    "a Gateway for a label of the chart's values": (gateway(team="platform"), SELECTS),
    "a Gateway of an older version of the API": (gateway(version="networking.istio.io/v1alpha3", **OURS), SELECTS),
    "a Gateway for another owner's pods": (gateway(BANK, **OURS), SELECTS),
    "a Gateway that names a Service as Istio's own do": (
        gateway(
            istio="ingressgateway",
            annotations={"internal.istio.io/gateway-service": f"api-vap-example-com.{EGRESS}.svc.cluster.local"},
        ),
        "annotations of internal.istio.io",
    ),
    "a Gateway for adopted pods": (gateway(istio="egressgateway"), SHARES),
    "a Gateway for adopted pods by more labels": (gateway(istio="egressgateway", app="gw"), SHARES),
    "a ServiceEntry for a host": (entry("api.vap.example.com"), OF_HOST),
    "a ServiceEntry for a host, for its own namespace": (entry("api.vap.example.com", exportTo=["."]), OF_HOST),
    "a ServiceEntry of an older version": (
        entry("api.vap.example.com", version="networking.istio.io/v1beta1"),
        OF_HOST,
    ),
    "a ServiceEntry in other letters": (entry("Api.VAP.example.COM"), OF_HOST),
    "a ServiceEntry with a last dot": (entry("api.vap.example.com."), OF_HOST),
    "a ServiceEntry in another owner's namespace": (entry("api.vap.example.com", BANK), OF_HOST),
    "a ServiceEntry beside others' hosts": (entry(hosts=["x.team.example.com", "api.vap.example.com"]), OF_HOST),
    "a ServiceEntry for a client": (entry("api.vap.example.com", SHOP), OF_HOST),
    "a ServiceEntry below a wildcard": (entry("gold.wild.vap.example.com"), OF_HOST),
    "a ServiceEntry for the wildcard": (entry("*.wild.vap.example.com", resolution="NONE"), OF_HOST),
    "a ServiceEntry for a wildcard above": (entry("*.example.com", resolution="NONE"), "the wildcard covers"),
    "a ServiceEntry for a gateway's Service": (entry(f"api-vap-example-com.{EGRESS}.svc.cluster.local"), OF_HOST),
    "a ServiceEntry for an adopted gateway's Service": (
        entry(f"adopted-vap-example-com-on-vap-adopted.{ADOPTED}.svc.cluster.local"),
        OF_HOST,
    ),
    "a ServiceEntry for an own name": (entry("api.vap.example.org"), OF_HOST),
    "a ServiceEntry for a host of sidecars": (entry("straight.vap.example.com"), OF_HOST),
    "a client's for a host of sidecars, shown to others": (entry("straight.vap.example.com", SHOP), OF_HOST),
    "an endpoint that is a host": (fixed("api.vap.example.com", resolution="DNS"), OF_HOST),
    "an endpoint that is a host's": (fixed("192.0.2.10", exportTo=["."]), OF_HOST),
    "an endpoint that is a host's, in IPv6": (fixed("2001:DB8:0::10"), OF_HOST),
    "an address that is a host's": (entry(addresses=["240.240.7.1"], exportTo=["."]), OF_HOST),
    "a range that holds a host's": (entry(addresses=["192.0.0.0/16"], resolution="NONE", exportTo=["."]), OF_RANGE),
    "a range in IPv6 that holds a host's": (
        entry(addresses=["2001:db8::/32"], resolution="NONE", exportTo=["."]),
        OF_RANGE,
    ),
    "an IPv4 address inside IPv6": (fixed("::ffff:192.0.2.10"), "cannot be compared"),
    "a WorkloadEntry with a host's address": (manifest("WorkloadEntry", {"address": "192.0.2.10"}), OF_HOST),
    "an address on a client port": (entry(addresses=["198.51.100.1"], **port(443, "TLS")), BY_ADDRESS),
    "an address on a client port, shown to clients": (
        entry(addresses=["198.51.100.1"], exportTo=[SHOP], **port(80, "TCP")),
        BY_ADDRESS,
    ),
    "a protocol without names on a client port": (entry(**port(80, "TCP")), BY_ADDRESS),
    "another kind of names on a client port": (entry(**port(443, "HTTP")), BY_ADDRESS),
    "anything on a TCP port without addresses": (entry(**port(5432, "HTTP")), BY_ADDRESS),
    "a ServiceEntry shown to a gateway": (entry(exportTo=[EGRESS]), REACHES),
    "a VirtualService for a host": (service("api.vap.example.com"), OF_HOST),
    "a VirtualService for a host, and for a Gateway too": (
        service("api.vap.example.com", gateways=["own", "mesh"]),
        OF_HOST,
    ),
    "a client's VirtualService for itself": (service("api.vap.example.com", SHOP, exportTo=["."]), OF_HOST),
    "a VirtualService below a wildcard": (service("gold.wild.vap.example.com", exportTo=[SHOP]), OF_HOST),
    "a VirtualService for a wildcard above": (service("*.com"), "the wildcard covers"),
    "a VirtualService for a gateway's Service": (service(f"api-vap-example-com.{EGRESS}.svc.cluster.local"), OF_HOST),
    "a VirtualService at a gateway": (
        service("api.vap.example.com", gateways=[f"{EGRESS}/api-vap-example-com"]),
        REACHES,
    ),
    "a VirtualService shown to a gateway": (service("x.team.example.com", exportTo=[BANK]), REACHES),
    "a VirtualService that takes connections by address": (
        service(
            "x.team.example.com",
            http=None,
            tcp=[{"match": [{"destinationSubnets": ["198.51.100.0/24"]}], **SOMEWHERE}],
        ),
        "destinationSubnets",
    ),
    "the same for TLS": (
        service(
            "x.team.example.com",
            http=None,
            tls=[
                {
                    "match": [{"sniHosts": ["x.team.example.com"], "destinationSubnets": ["198.51.100.0/24"]}],
                    **SOMEWHERE,
                }
            ],
        ),
        "destinationSubnets",
    ),
    "a VirtualService that pretends to be Istio's": (
        manifest(
            "VirtualService",
            {"hosts": ["x.team.example.com"], "http": [SOMEWHERE]},
            annotations={"internal.istio.io/route-semantics": "gateway"},
        ),
        "annotations of internal.istio.io",
    ),
    "a DestinationRule for a host": (rule("api.vap.example.com"), OF_HOST),
    "a client's DestinationRule for itself": (rule("api.vap.example.com", SHOP, exportTo=["."]), OF_HOST),
    "a DestinationRule below a wildcard": (rule("gold.wild.vap.example.com"), OF_HOST),
    "a DestinationRule for a gateway's Service": (rule(f"api-vap-example-com.{EGRESS}.svc.cluster.local"), OF_HOST),
    "a DestinationRule for a wildcard above": (rule("*.example.com"), "the wildcard covers"),
    "a Service with external addresses": (kubernetes(externalIPs=["198.51.100.1"]), "externalIPs take"),
    "a load balancer with a host's address": (
        kubernetes(type="LoadBalancer", loadBalancerIP="192.0.2.10"),
        "an address of a host",
    ),
}

#: What other teams write every day.
PASSES: dict[str, Manifest] = {
    "a Gateway for an ingress gateway": gateway(istio="ingressgateway"),
    "a Gateway for pods of its own": gateway(app="mine"),
    "a Gateway for pods of its own, by a usual label too": gateway(
        **{"app": "mine", "sidecar.istio.io__inject": "true"}
    ),
    "a Gateway for a Kubernetes gateway": gateway(**{"gateway.networking.k8s.io__gateway-name": "mine"}),
    "a Gateway that contradicts an adopted one's labels": gateway(istio="egressgateway", role="in"),
    "a Gateway for adopted pods, in their namespace": gateway(ADOPTED, istio="egressgateway"),
    "another release's Gateway": gateway(SECOND, **{"egressc.io__gateway": "x", "egressc.io__namespace": SECOND}),
    "a ServiceEntry for a host of its own": entry(),
    "a ServiceEntry for a neighbour of a host": entry("vap.example.com"),
    "a ServiceEntry for a host that ends alike": entry("myapi.vap.example.com"),
    "a ServiceEntry for a wildcard beside": entry("*.team.example.com", resolution="NONE"),
    "a ServiceEntry with TLS": entry(**port(443, "TLS")),
    "a ServiceEntry on a port of its own": entry(addresses=["198.51.100.1"], **port(3306, "TCP")),
    "an address on a client port, for its own namespace": entry(
        addresses=["198.51.100.1"], exportTo=["."], **port(5432, "TCP")
    ),
    "an address on a client port, for who is no client": entry(
        addresses=["198.51.100.1"], exportTo=[TRUSTED], **port(80, "TCP")
    ),
    "endpoints of its own": fixed("198.51.100.1", "2001:db8:1::1"),
    "a socket for its own namespace": fixed("unix:///run/mine.sock", exportTo=["."]),
    "a WorkloadEntry": manifest("WorkloadEntry", {"address": "10.0.0.7"}),
    "a client's for a host of sidecars": entry("straight.vap.example.com", SHOP, exportTo=["."]),
    "a VirtualService for a Service": service(f"server.{TEAM}.svc.cluster.local"),
    "a VirtualService for a short name": service("api"),
    "a VirtualService for everything at a Gateway": service("*", gateways=["own"]),
    "a host at a Gateway of its own": service("api.vap.example.com", gateways=["own"]),
    "a VirtualService at an ingress gateway": service("x.team.example.com", gateways=[f"{INGRESS}/public"]),
    "a DestinationRule for its Service": rule("server"),
    "a DestinationRule for all Services": rule("*.local"),
    "a Service": kubernetes(selector={"app": "mine"}),
    "a Service with a load balancer": kubernetes(type="LoadBalancer"),
    "a Service by another name": manifest("Service", {"type": "ExternalName", "externalName": "x.org"}, version="v1"),
    "an exempt namespace's Gateway": gateway(TRUSTED, **OURS),
    "an exempt namespace's ServiceEntry": entry("api.vap.example.com", TRUSTED),
    "an exempt namespace's Service": {
        **kubernetes(externalIPs=["198.51.100.1"]),
        "metadata": {"name": "x", "namespace": TRUSTED},
    },
}


def printed(helm: Helm, hosts: str, namespace: str) -> list[dict[str, Any]]:
    """All that the chart prints for a list."""
    with TemporaryDirectory() as folder:
        values = Path(folder, "values.yaml")
        values.write_text(compile_list(hosts))
        text = helm.text(values, {"podLabels": {"team": "platform"}}, namespace=namespace)
    return [document for document in yaml.safe_load_all(text) if document]


def written(*manifests: Manifest) -> str:
    """What the API server says to somebody who would write these; empty where it takes them."""
    text = json.dumps({"apiVersion": "v1", "kind": "List", "items": manifests})
    command = [str(tool("kubectl")), "create", "--dry-run=server", "--filename=-"]
    lines = ask(command, text=text, environment=environment()).stderr.splitlines()
    return "\n".join(line for line in lines if not line.startswith("Warning: "))


def is_policy(document: Manifest) -> bool:
    return str(document["kind"]).startswith("ValidatingAdmissionPolicy")


@pytest.fixture(scope="module")
def policies(namespace: MakeNamespace, helm4: Helm) -> Iterator[list[dict[str, Any]]]:
    """The release, its policies in force; no pod starts, since it is about what the API server says."""
    for name in NAMESPACES:
        namespace(name, "outside", JUDGED)
    documents = printed(helm4, case("admission"), EGRESS)
    made = [document for document in documents if is_policy(document)]
    for document in made:
        if document["kind"].endswith("Binding"):
            document["spec"]["matchResources"] = {"namespaceSelector": {"matchLabels": JUDGED}}
    apply(*made)
    probes = (gateway(), rule("api.vap.example.com"), kubernetes(externalIPs=["198.51.100.1"]))
    wait_until(lambda: all("denied request" in written(probe) for probe in probes), "the policies hold", seconds=60)
    yield [document for document in documents if not is_policy(document)]
    names = [f"{document['kind'].lower()}/{document['metadata']['name']}" for document in made]
    kubectl("delete", "--ignore-not-found", *names)


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("what", REFUSED)
def test_refused(proof: Proof, what: str) -> None:
    somebodys, says = REFUSED[what]
    answer = written(somebodys)
    assert "denied request" in answer
    assert says in answer
    proof.row(ADMISSION, f"`companions.admission`: {what}", "`kubectl create`", "nothing", "Forbidden")


@pytest.mark.usefixtures("policies")
@pytest.mark.parametrize("what", PASSES)
def test_passes(proof: Proof, what: str) -> None:
    assert written(PASSES[what]) == ""
    proof.row(ADMISSION, f"`companions.admission`: {what}", "`kubectl create`", "nothing", "created")


def test_own_objects_pass(policies: list[dict[str, Any]]) -> None:
    assert {"Gateway", "ServiceEntry", "VirtualService", "DestinationRule", "Service"} <= {
        document["kind"] for document in policies
    }
    assert written(*policies) == ""


@pytest.mark.usefixtures("policies")
def test_another_release_passes(helm4: Helm) -> None:
    assert written(*printed(helm4, OTHER, SECOND)) == ""


def test_what_is_there_already_stays_and_is_found(policies: list[dict[str, Any]]) -> None:
    """An object that was there before the policy: labels and its end are its owner's business, its spec is not."""
    assert policies
    old = copy.deepcopy(dict(entry("api.vap.example.com")))
    kubectl("label", "namespace", TEAM, "egressc.test/judged-")
    wait_until(lambda: written(old) == "", "the namespace is not judged", seconds=60)
    apply(old)
    kubectl("label", "namespace", TEAM, "egressc.test/judged=vap")
    wait_until(lambda: "denied request" in written(old), "the namespace is judged again", seconds=60)
    kubectl("label", "serviceentry", "--namespace", TEAM, "somebodys", "team=x")
    with pytest.raises(Exception, match="denied request"):
        kubectl(
            "patch",
            "serviceentry",
            "--namespace",
            TEAM,
            "somebodys",
            "--type=merge",
            '--patch={"spec":{"resolution":"NONE"}}',
        )
    kinds = "serviceentries.networking.istio.io"
    everything = kubectl("get", kinds, "--all-namespaces", "--output=json")
    command = [str(tool("kubectl")), "create", "--dry-run=server", "--filename=-"]
    found = ask(command, text=everything, environment=environment()).stderr
    assert [line for line in found.splitlines() if "denied request" in line and "api.vap.example.com" in line]
    kubectl("delete", "serviceentry", "--namespace", TEAM, "somebodys")
