"""One request's way: application, sidecar, its own gateway, upstream. Both Helms install the same fleet."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from tests.mesh import gateway
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace, MakeUpstream
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.fleet import wait_answers
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream
from tests.mesh.waiting import wait_until

HOSTS = """
version: 1
defaults:
  clients: [{namespace: shop, serviceAccount: shop}]
  namespace: gateways
hosts:
- host: api.example.com
  tls: {secret: test-ca}
- host: partner.example.com
  tls: {mode: mutual, secret: partner}
- host: db.example.com
  ports: [{port: 5432, protocol: TCP}]
  tls: {mode: none, unverified: A database of the test.}
"""


@dataclass(frozen=True)
class Fleet:
    """A fleet of gateways, who uses them, and what is behind."""

    api: Upstream
    partner: Upstream
    db: Upstream
    shop: Client
    other: Client

    def requests(self, host: str) -> dict[str, int]:
        """What each gateway has sent to a host, by the gateway's name."""
        names = ("api", "partner", "db")
        pods = {name: gateway.pods("gateways", f"{GATEWAY_LABEL}={name}-example-com")[0] for name in names}
        return {name: gateway.requests_to("gateways", pod, host) for name, pod in pods.items()}


@pytest.fixture(scope="module", params=["helm3", "helm4"])
def fleet(
    request: pytest.FixtureRequest, namespace: MakeNamespace, upstream: MakeUpstream, authority: Authority
) -> Iterator[Fleet]:
    """The list, installed; all its gateways are Ready."""
    api, partner, db = (upstream(name) for name in ("api", "partner", "db"))
    for host in (api, partner, db):
        host.be_known_as(f"{host.name}.example.com")
        host.certify({f"{host.name}.example.com": authority.issue(f"{host.name}.example.com")})
    api.serve(Face(443, tls="simple"))
    partner.serve(Face(443, tls="mutual", client_ca=authority.certificate))
    db.serve(Face(5432, "tcp"))
    gateways = namespace("gateways", "plain", RESTRICTED)
    certificate = authority.issue("egress.example.com", subject="egress")
    ca = {"ca.crt": authority.certificate}
    apply(
        secret(gateways, "test-ca", ca),
        secret(gateways, "partner", {"tls.crt": certificate.chain, "tls.key": certificate.key, **ca}),
    )
    shop, other = start_clients(namespace("shop", "injected"), ClientPod("shop", account="shop"), ClientPod("other"))
    release = Release(gateways, helm=request.param)
    release.apply(HOSTS)
    wait_answers((shop, f"http://{name}.example.com/") for name in ("api", "partner"))
    wait_until(lambda: shop.tcp("db.example.com:5432").ok, "the database answers", seconds=60)
    # the gateway's own answer: its sidecar knows the pod
    wait_until(lambda: other.curl("http://api.example.com/").status != 503, "the gateway is known", seconds=60)
    yield Fleet(api, partner, db, shop, other)
    release.uninstall()


def secret(namespace: str, name: str, data: dict[str, str]) -> dict[str, object]:
    return {
        "apiVersion": "v1",
        "kind": "Secret",
        "metadata": {"name": name, "namespace": namespace},
        "stringData": data,
    }


def test_simple_tls(fleet: Fleet) -> None:
    before = fleet.requests("api.example.com")
    seen = fleet.shop.curl("http://api.example.com/a").seen
    assert (seen["tls"]["sni"], seen["tls"]["client"], seen["host"]) == ("api.example.com", None, "api.example.com")
    after = fleet.requests("api.example.com")
    assert (after["api"] - before["api"], after["partner"], after["db"]) == (1, 0, 0)


def test_mutual_tls(fleet: Fleet) -> None:
    seen = fleet.shop.curl("http://partner.example.com/a").seen
    assert seen["tls"]["sni"] == "partner.example.com"
    assert seen["tls"]["client"]["subject"].startswith("CN=egress,")


def test_tcp(fleet: Fleet) -> None:
    before = fleet.requests("db.example.com")
    outcome = fleet.shop.tcp("db.example.com:5432", "-text", "ping")
    assert (outcome.ok, outcome.echo) == (True, "ping"), outcome
    after = fleet.requests("db.example.com")
    assert (after["db"] - before["db"], after["api"], after["partner"]) == (1, 0, 0)


def test_another_account_is_refused(fleet: Fleet) -> None:
    fleet.api.forget()
    assert fleet.other.curl("http://api.example.com/a").status == 403
    assert not fleet.other.tcp("db.example.com:5432").ok
    assert not [seen for seen in fleet.api.seen() if seen["path"] == "/a"]
