"""What the list does not allow does not reach an upstream, whatever way it takes."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, requests, wait_ready
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import REFUSED, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS, ELSEWHERE = "e2e-gateways", "e2e-apps", "e2e-elsewhere"
NAMES = ("api", "paths", "passed", "cache", "labelled", "elsewhere", "mail", "unlisted")
HOSTS = [f"{name}.example.com" for name in NAMES]
NO_ANSWER = 0


@dataclass(frozen=True)
class Fleet:
    """The list of cases/refused.yaml, installed, with clients by the role that they play, and the upstream."""

    upstream: Upstream
    clients: dict[str, Client]

    def service(self, host: str) -> str:
        """The name of a host's gateway in the cluster's DNS."""
        return f"{gateway_name(host)}.{GATEWAYS}.svc.cluster.local"

    def pod(self, host: str) -> str:
        """The address of a host's gateway pod."""
        return gateways(GATEWAYS)[gateway_name(host)].addresses[0]


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("e2e-upstreams", "outside"), ["upstream"])
    upstream.certify({name: authority.issue(name) for name in HOSTS})
    upstream.serve(
        Face(80),
        Face(8081),
        Face(443, tls="simple"),
        Face(2525, "tcp", greets_first=True),
        Face(5433, "tcp", tls="simple"),
    )
    upstream.be_known_as(*HOSTS)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    inside = start_clients(
        namespace(APPS, "injected"),
        ClientPod("shop", account="shop"),
        ClientPod("checkout", account="shop", labels={"role": "checkout"}),
        ClientPod("stranger", account="stranger"),
        ClientPod("without-sidecar", account="shop", sidecar=False),
    )
    outside = start_clients(namespace(ELSEWHERE, "injected"), ClientPod("elsewhere"))
    release = Release(GATEWAYS, helm="helm3")
    release.apply(case("refused"))
    wait_ready(GATEWAYS, [host for host in HOSTS if not host.startswith("unlisted")])
    yield Fleet(upstream, {client.name: client for client in (*inside, *outside)})
    release.uninstall()
    dns.set_names({name: [] for name in HOSTS})


Ask = Callable[[Fleet, Client], Answer | Outcome]


@dataclass(frozen=True)
class Attempt:
    """Somebody asks, described as the proof tells it; the status that the client gets, or NO_ANSWER."""

    claim: str
    who: str
    sent: str
    ask: Ask
    status: int


def url(text: str, *options: str) -> tuple[str, Ask]:
    """A GET of a URL, or what curl's options make of it."""
    method = options[options.index("--request") + 1] if "--request" in options else "GET"
    return f"`{method} {text}`", lambda _, client: client.curl(text, "--insecure", *options)


def line(address: str) -> tuple[str, Ask]:
    """A line to host:port."""
    return f"a line to `{address}`", lambda _, client: client.tcp(address)


def greeting(address: str) -> tuple[str, Ask]:
    """A connection to host:port that waits to be greeted."""
    return f"a connection to `{address}`", lambda _, client: client.tcp(address, "-listen", "-timeout", "2s")


def straight(host: str, path: str, *options: str, scheme: str = "http") -> tuple[str, Ask]:
    """A request to the address of a host's gateway pod, for the host."""

    def ask(fleet: Fleet, client: Client) -> Answer:
        return client.curl(
            f"{scheme}://{host}:8080{path}", "--insecure", "--connect-to", f"::{fleet.pod(host)}:8080", *options
        )

    return f"`GET {scheme}://{host}{path}` at the address of its gateway's pod", ask


def service(host: str) -> tuple[str, Ask]:
    """A request to the Service of a host's gateway, under the Service's own name."""
    text = f"`GET /` to the Service of the gateway of `{host}`"
    return text, lambda fleet, client: client.curl(f"http://{fleet.service(host)}:8080/")


def readiness(path: str, method: str = "GET") -> tuple[str, Ask]:
    """A request to the readiness port of a gateway's pod."""

    def ask(fleet: Fleet, client: Client) -> Answer:
        return client.curl(f"http://{fleet.pod('api.example.com')}:15099{path}", "--request", method)

    return f"`{method} {path}` on the readiness port", ask


#: To GET.
ALLOWED = "http://paths.example.com/v1/a"

ATTEMPTS = [
    Attempt("an unlisted account, HTTP", "stranger", *url("http://api.example.com/a"), 403),
    Attempt("an unlisted account, passthrough", "stranger", *url("https://passed.example.com/a"), NO_ANSWER),
    Attempt("an unlisted account, TCP", "stranger", *line("cache.example.com:6379"), NO_ANSWER),
    Attempt("an unlisted account, a greeting by TCP", "stranger", *greeting("mail.example.com:2525"), NO_ANSWER),
    Attempt("a namespace that does not see it, HTTP", "elsewhere", *url("http://api.example.com/a"), 502),
    Attempt(
        "a namespace that does not see it, passthrough",
        "elsewhere",
        *url("https://passed.example.com/a"),
        NO_ANSWER,
    ),
    Attempt("a namespace that does not see it, TCP", "elsewhere", *line("cache.example.com:6379"), NO_ANSWER),
    Attempt("a namespace that sees other hosts of the list", "shop", *url("http://elsewhere.example.com/a"), 502),
    Attempt("a host that is not in the list, HTTP", "shop", *url("http://unlisted.example.com/a"), 502),
    Attempt("a host that is not in the list, HTTPS", "shop", *url("https://unlisted.example.com/a"), NO_ANSWER),
    Attempt("a port that the host does not have", "shop", *url("http://api.example.com:8081/a"), NO_ANSWER),
    Attempt("a client's own TLS past an origination host's gateway", "shop", *url("https://api.example.com/a"), 0),
    Attempt("pods without the labels, HTTP", "shop", *url("http://labelled.example.com/a"), 403),
    Attempt("pods without the labels, passthrough", "shop", *url("https://labelled.example.com/a"), NO_ANSWER),
    Attempt("pods without the labels, TCP", "shop", *line("labelled.example.com:7000"), NO_ANSWER),
    *(
        Attempt(f"a method that is not allowed: {method}", "shop", *url(ALLOWED, "--request", method), 403)
        for method in ("POST", "TRACE", "DELETE")
    ),
    *(
        Attempt(f"a path that is not allowed: {name}", "shop", *url(f"http://paths.example.com{path}"), status)
        for name, path, status in (
            ("another", "/v2/a", 403),
            ("longer than an exact one", "/health/a", 403),
            ("in capitals", "/V1/a", 403),
            ("`..`", "/v1/../v2/a", 403),
            ("`%2e%2e`", "/v1/%2e%2e/v2/a", 403),
            ("`..` after two slashes", "/v1//../../v2/a", 403),
            ("an escaped slash", "/v1/..%2Fv2/a", 400),
            ("an escaped slash in place of one", "/v1%2Fa", 400),
            ("an escaped backslash", "/v1/..%5Cv2/a", 400),
        )
    ),
    *(
        Attempt(f"a host with a port: `{host}`", "shop", *url("http://paths.example.com/v2/a", "--header", host), 403)
        for host in ("Host: paths.example.com:80", "Host: paths.example.com:8080")
    ),
    Attempt("a pod outside of the mesh, in clear", "without-sidecar", *straight("api.example.com", "/a"), NO_ANSWER),
    Attempt(
        "a pod outside of the mesh, with TLS of its own",
        "without-sidecar",
        *straight("api.example.com", "/a", scheme="https"),
        NO_ANSWER,
    ),
    Attempt("a client past its own sidecar's routes", "shop", *straight("api.example.com", "/a"), 502),
    Attempt("an unlisted account, at the gateway", "stranger", *service("api.example.com"), 403),
    Attempt("a gateway asked for what is no host", "shop", *service("api.example.com"), 403),
    Attempt("the readiness port, another path", "without-sidecar", *readiness("/"), 404),
    Attempt("the readiness port, Envoy's own pages", "without-sidecar", *readiness("/stats/prometheus"), 404),
    Attempt("the readiness port, another method", "without-sidecar", *readiness("/ready", "POST"), 404),
]


@pytest.mark.parametrize(
    ("who", "ask"),
    [
        ("shop", url("http://api.example.com/a")[1]),
        ("shop", url("http://paths.example.com/v1/a?x=/v2")[1]),
        ("shop", url("http://paths.example.com/health")[1]),
        ("shop", url("https://passed.example.com/a")[1]),
        ("shop", line("cache.example.com:6379")[1]),
        ("shop", greeting("mail.example.com:2525")[1]),
        ("checkout", url("http://labelled.example.com/a")[1]),
        ("checkout", url("https://labelled.example.com/a")[1]),
        ("checkout", line("labelled.example.com:7000")[1]),
        ("elsewhere", url("http://elsewhere.example.com/a")[1]),
    ],
    ids=range(10),
)
def test_allowed(fleet: Fleet, who: str, ask: Ask) -> None:
    """Whatever is refused below works for those who may."""
    answer = ask(fleet, fleet.clients[who])
    assert got(answer) in ("200", "an answer"), answer


@pytest.mark.parametrize("attempt", ATTEMPTS, ids=lambda attempt: attempt.claim)
def test_refused(fleet: Fleet, proof: Proof, attempt: Attempt) -> None:
    fleet.upstream.forget()
    answer = attempt.ask(fleet, fleet.clients[attempt.who])
    assert got(answer) == (str(attempt.status) if attempt.status else "no answer"), answer
    assert requests(fleet.upstream) == []
    if isinstance(answer, Outcome):
        assert answer.seen is None
    proof.row(REFUSED, attempt.claim, f"{attempt.who}: {attempt.sent}", "nothing", got(answer))


def test_a_gateway_serves_its_own_host_alone(fleet: Fleet, proof: Proof) -> None:
    """A client that makes its own sidecar send other hosts to a gateway gets nowhere, though it may call the one."""
    claims = {
        "elsewhere.example.com": "a gateway asked for another gateway's host",
        "unlisted.example.com": "a gateway asked for a host that is not in the list",
    }
    destination = {"host": fleet.service("api.example.com"), "port": {"number": 8080}}
    apply(
        {
            "apiVersion": "networking.istio.io/v1",
            "kind": "VirtualService",
            "metadata": {"name": "smuggler", "namespace": APPS},
            "spec": {"hosts": list(claims), "http": [{"route": [{"destination": destination}]}]},
        }
    )
    shop = fleet.clients["shop"]
    fleet.upstream.forget()
    for host, claim in claims.items():
        url = f"http://{host}/a"
        # until its sidecar knows the route, the answer is the sidecar's own
        wait_until(partial(no_more, 502, shop, url), "the route to the gateway", seconds=60)
        answer = shop.curl(url)
        assert answer.status == 403, answer
        sent = f"shop: `GET {url}`, led to the gateway of `api.example.com` by a VirtualService of its own"
        proof.row(REFUSED, claim, sent, "nothing", got(answer))
    assert requests(fleet.upstream) == []


def unanswered(ask: Callable[[], Answer | Outcome]) -> bool:
    return got(ask()) not in ("200", "an answer")


def no_more(status: int, client: Client, url: str) -> bool:
    return client.curl(url).status != status


def test_a_path_has_one_reading(fleet: Fleet, proof: Proof) -> None:
    """What is allowed by its path is what the upstream reads, not another spelling of it."""
    fleet.upstream.forget()
    answer = fleet.clients["shop"].curl("http://paths.example.com//v1///b/../a")
    assert answer.status == 200, answer
    assert [seen["target"] for seen in requests(fleet.upstream)] == ["/v1/a"]
    claim = "what an allowed path comes out as is what the upstream gets"
    proof.row(REFUSED, claim, "shop: `GET http://paths.example.com//v1///b/../a`", "`GET /v1/a`", got(answer))


def test_the_probe_is_answered(fleet: Fleet) -> None:
    _, ask = readiness("/ready")
    answer = ask(fleet, fleet.clients["without-sidecar"])
    assert isinstance(answer, Answer)
    assert (answer.status, answer.body) == (200, "")


def test_nothing_goes_straight_out_without_a_route(fleet: Fleet, proof: Proof) -> None:
    """Objects come and go one by one: while a host's route is missing, its clients reach nobody."""
    for host in ("api.example.com", "cache.example.com", "passed.example.com"):
        kubectl("delete", "virtualservice", gateway_name(host), "--namespace", GATEWAYS)
    shop = fleet.clients["shop"]
    asks: dict[str, Callable[[], Answer | Outcome]] = {
        "HTTP": lambda: shop.curl("http://api.example.com/a"),
        "TCP": lambda: shop.tcp("cache.example.com:6379"),
        "passthrough": lambda: shop.curl("https://passed.example.com/a", "--insecure"),
    }
    for kind, ask in asks.items():
        wait_until(partial(unanswered, ask), "the route is gone", seconds=60)
        fleet.upstream.forget()
        answer = ask()
        assert got(answer) == ("503" if kind == "HTTP" else "no answer"), answer
        assert requests(fleet.upstream) == []
        claim = f"a host without its VirtualService, {kind}: nobody goes straight to the upstream"
        proof.row(REFUSED, claim, "shop: a request that was answered before", "nothing", got(answer))
