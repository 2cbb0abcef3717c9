"""Hosts without a gateway: the client's own sidecar speaks TLS to the upstream, and nothing else leaves the pod."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import TRACES, common_name, key_pair, peer, requests, secret, wait_answers
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.proof import SIDECAR, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

APPS, RELEASE = "sidecar-apps", "sidecar-release"
PUBLIC, PRIVATE, EVERYBODYS = (f"{kind}.sidecar.example.com" for kind in ("public", "private", "whole"))
#: A Service of the cluster, that the mesh knows and everybody sees.
SERVICE = "my-nginx.sidecar-external.svc.cluster.local"
#: Names of a wildcard, found one by one.
ONE, OTHER, MISNAMED, FOREIGN = (f"{name}.any.sidecar.example.com" for name in ("one", "other", "misnamed", "foreign"))
HOSTS = (PUBLIC, PRIVATE, EVERYBODYS, ONE, OTHER, MISNAMED, FOREIGN)
CA = "/tmp/ca.crt"  # noqa: S108  in the client's container

LIST = f"""
version: 1
hosts:
- host: {PUBLIC}
  at: sidecar
  clients: [{APPS}]
  ports:
  - {{port: 80}}
  - {{port: 443, protocol: TLS}}
- host: {SERVICE}
  at: sidecar
  tls: {{mode: mutual, secret: client-credential}}
  clients:
  - {{namespace: {APPS}, serviceAccount: sleep, podLabels: {{app: sleep}}}}
  ports:
  - {{port: 80}}
  - {{port: 443, protocol: TLS}}
- host: {PRIVATE}
  at: sidecar
  tls: {{secret: own-ca}}
  clients:
  - {{namespace: {APPS}, podLabels: {{app: sleep}}}}
  ports:
  - {{port: 80}}
  - {{port: 9200, protocol: TCP, upstreamPort: 9243}}
- host: {EVERYBODYS}
  at: sidecar
  clients: [{{wholeMesh: true}}]
- host: "*.any.sidecar.example.com"
  at: sidecar
  clients: [{APPS}]
  speaks: [http, https]
"""


@dataclass(frozen=True)
class Fleet:
    """The list, installed; the upstreams, and pods of one namespace that differ in account and labels."""

    nginx: Upstream
    outside: Upstream
    #: Has account and labels.
    sleep: Client
    #: Has neither.
    other: Client
    #: Has the labels and not the account.
    borrowed: Client
    #: Lives in another namespace.
    stranger: Client
    authority: Authority

    def well(self) -> None:
        """Every face as it should be."""
        self.nginx.serve(Face(443, tls="mutual", client_ca=self.authority.certificate), Face(80))
        self.outside.serve(Face(443, tls="simple"), Face(9243, "tcp", tls="simple"))


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority, public_authority: Authority) -> Iterator[Fleet]:
    (outside,) = start_upstreams(namespace("sidecar-upstreams", "outside"), ["outside"])
    (nginx,) = start_upstreams(namespace("sidecar-external", "plain"), ["my-nginx"])
    nginx.certify({SERVICE: authority.issue(SERVICE)})
    outside.certify(
        {host: (authority if host in (PRIVATE, FOREIGN) else public_authority).issue(host) for host in HOSTS}
        | {MISNAMED: public_authority.issue(ONE)}
    )
    outside.be_known_as(*HOSTS)
    kubectl("label", "pod", "--namespace", nginx.namespace, nginx.name, "run=my-nginx")
    ports = [{"name": f"port-{port}", "port": port} for port in (80, 443)]
    service = {"metadata": {"name": "my-nginx", "namespace": nginx.namespace}}
    apply({"apiVersion": "v1", "kind": "Service", **service, "spec": {"selector": {"run": "my-nginx"}, "ports": ports}})
    apps, ca = namespace(APPS, "injected"), {"ca.crt": authority.certificate}
    pair = key_pair(authority.issue("client.example.com", subject="sleep"))
    apply(secret(apps, "client-credential", pair | ca), secret(apps, "own-ca", ca))
    release = Release(namespace(RELEASE))
    pods = start_clients(
        apps,
        ClientPod("sleep", "sleep"),
        ClientPod("other", "other"),
        ClientPod("borrowed", "other", labels={"app": "sleep"}),
    )
    (stranger,) = start_clients(namespace("sidecar-strangers", "injected"), ClientPod("stranger"))
    sleep, other, borrowed = pods
    fleet = Fleet(nginx, outside, sleep, other, borrowed, stranger, authority)
    fleet.well()
    release.apply(LIST)
    wait_until(lambda: fleet.sleep.curl(f"http://{SERVICE}/a").status == 200, "the Service, by its name", seconds=60)
    known = {sleep: (PUBLIC, PRIVATE), other: (PUBLIC, ONE), borrowed: (PRIVATE,), stranger: (EVERYBODYS,)}
    wait_answers((client, f"http://{host}/") for client, hosts in known.items() for host in hosts)
    yield fleet
    release.uninstall()
    dns.set_names({host: [] for host in HOSTS})


@pytest.fixture
def well(fleet: Fleet) -> Iterator[Fleet]:
    """The fleet, with upstreams that have seen nothing; they are well again after the test."""
    for upstream in (fleet.nginx, fleet.outside):
        upstream.forget()
    yield fleet
    fleet.well()


def test_there_is_no_gateway(well: Fleet) -> None:
    for namespace in (RELEASE, APPS):
        assert get("deployments", "--namespace", namespace)["items"] == []
    answer = well.sleep.curl(f"http://{PUBLIC}/a")
    pod = get("pod", "--namespace", APPS, "sleep")
    assert peer(answer.seen) in {address["ip"] for address in pod["status"]["podIPs"]}


def test_http_leaves_the_pod_as_tls(well: Fleet, proof: Proof) -> None:
    answers = [
        pod.curl(f"http://{host}/politics", "--header", "x-forwarded-for: 10.0.0.1")
        for pod, host in ((well.other, PUBLIC), (well.stranger, EVERYBODYS))
    ]
    for answer, host in zip(answers, (PUBLIC, EVERYBODYS), strict=True):
        assert (answer.status, answer.seen["tls"]["sni"]) == (200, host), answer
        assert set(answer.seen["headers"]) == {"accept", "user-agent"} | TRACES
    claim = "001: without a gateway, plain HTTP leaves the pod as TLS; of the mesh, trace headers alone are seen"
    proof.row(SIDECAR, claim, f"`GET http://{PUBLIC}/politics`", saw(answers[0].seen), got(answers[0]))


def test_https_of_the_application_goes_on(well: Fleet, proof: Proof) -> None:
    answer = well.other.curl(f"https://{PUBLIC}/politics")
    assert answer.status == 200, answer
    assert set(answer.seen["headers"]) == {"accept", "user-agent"}
    claim = "001: the application's own https:// works as before, where the entry has port 443"
    proof.row(SIDECAR, claim, f"`GET https://{PUBLIC}/politics`", saw(answer.seen), got(answer))
    answer = well.sleep.curl(f"https://{PRIVATE}/", "--insecure")
    assert answer.status == 0
    proof.row(SIDECAR, "where it has not, it is refused", f"`GET https://{PRIVATE}/`", "nothing", got(answer))


def test_mutual_tls_to_a_service_of_the_cluster(well: Fleet, proof: Proof) -> None:
    answer = well.sleep.curl(f"http://{SERVICE}/")
    assert (answer.status, answer.seen["face"]) == (200, "http-443"), answer
    assert (answer.seen["tls"]["sni"], common_name(answer.seen)) == (SERVICE, "sleep")
    claim = "001: mutual TLS from the pod, with a Secret of its namespace, to a Service that the mesh knows as well"
    proof.row(SIDECAR, claim, f"`GET http://{SERVICE}/`", saw(answer.seen), got(answer))


def test_own_ca(well: Fleet, proof: Proof) -> None:
    answer, line = well.sleep.curl(f"http://{PRIVATE}/"), well.sleep.tcp(f"{PRIVATE}:9200")
    assert (answer.status, line.ok) == (200, True), (answer, line)
    assert line.seen
    assert line.seen["tls"]["sni"] == PRIVATE
    # a CA needs no right: neither account may list Secrets for it
    assert well.borrowed.curl(f"http://{PRIVATE}/").status == 200
    claim = "a CA of our own from a Secret, without any right to read it: HTTP and TCP"
    proof.row(SIDECAR, claim, f"`GET http://{PRIVATE}/`, a line to port 9200", saw(answer.seen), "200; an echo")


def test_pods_without_the_labels_are_refused(well: Fleet, proof: Proof) -> None:
    for host in (SERVICE, PRIVATE):
        answer = well.other.curl(f"http://{host}/")
        assert (answer.status, "labels" in answer.body) == (403, True), answer
    assert well.other.curl(f"https://{SERVICE}/", "--insecure").status == 0
    assert not well.other.tcp(f"{PRIVATE}:9200").ok
    assert requests(well.nginx) + requests(well.outside) == []
    claim = "a pod of the namespace without the labels is refused: HTTP, its own TLS, TCP"
    proof.row(SIDECAR, claim, f"`GET http://{SERVICE}/`, `GET https://{SERVICE}/`, a line", "nothing", "403; no answer")


def test_key_goes_to_the_account_alone(well: Fleet, proof: Proof) -> None:
    answer = well.borrowed.curl(f"http://{SERVICE}/")
    assert answer.status == 503, answer
    assert requests(well.nginx) == []
    claim = "a pod with the labels and another service account gets no key"
    proof.row(SIDECAR, claim, f"`GET http://{SERVICE}/`", "nothing", got(answer))


def test_other_namespaces_do_not_know_the_host(well: Fleet, proof: Proof) -> None:
    answer = well.stranger.curl(f"http://{PUBLIC}/")
    assert answer.status == 502, answer
    assert requests(well.outside) == []
    proof.row(SIDECAR, "another namespace does not know the host", f"`GET http://{PUBLIC}/`", "nothing", got(answer))


def test_name_of_the_upstream_is_verified(well: Fleet, authority: Authority, proof: Proof) -> None:
    well.nginx.serve()  # open connections are not verified again
    well.nginx.certify({SERVICE: authority.issue("wrong.example.com")})
    well.well()
    answer = well.sleep.curl(f"http://{SERVICE}/")
    well.nginx.certify({SERVICE: authority.issue(SERVICE)})
    assert answer.status == 503, answer
    assert requests(well.nginx) == []
    claim = "an upstream with a certificate of the same CA for another name gets nothing"
    proof.row(SIDECAR, claim, f"`GET http://{SERVICE}/`", "nothing", got(answer))


def test_nothing_is_sent_in_clear_when_a_route_is_missing(well: Fleet, proof: Proof) -> None:
    # an upstream that would take plain HTTP on its TLS port, and no route that would refuse the pods without labels
    well.nginx.serve(Face(443))
    name = "my--nginx-sidecar--external-svc-cluster-local"
    route = get("virtualservice", "--namespace", APPS, name)
    route["metadata"] = {key: route["metadata"][key] for key in ("name", "namespace", "labels", "annotations")}
    kubectl("delete", "virtualservice", "--namespace", APPS, name)
    try:
        wait_until(lambda: well.other.curl(f"http://{SERVICE}/").status != 403, "the route is gone", seconds=60)
        answers = [pod.curl(f"http://{SERVICE}/") for pod in (well.other, well.borrowed, well.sleep)]
        assert [answer.status for answer in answers] == [503, 503, 503], answers
        assert requests(well.nginx) == []
        claim = "without its VirtualService no pod sends plain text to the TLS port: labels or not, key or not"
        proof.row(SIDECAR, claim, f"`GET http://{SERVICE}/` from three pods", "nothing", "503")
        # why the rule for all others names its namespace: with "." Istio merges it away, and then they do
        others = ("destinationrule", "--namespace", APPS, f"{name}.others")
        kubectl("patch", *others, "--type=merge", '--patch={"spec": {"exportTo": ["."]}}')
        wait_until(lambda: well.other.curl(f"http://{SERVICE}/").status == 200, "the rule is gone", seconds=60)
        assert requests(well.nginx)[-1]["tls"] is None
        kubectl("patch", *others, "--type=merge", f'--patch={{"spec": {{"exportTo": ["{APPS}"]}}}}')
    finally:
        apply(route)
    wait_until(lambda: well.other.curl(f"http://{SERVICE}/").status == 403, "the route is back", seconds=60)


def test_a_wildcard_s_names_are_found_and_verified_one_by_one(well: Fleet, proof: Proof) -> None:
    answers = {host: well.other.curl(f"http://{host}/a") for host in (ONE, OTHER)}
    for host, answer in answers.items():
        assert (answer.status, answer.seen["host"], answer.seen["tls"]["sni"]) == (200, host, host), answer
    proof.row(
        SIDECAR,
        "a wildcard: each name is found by its own DNS answer",
        f"`GET http://{OTHER}/a`",
        saw(answers[OTHER].seen),
        got(answers[OTHER]),
    )
    answer = well.other.curl(f"https://{ONE}/a", "--insecure")
    assert answer.status == 200, answer
    well.outside.forget()
    for host in (MISNAMED, FOREIGN):
        assert well.other.curl(f"http://{host}/a").status == 503
    assert well.stranger.curl(f"http://{ONE}/a").status in (0, 502)
    assert requests(well.outside) == []
    claim = "a wildcard: a name whose certificate is of another name, or of another CA"
    proof.row(SIDECAR, claim, f"`GET http://{MISNAMED}/a`, `GET http://{FOREIGN}/a`", "nothing", "503")
