"""The five published set-ups that docs/seeds.md walks through, by the entries that values/hosts.yaml has for them."""

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from egressc.names import gateway_name
from tests.mesh import dns, settings
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import (
    CLIENT,
    common_name,
    config_map,
    gateways,
    key_pair,
    peer,
    requests,
    secret,
    senders,
    wait_answers,
)
from tests.mesh.ingress import ACCOUNT, Ingress, selector, start_ingress
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import SEEDS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Seen, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

LIST = Path(__file__).parents[2] / "values" / "hosts.yaml"

#: The namespaces of the entries are their own here: a test leaves `default` and `egress` alone.
PREFIX = "e2e-"
INGRESS = f"{PREFIX}istio-system"

OPENSHIFT = "external-service.apps.e5dd.opentlc.com"
PROVIDERS = ("some.external.api.com", "another.provider.com")
#: Upstreams with CAs of their own that want a client certificate, and upstreams with public certificates.
PARTNERS = (OPENSHIFT, "test.com")
PUBLIC = ("edition.cnn.com", "httpbin.org", *PROVIDERS)

#: What the entry of httpbin.org asks for to be Ready.
PROBE = "/status/200"
#: The name that the entry of httpbin.org has at the ingress gateway.
OWN = "httpbin.company.example"

#: What OPA decides about requests to httpbin.org.
POLICY = """
package envoy.authz

default allow := false

allow if input.attributes.request.http.method == "GET"
"""


def entries(address: str) -> list[dict[str, Any]]:
    """The entries of the seeds as they stand in the list, in the test's namespaces and with the upstream's address."""
    found = [entry for entry in yaml.safe_load(LIST.read_text())["hosts"] if isinstance(entry, dict)]
    return [placed(entry, address) for entry in found if entry["host"] in PARTNERS + PUBLIC]


def placed(entry: Mapping[str, Any], address: str) -> dict[str, Any]:
    clients = [client if isinstance(client, dict) else {"namespace": client} for client in entry["clients"]]
    rules = {"clients": clients, "deny": entry.get("deny", [])}
    moved: dict[str, Any] = {"namespace": PREFIX + entry.get("namespace", "egress")} | {
        key: [rule | {"namespace": PREFIX + rule["namespace"]} for rule in listed]
        for key, listed in rules.items()
        if listed
    }
    if "expose" in entry:
        ingress = {"namespace": INGRESS, "selector": selector(INGRESS), "serviceAccount": ACCOUNT}
        moved["expose"] = {**entry["expose"], "gateway": ingress}
    if "externalAuthorization" in entry:
        opa = entry["externalAuthorization"]["opa"] | {"image": settings.image("opa")}
        moved["externalAuthorization"] = {"opa": opa}
    return {**entry, **moved, **({"endpoints": [address]} if "endpoints" in entry else {})}


@dataclass(frozen=True)
class Fleet:
    """The entries, installed; who calls them, and the upstreams behind: one that wants client certificates, one not."""

    partner: Upstream
    public: Upstream
    sleep: Client
    httpbin: Client
    application: Client
    outside: Client
    ingress: Ingress

    def route(self, answer: Answer, host: str, certificate: str = "") -> Seen:
        """What the upstream saw of an answered request; it has to be this host's, through its own gateway."""
        assert answer.status == 200, answer
        seen = answer.seen
        assert (seen["host"], seen["tls"]["sni"], common_name(seen)) == (host, host, certificate)
        (entry,) = (entry for entry in entries("") if entry["host"] == host)
        assert senders(entry["namespace"])[peer(seen)] == entry.get("name", gateway_name(host))
        return seen


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority, public_authority: Authority) -> Iterator[Fleet]:
    partner, public = start_upstreams(namespace("e2e-upstreams", "outside"), ["partner", "public"])
    partner.certify({name: authority.issue(name) for name in PARTNERS})
    partner.serve(Face(443, tls="mutual", client_ca=authority.certificate))
    partner.be_known_as(OPENSHIFT)
    public.certify({name: public_authority.issue(name) for name in PUBLIC})
    public.serve(Face(443, tls="simple"))
    public.be_known_as(*PUBLIC)
    egress, demo = (namespace(name, "plain", RESTRICTED) for name in ("e2e-egress", "e2e-egress-demo"))
    pair = key_pair(authority.issue("client.example.com", subject=CLIENT))
    apply(
        secret(egress, "nginx-client-certs", pair),
        secret(egress, "nginx-ca-certs", {"ca-chain.cert.pem": authority.certificate}),
        secret(demo, "test.client", {**pair, "ca.crt": authority.certificate}),
    )
    callers = [("e2e-default", "sleep"), ("e2e-httpbin", "sleep"), ("e2e-your-namespace", "default")]
    clients = [start_clients(namespace(name, "injected"), ClientPod("app", account))[0] for name, account in callers]
    clients += start_clients("e2e-upstreams", ClientPod("outside", sidecar=False))
    apply(secret(namespace(INGRESS), "httpbin-company-example", key_pair(public_authority.issue(OWN))))
    ingress = start_ingress(INGRESS)
    dns.set_names({OWN: [ingress.address]})
    apply(config_map("e2e-httpbin", "httpbin-policy", {"policy.rego": POLICY}))
    release = Release(egress, helm="helm3")
    release.apply(json.dumps({"version": 1, "hosts": entries(partner.address)}))
    wait_until(
        lambda: clients[-1].curl(f"https://{OWN}", *ingress.led_to(OWN)).status == 200, "the own name", seconds=60
    )
    sleep, httpbin, application, outside = clients
    known = ((sleep, OPENSHIFT), (sleep, "edition.cnn.com"), (httpbin, "httpbin.org"), (httpbin, OWN))
    wait_answers((client, f"http://{host}/") for client, host in known)
    wait_answers((application, f"http://{host}/") for host in PROVIDERS)
    by_address = f"http://{partner.address}/status/200"
    wait_until(lambda: sleep.curl(by_address, "--header", "Host: test.com").status == 200, "its address", seconds=60)
    yield Fleet(partner, public, sleep, httpbin, application, outside, ingress)
    release.uninstall()
    dns.set_names({name: [] for name in (OPENSHIFT, *PUBLIC, OWN)})


def test_000_origination_of_mutual_tls(fleet: Fleet, proof: Proof) -> None:
    url = f"http://{OPENSHIFT}/"
    answer = fleet.sleep.curl(url)
    seen = fleet.route(answer, OPENSHIFT, CLIENT)
    proof.row(
        SEEDS,
        "000: the gateway speaks mutual TLS by mounted files, the application plain HTTP",
        f"`GET {url}`",
        saw(seen),
        got(answer),
    )


def test_001_http_leaves_the_mesh_as_tls(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.sleep.curl("http://edition.cnn.com/politics")
    seen = fleet.route(answer, "edition.cnn.com")
    claim = "001: plain HTTP leaves the mesh as TLS, in one request without a redirect"
    proof.row(SEEDS, claim, "`GET http://edition.cnn.com/politics`", saw(seen), got(answer))


def test_001_https_does_not_pass_the_gateway_by(fleet: Fleet, proof: Proof) -> None:
    fleet.public.forget()
    answer = fleet.sleep.curl("https://edition.cnn.com/politics", "--insecure")
    assert answer.status == 0, answer
    assert requests(fleet.public) == []
    claim = "001: the text's port 443 for clients, which leads past the gateway, is not there"
    proof.row(SEEDS, claim, "`GET https://edition.cnn.com/politics`", "nothing", got(answer))


def test_002_address_with_a_host_header(fleet: Fleet, proof: Proof) -> None:
    answer = fleet.sleep.curl(f"http://{fleet.partner.address}/status/200", "--header", "Host: test.com")
    seen = fleet.route(answer, "test.com", CLIENT)
    claim = "002: the application asks an address and names the host; the gateway adds a Secret's client certificate"
    proof.row(SEEDS, claim, "`GET http://`*address*`/status/200`, `Host: test.com`", saw(seen), got(answer))


def test_002_the_denied_path_is_refused(fleet: Fleet, proof: Proof) -> None:
    fleet.partner.forget()
    answer = fleet.sleep.curl(f"http://{fleet.partner.address}//headers", "--header", "Host: test.com")
    assert answer.status == 403, answer
    answer = fleet.sleep.curl(f"http://{fleet.partner.address}/headers", "--header", "Host: test.com")
    assert answer.status == 403, answer
    assert requests(fleet.partner) == []
    claim = "002: the text's forbidden path is refused at the gateway"
    proof.row(SEEDS, claim, "`GET http://`*address*`/headers`, `Host: test.com`", "nothing", got(answer))


def test_003_one_gateway_for_one_upstream(fleet: Fleet, proof: Proof) -> None:
    assert gateways("e2e-httpbin")["httpbin-egress"].ready
    wait_until(lambda: [seen for seen in fleet.public.seen() if seen["target"] == PROBE], "the next check", seconds=60)
    answer = fleet.httpbin.curl("http://httpbin.org/get")
    seen = fleet.route(answer, "httpbin.org")
    proof.row(
        SEEDS,
        "003: a gateway of its own for one upstream, Ready since `/status/200` of the upstream answered 200",
        "the gateway: `GET /status/200`; the application: `GET http://httpbin.org/get`",
        saw(seen),
        got(answer),
    )


def test_003_under_an_own_name(fleet: Fleet, proof: Proof) -> None:
    inside, outside = f"http://{OWN}/get", f"https://{OWN}/get"
    for who, url, answer in (
        ("inside", inside, fleet.httpbin.curl(inside)),
        ("outside", outside, fleet.outside.curl(outside, *fleet.ingress.led_to(OWN))),
    ):
        seen = fleet.route(answer, "httpbin.org")
        claim = f"003: the upstream under a name of one's own, from {who}"
        proof.row(SEEDS, claim, f"`GET {url}`", saw(seen), got(answer))


def test_003_opa_beside_the_gateway(fleet: Fleet, proof: Proof) -> None:
    fleet.public.forget()
    answer = fleet.httpbin.curl("http://httpbin.org/delete", "--request", "DELETE")
    assert answer.status == 403, answer
    assert requests(fleet.public) == []
    claim = "003: an OPA beside the gateway decides; its policy allows GET"
    proof.row(SEEDS, claim, "`DELETE http://httpbin.org/delete`", "nothing", got(answer))


@pytest.mark.parametrize("host", PROVIDERS)
def test_004_two_providers(fleet: Fleet, proof: Proof, host: str) -> None:
    answer = fleet.application.curl(f"http://{host}/v1")
    seen = fleet.route(answer, host)
    claim = f"004: {host} has a gateway that the other provider does not share"
    proof.row(SEEDS, claim, f"`GET http://{host}/v1`", saw(seen), got(answer))
