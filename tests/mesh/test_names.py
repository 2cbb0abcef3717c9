"""Names are looked up as they are written: a Service whose namespace is called like a top-level domain gets nothing."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, gateways
from tests.mesh.gateway import CONTAINER
from tests.mesh.kubectl import Manifest, apply, execute
from tests.mesh.proof import REFUSED, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, TENANT = "names-gateways", "names-apps", "lookups"
WAYS = {
    "own": "a gateway of its own",
    "shared": "a shared gateway",
    "carried": "the client's own sidecar",
    "moved": "a gateway, at an endpoint given by name",
    "behind": "a gateway behind a proxy given by name",
}
#: Names that the outside knows, and one that it does not.
KNOWN = ("own", "shared", "carried", "moved", "behind", "bytes", "origin", "proxy")


@dataclass(frozen=True)
class Fleet:
    """The list of cases/names.yaml, installed; what DNS names, and what the tenant calls like it."""

    upstream: Upstream
    tenant: Upstream
    shop: Client


def service(name: str) -> Manifest:
    """A Service of the tenant's, for its one pod."""
    ports = [{"name": f"tcp-{port}", "port": port} for port in (80, 3128)]
    metadata = {"name": name, "namespace": TENANT}
    return {
        "apiVersion": "v1",
        "kind": "Service",
        "metadata": metadata,
        "spec": {"selector": {"app": "tenant"}, "ports": ports},
    }


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("names-upstreams", "outside"), ["upstream"])
    (tenant,) = start_upstreams(namespace(TENANT, "outside"), ["tenant"])
    upstream.serve(Face(80), Face(3128, "connect", leads_to=upstream.address))
    # it speaks first, and so has seen every connection, whatever is sent on it
    tenant.serve(Face(80, "tcp", greets_first=True), Face(3128, "tcp", greets_first=True))
    upstream.be_known_as(*(f"{name}.lookups" for name in KNOWN))
    endpoints = {
        "apiVersion": "discovery.k8s.io/v1",
        "kind": "EndpointSlice",
        "addressType": "IPv4",
        "endpoints": [{"addresses": [tenant.address], "conditions": {"ready": True}}],
        "ports": [{"name": f"tcp-{port}", "port": port, "protocol": "TCP"} for port in (80, 3128)],
    }
    for name in (*KNOWN, "absent"):
        labels = {"kubernetes.io/service-name": name}
        slice_of = {"metadata": {"name": name, "namespace": TENANT, "labels": labels}}
        bare = dict(service(name))
        bare["spec"] = {"ports": bare["spec"]["ports"]}
        apply(bare, endpoints | slice_of)
    namespace(GATEWAYS)
    (shop,) = start_clients(namespace(APPS, "injected"), ClientPod("shop"))
    release = Release(GATEWAYS)
    release.apply(case("names"))
    wait_until(lambda: all(ask(shop, name).status == 200 for name in WAYS), "all of them answer", seconds=60)
    yield Fleet(upstream, tenant, shop)
    release.uninstall()
    dns.set_names({f"{name}.lookups": [] for name in KNOWN})


def ask(client: Client, name: str) -> Answer:
    """A GET that goes by its Host alone, whatever the client's own pod makes of the name."""
    return client.curl(f"http://{name}.lookups/a", "--connect-to", "::192.0.2.1:")


def test_the_tenant_would_be_found(fleet: Fleet) -> None:
    """Otherwise nothing is proven: the search domains of an ordinary pod do lead to the tenant."""
    done = fleet.shop.run(["getent", "hosts", "absent.lookups"])
    assert "absent.lookups" in done.stdout, done


@pytest.mark.parametrize("name", WAYS)
def test_the_upstream_is_what_dns_names(fleet: Fleet, proof: Proof, name: str) -> None:
    fleet.upstream.forget()
    answer = ask(fleet.shop, name)
    assert answer.status == 200, answer
    assert [seen["host"] for seen in fleet.upstream.seen() if seen["face"] == "http-80"] == [f"{name}.lookups"]
    assert fleet.tenant.seen() == []
    sent = f"`GET http://{name}.lookups/a`, while namespace `lookups` has a Service `{name}`"
    proof.row(
        REFUSED, f"a Service called like the host does not get its requests: {WAYS[name]}", sent, "it", got(answer)
    )


def test_a_name_that_dns_has_lost_leads_nowhere(fleet: Fleet, proof: Proof) -> None:
    answer = ask(fleet.shop, "absent")
    assert answer.status == 503, answer
    assert fleet.tenant.seen() == []
    sent = "`GET http://absent.lookups/a`, while namespace `lookups` has a Service `absent`"
    proof.row(REFUSED, "nor where DNS does not know the host", sent, "nothing", got(answer))


def test_pods_search_no_domain_for_a_name_with_a_dot(fleet: Fleet) -> None:  # noqa: ARG001  the pods are its
    pod = gateways(GATEWAYS)["own-lookups"].name
    assert "ndots:1" in execute(GATEWAYS, pod, CONTAINER, ["cat", "/etc/resolv.conf"]).stdout
