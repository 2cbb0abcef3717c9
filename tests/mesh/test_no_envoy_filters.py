"""A mesh that refuses every EnvoyFilter: requests are carried, strangers refused, and pods follow their upstreams."""

import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from tests.mesh import dns, settings, versions
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.errors import MeshError
from tests.mesh.fleet import case, common_name, credentials, requests, wait_ready
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import UNFILTERED, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, PREVIEW, OUTSIDE = "bare-gateways", "bare-apps", "bare-preview", "bare-upstreams"
API, PARTNER, PASSED, DB, PLAIN = HOSTS = tuple(
    f"{name}.bare.example.com" for name in ("api", "partner", "passed", "db", "plain")
)
POLICY = "bare.no-envoy-filters"
IMAGE = {"readinessContainer": {"image": settings.image("peer")}}
NO_ANSWER = 0


@dataclass(frozen=True)
class Fleet:
    """The list of cases/unfiltered.yaml, installed, its upstream, and clients by their names."""

    upstream: Upstream
    clients: dict[str, Client]
    authority: Authority

    @property
    def shop(self) -> Client:
        """Who may call."""
        return self.clients["shop"]

    def faces(self) -> list[Face]:
        """All that the upstream serves."""
        mutual = Face(8443, tls="mutual", client_ca=self.authority.certificate)
        return [Face(443, tls="simple"), mutual, Face(5433, "tcp", tls="simple"), Face(5434, "tcp")]

    def certify(self, authority: Authority, *others: str) -> None:
        """Show certificates of this authority, for other names where some are given."""
        name = others[0] if others else None
        self.upstream.certify({host: authority.issue(name or host) for host in HOSTS})

    def restore(self) -> None:
        """Let the upstream be well; when this returns, every gateway is Ready."""
        self.certify(self.authority)
        self.upstream.serve(*self.faces())
        wait_ready(GATEWAYS, HOSTS, seconds=60)


def refusing() -> list[Manifest]:
    """What a mesh without EnvoyFilters does to them, in the namespaces of this module."""
    kinds = [{"apiGroups": ["networking.istio.io"], "apiVersions": ["*"], "resources": ["envoyfilters"]}]
    rules = [{**kind, "operations": ["CREATE", "UPDATE"]} for kind in kinds]
    chosen = {"matchLabels": {"egressc.test/envoy-filters": "refused"}}
    return [
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicy",
            "metadata": {"name": POLICY},
            "spec": {
                "failurePolicy": "Fail",
                "matchConstraints": {"resourceRules": rules},
                "validations": [{"expression": "false", "message": "this mesh takes no EnvoyFilters"}],
            },
        },
        {
            "apiVersion": "admissionregistration.k8s.io/v1",
            "kind": "ValidatingAdmissionPolicyBinding",
            "metadata": {"name": POLICY},
            "spec": {
                "policyName": POLICY,
                "validationActions": ["Deny"],
                "matchResources": {"namespaceSelector": chosen},
            },
        },
    ]


ENVOY_FILTER = {
    "apiVersion": "networking.istio.io/v1alpha3",
    "kind": "EnvoyFilter",
    "metadata": {"name": "any", "namespace": GATEWAYS},
    "spec": {"configPatches": []},
}


def refused(manifest: Manifest) -> bool:
    """Whether the API server refuses to create an object, which stays away in any case."""
    try:
        kubectl("create", "--dry-run=server", "--filename=-", text=json.dumps(manifest))
    except MeshError as error:
        return "this mesh takes no EnvoyFilters" in str(error)
    return False


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream"])
    namespace(GATEWAYS, "plain", {**RESTRICTED, "egressc.test/envoy-filters": "refused"})
    apply(*refusing())
    wait_until(lambda: refused(ENVOY_FILTER), "EnvoyFilters are refused", seconds=60)
    apply(*credentials(GATEWAYS, authority))
    pods = [ClientPod(name, account=name) for name in ("shop", "stranger", "reports")]
    inside = start_clients(namespace(APPS, "injected"), *pods, ClientPod("bare", account="shop", sidecar=False))
    preview = start_clients(
        namespace(PREVIEW, "injected"), ClientPod("preview", account="shop"), ClientPod("previewed", account="other")
    )
    fleet = Fleet(upstream, {client.name: client for client in (*inside, *preview)}, authority)
    fleet.certify(authority)
    upstream.serve(*fleet.faces())
    upstream.be_known_as(*HOSTS)
    release = Release(GATEWAYS)
    release.apply(case("unfiltered", gateways=GATEWAYS, apps=APPS, istio=versions.chosen().proxy), IMAGE)
    wait_ready(GATEWAYS, HOSTS, seconds=60)
    yield fleet
    release.uninstall()
    kubectl("delete", "validatingadmissionpolicy,validatingadmissionpolicybinding", POLICY)
    dns.set_names({name: [] for name in HOSTS})


@pytest.fixture
def well(fleet: Fleet) -> Iterator[Fleet]:
    """The fleet with everything Ready, before the test and again after it."""
    fleet.upstream.forget()
    yield fleet
    fleet.restore()


def test_no_envoy_filter(fleet: Fleet) -> None:
    assert refused(ENVOY_FILTER)
    assert not kubectl("get", "envoyfilters", "--namespace", GATEWAYS, "--output=name")
    assert fleet.shop.curl(f"http://{API}/a").status == 200


def test_carried(fleet: Fleet, proof: Proof) -> None:
    """HTTP with and without a client certificate, TLS carried through, TCP with TLS and in clear."""
    fleet.upstream.forget()
    answer = fleet.shop.curl(f"http://{PARTNER}/v1/a", "--header", "x_tenant_id: forged")
    seen = answer.seen
    assert (seen["tls"]["sni"], common_name(seen), seen["host"]) == (PARTNER, "egress", PARTNER)
    assert seen["headers"]["x-tenant-id"] == ["shop"]
    leaked = {name for name in seen["headers"] if name.startswith(("x-envoy", "x-b3", "x-forwarded", "x_", "trace"))}
    assert not leaked, seen["headers"]
    proof.row(
        UNFILTERED,
        "HTTP, with the gateway's client certificate",
        f"`GET http://{PARTNER}/v1/a`",
        "certificate `egress`",
        "200",
    )
    answer = fleet.shop.curl(f"https://{PASSED}/a", "--insecure")
    assert (answer.status, answer.seen["tls"]["sni"]) == (200, PASSED)
    proof.row(UNFILTERED, "TLS of the application's own", f"`GET https://{PASSED}/a`", "the application's TLS", "200")
    for address, how in ((f"{DB}:5432", "TLS by the gateway"), (f"{PLAIN}:5434", "in clear")):
        wait_until(partial(echoes, fleet.shop, address), f"{address} echoes", seconds=60)
        proof.row(UNFILTERED, f"TCP, {how}", f"`ping` to `{address}`", "ping", "ping")


def echoes(client: Client, address: str) -> bool:
    """Whether a line comes back."""
    return client.tcp(address, "-text", "ping").echo == "ping"


def test_a_client_by_a_prefix(fleet: Fleet) -> None:
    allowed = fleet.clients["preview"]
    wait_until(lambda: allowed.curl(f"http://{PARTNER}/any").status == 200, "a client by a prefix gets in", seconds=60)
    assert fleet.clients["previewed"].curl(f"http://{PARTNER}/any").status == 403


Ask = Callable[[Client], Answer | Outcome]


def url(text: str, *options: str) -> Ask:
    """A request as curl makes it."""
    return lambda client: client.curl(text, "--insecure", *options)


#: How requests are refused, by a policy or as malformed, and connections.
REFUSED, SILENT = {400, 403}, {NO_ANSWER}
#: By name, who asks, for what, and how the mesh may refuse: an older Envoy may hang up where a newer one answers 400.
STRANGERS: dict[str, tuple[str, Ask, set[int]]] = {
    "another account": ("stranger", url(f"http://{API}/a"), REFUSED),
    "a pod without a sidecar": ("bare", url(f"http://{API}:8080/a", "--connect-to", "::{pod}:8080"), SILENT),
    "another account, by TLS": ("stranger", url(f"https://{PASSED}/a"), SILENT),
    "another account, by TCP": (
        "stranger",
        lambda client: client.tcp(f"{PLAIN}:5434", "-text", "stranger"),
        SILENT,
    ),
    "a denied account": ("reports", url(f"http://{PARTNER}/v1/a"), REFUSED),
    "another method": ("shop", url(f"http://{PARTNER}/v1/a", "--request", "DELETE"), REFUSED),
    "another method in small letters": (
        "shop",
        url(f"http://{PARTNER}/v1/a", "--request", "get"),
        REFUSED | SILENT,
    ),
    "a method in a header": (
        "shop",
        url(f"http://{PARTNER}/v1/a", "--header", "x-http-method-override: PUT"),
        REFUSED,
    ),
    "another path": ("shop", url(f"http://{PARTNER}/v2"), REFUSED),
    "dots": ("shop", url(f"http://{PARTNER}/v1/../v2"), REFUSED),
    "escaped dots": ("shop", url(f"http://{PARTNER}/v1/%2e%2e/v2"), REFUSED),
    "an escaped slash": ("shop", url(f"http://{PARTNER}/v1/..%2fv2"), REFUSED),
    "an escaped backslash": ("shop", url(f"http://{PARTNER}/v1/..%5cv2"), REFUSED),
    "dots with parameters": ("shop", url(f"http://{PARTNER}/v1/..;/v2"), REFUSED),
    "a slash that is escaped twice": ("shop", url(f"http://{PARTNER}/v1/..%252fv2"), REFUSED),
    "a path in a header": ("shop", url(f"http://{PARTNER}/v1/a", "--header", "x-original-url: /v2"), REFUSED),
}


@pytest.mark.parametrize("name", STRANGERS)
def test_refused(fleet: Fleet, name: str, proof: Proof) -> None:
    who, ask, refusals = STRANGERS[name]
    fleet.upstream.forget()
    answer = ask(fleet.clients[who])
    if isinstance(answer, Answer):
        assert answer.status in refusals, answer
    else:
        assert not answer.echo, answer
    assert not requests(fleet.upstream)
    proof.row(UNFILTERED, f"refused: {name}", f"{who}", "nothing", got(answer))


def test_down(well: Fleet, proof: Proof) -> None:
    """Every kind of host follows its upstream, and is Ready again."""
    well.upstream.serve()
    wait_ready(GATEWAYS, HOSTS, ready=False, seconds=60)
    wait_until(lambda: well.shop.curl(f"http://{API}/down").status == 503, "callers get 503", seconds=60)
    well.restore()
    wait_until(lambda: well.shop.curl(f"http://{API}/up").status == 200, "the host is back", seconds=60)
    proof.row(
        UNFILTERED,
        "the upstream is down: pods NotReady, then Ready again",
        f"`GET http://{API}/down`",
        "nothing",
        "503",
    )


def test_certificate_of_another_name(well: Fleet, proof: Proof) -> None:
    well.certify(well.authority, "other.example.com")
    verified = [API, PARTNER, PASSED, DB]
    wait_ready(GATEWAYS, verified, ready=False, seconds=60)
    answer = well.shop.curl(f"http://{API}/name")
    assert answer.status == 503, answer
    assert not requests(well.upstream, lambda seen: seen.get("path") == "/name")
    proof.row(
        UNFILTERED, "the upstream's certificate is for another name", f"`GET http://{API}/name`", "nothing", "503"
    )


def test_certificate_of_another_authority(well: Fleet, proof: Proof) -> None:
    well.certify(Authority())
    wait_ready(GATEWAYS, [API, PARTNER, PASSED, DB], ready=False, seconds=60)
    answer = well.shop.curl(f"http://{API}/authority")
    assert answer.status == 503, answer
    assert not requests(well.upstream, lambda seen: seen.get("path") == "/authority")
    proof.row(
        UNFILTERED, "the upstream's certificate is of another CA", f"`GET http://{API}/authority`", "nothing", "503"
    )


def test_client_certificate_is_refused(well: Fleet) -> None:
    """A request, and not a handshake, shows that the upstream takes the client certificate."""
    well.upstream.serve(*(face for face in well.faces() if face.port != 8443), Face(8443, tls="mutual", client_ca=""))
    wait_ready(GATEWAYS, [PARTNER], ready=False, seconds=60)
    wait_ready(GATEWAYS, [API, PASSED, DB, PLAIN])


def test_the_checks_send_no_bytes(fleet: Fleet) -> None:
    """Where a connection or a handshake tells enough, the upstream gets nothing else."""
    fleet.upstream.forget()
    wait_until(lambda: len(fleet.upstream.seen()) > 2, "the upstream is asked", seconds=60)
    assert {seen["path"] for seen in fleet.upstream.seen() if seen["protocol"] != "TCP"} == {"/"}
    assert not [seen for seen in fleet.upstream.seen() if seen["protocol"] == "TCP" and seen.get("text")]
