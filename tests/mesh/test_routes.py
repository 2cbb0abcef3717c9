"""Every way to an upstream works, shows it what the list says and nothing of the mesh, and is one gateway's alone."""

import json
import subprocess
from base64 import b64decode
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

import pytest
import yaml
from cryptography import x509

from egressc.names import gateway_name
from tests.mesh import dns, gateway
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import (
    ADDED,
    CLIENT,
    GatewayPod,
    capture,
    case,
    common_name,
    credentials,
    gateways,
    peer,
    requests,
    senders,
    wait_ready,
)
from tests.mesh.kubectl import apply, environment
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import ROUTES, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Seen, Upstream, start_upstreams
from tests.tools import tool

GATEWAYS, APPS, OUTSIDE = "e2e-gateways", "e2e-apps", "e2e-upstreams"

#: What the application itself sends of the headers that a third party should not see.
FOREIGN = {
    "b3": "80f198ee56343ba864fe8b2a57d3eff7-e457b5a2e4d86bd1-1",
    "baggage": "user=alice",
    "forwarded": "for=10.1.2.3",
    "traceparent": "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01",
    "tracestate": "vendor=1",
    "x-b3-traceid": "80f198ee56343ba864fe8b2a57d3eff7",
    "x-b3-spanid": "e457b5a2e4d86bd1",
    "x-b3-sampled": "1",
    "x-envoy-attempt-count": "7",
    "x-envoy-original-path": "/before",
    "x-envoy-peer-metadata-id": "sidecar",
    "x-forwarded-client-cert": "By=spiffe://cluster.local/ns/x/sa/x",
    "x-forwarded-for": "10.1.2.3",
    "x-forwarded-host": "inside.example",
    "x-forwarded-proto": "http",
    "x-request-id": "3f0a2e1c",
}
FOREIGN_OPTIONS = [part for name, value in FOREIGN.items() for part in ("--header", f"{name}: {value}")]

#: What curl and gRPC send of their own accord: all that an upstream may see.
CURLS = {"accept", "user-agent"}
WEBSOCKETS = {"accept-encoding", "connection", "upgrade", "user-agent", "sec-websocket-key", "sec-websocket-version"}
GRPCS = {"content-type", "grpc-accept-encoding", "grpc-timeout", "te", "user-agent"}


@dataclass(frozen=True)
class Fleet:
    """The list of cases/routes.yaml, installed, with the clients that use it and the upstream behind all of it."""

    upstream: Upstream
    shop: Client
    captured: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority, public_authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace(OUTSIDE, "outside"), ["upstream"])
    hosts = case("routes", address=upstream.address, address_v6=upstream.address_v6)
    names = [entry["host"] if isinstance(entry, dict) else entry for entry in yaml.safe_load(hosts)["hosts"]]
    public = {"public.example.com", "mutual-public.example.com", "passed.example.com"}
    upstream.certify(
        {name: (public_authority if name in public else authority).issue(name) for name in names}
        | {
            "edge.example.net": authority.issue("origin.example.net"),
            "unverified.example.com": Authority().issue("appliance.local"),
            "renamed.example.com": authority.issue("renamed.example.com"),
        }
    )
    upstream.serve(
        Face(80),
        Face(443, tls="simple"),
        Face(8443, tls="mutual", client_ca=authority.certificate),
        Face(5432, "tcp"),
        Face(5433, "tcp", tls="simple"),
        Face(5434, "tcp", tls="mutual", client_ca=authority.certificate),
    )
    known = [name for name in names if not name.startswith(("fixed", "renamed", "captured"))]
    upstream.be_known_as("edge.example.net", *known)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority), capture(namespace(APPS, "injected")))
    shop, captured = start_clients(
        APPS, ClientPod("shop", account="shop"), ClientPod("captured", account="shop", labels={"dns": "captured"})
    )
    for client in (shop, captured):
        client.write("/run/own-ca.crt", authority.certificate)
        pair = authority.issue("application.example.com", subject="application")
        client.write("/run/tls.crt", pair.chain)
        client.write("/run/tls.key", pair.key)
    release = Release(GATEWAYS, helm="helm4")
    release.apply(hosts, seconds=300)
    wait_ready(GATEWAYS, names, seconds=60)
    yield Fleet(upstream, shop, captured)
    release.uninstall()
    dns.set_names({name: [] for name in ["edge.example.net", *known]})


@dataclass(frozen=True)
class Route:
    """A way to an upstream, and what it must see there: an SNI or none, a client certificate's name or none."""

    claim: str
    host: str
    sni: str = ""
    certificate: str = ""
    port: int = 80
    protocol: str = "HTTP/1.1"

    def check(self, seen: Seen) -> None:
        """Assert that a request or connection is this host's, through its own gateway."""
        tls = seen["tls"]
        assert (tls["sni"] if tls else "") == self.sni
        assert common_name(seen) == self.certificate
        assert seen["protocol"] == self.protocol
        assert senders(GATEWAYS)[peer(seen)] == gateway_name(self.host)


def host_of(route: Route) -> str:
    """The id of a parametrized test."""
    return f"{route.host}:{route.port}"


def own(claim: str, host: str, **more: str | int) -> Route:
    """A route whose upstream is asked for by the host's own name."""
    return Route(claim, host, **{"sni": host, **more})  # type: ignore[arg-type]  # the fields' own types


HTTP = [
    own("TLS by the gateway, verified by public CAs", "public.example.com"),
    own("a CA from a Secret fetched by name", "secret-ca.example.com"),
    own("a CA from a mounted Secret", "file-ca.example.com"),
    own("a CA from a mounted ConfigMap", "configmap-ca.example.com"),
    own("an SNI and names of its own", "fronted.example.com", sni="edge.example.net"),
    own("an upstream that nobody verifies, with a written reason", "unverified.example.com"),
    Route("no TLS, with a written reason", "clear.example.com"),
    own("mutual TLS, all in one Secret", "partner.example.com", certificate=CLIENT),
    own("mutual TLS, the CA in a second Secret", "two-secrets.example.com", certificate=CLIENT),
    own("mutual TLS by mounted files", "mutual-files.example.com", certificate=CLIENT),
    own("mutual TLS by mounted files, verified by public CAs", "mutual-public.example.com", certificate=CLIENT),
    own("HTTP/2", "http2.example.com", protocol="HTTP/2.0"),
    own("one of several ports: HTTP", "several.example.com"),
    own("one of several ports: HTTP with TLS of its own", "several.example.com", port=8080, certificate=CLIENT),
    own("a fixed IPv4 address", "fixed.example.com"),
    own("a fixed IPv6 address", "fixed-v6.example.com"),
    own("the address of another name", "renamed.example.com"),
]


#: Hosts that are asked by HTTP.
HOSTS = sorted({route.host for route in HTTP})


def ask(fleet: Fleet, route: Route, path: str) -> Answer:
    """A request for a path of the host, with all the headers that a third party should not see."""
    options = ["--http2-prior-knowledge"] if route.protocol == "HTTP/2.0" else []
    # a name that DNS does not know: any address will do, the sidecar goes by the Host
    options += ["--connect-to", f"::192.0.2.1:{route.port}"] if route.host.startswith(("fixed", "renamed")) else []
    return fleet.shop.curl(f"http://{route.host}:{route.port}{path}", *options, *FOREIGN_OPTIONS)


@pytest.mark.parametrize("route", HTTP, ids=host_of)
def test_http(fleet: Fleet, proof: Proof, route: Route) -> None:
    """The first try gets 503 and is tried again: neither shows the upstream more than the application's own."""
    path = f"/fail-once?key={host_of(route)}"
    answer = ask(fleet, route, path)
    assert answer.status == 200, answer
    tries = requests(fleet.upstream, lambda seen: seen.get("target") == path)
    assert len(tries) == 2
    for seen in tries:
        route.check(seen)
        assert seen["host"].partition(":")[0] == route.host
        assert set(seen["headers"]) - ADDED == CURLS
    sent = f"`GET http://{route.host}{'' if route.port == 80 else f':{route.port}'}`"
    proof.row(ROUTES, route.claim, sent, f"twice, first answered with 503: {saw(seen)}", got(answer))


@pytest.mark.since("a trace that the upstream does not see")
def test_mesh_headers(fleet: Fleet, proof: Proof) -> None:
    """What every request carried, or got on its way through two proxies that trace and count it."""
    assert ask(fleet, HTTP[0], "/fail-once?key=headers").status == 200
    came = requests(fleet.upstream, lambda seen: seen.get("target", "").startswith("/fail-once"))
    assert len(came) >= 2
    shown = {header for seen in came for header in seen["headers"]}
    assert not {header for header in shown if header in FOREIGN or header.startswith(("x-b3-", "x-envoy-"))}
    names = ", ".join(f"`{name}`" for name in sorted(FOREIGN))
    proof.row(
        ROUTES,
        "no header tells a third party about the mesh",
        f"each request above carried {names} from the application, was traced, and was tried twice",
        f"none of them: only {', '.join(f'`{name}`' for name in sorted(shown))}",
        "the upstream's answer",
    )


@pytest.mark.parametrize(
    "route",
    [
        own("gRPC", "calls.example.com", protocol="HTTP/2.0"),
        own("one of several ports: gRPC", "several.example.com", port=9000, protocol="HTTP/2.0"),
    ],
    ids=host_of,
)
def test_grpc(fleet: Fleet, proof: Proof, route: Route) -> None:
    outcome = fleet.shop.grpc(f"{route.host}:{route.port}", "-text", host_of(route))
    assert outcome.seen is not None, outcome
    route.check(outcome.seen)
    assert set(outcome.seen["headers"]) - ADDED <= GRPCS
    proof.row(ROUTES, route.claim, f"a unary call to `{host_of(route)}`", saw(outcome.seen), got(outcome))


def test_websocket(fleet: Fleet, proof: Proof) -> None:
    route = own("WebSocket", "secret-ca.example.com")
    outcome = fleet.shop.websocket(f"ws://{route.host}/chat", "-text", "ping")
    assert outcome.seen is not None, outcome
    assert outcome.echo == "ping"
    route.check(outcome.seen)
    assert set(outcome.seen["headers"]) - ADDED <= WEBSOCKETS
    proof.row(ROUTES, route.claim, f"`ws://{route.host}/chat`, a message", saw(outcome.seen), "101, its message echoed")


@pytest.mark.parametrize(
    "route",
    [
        Route("TCP in clear", "database.example.com", port=5432, protocol="TCP"),
        own("TCP, to the upstream by TLS", "cache.example.com", port=6379, protocol="TCP"),
        own("TCP, to the upstream by mutual TLS", "broker.example.com", port=1883, protocol="TCP", certificate=CLIENT),
        own("one of several ports: TCP", "several.example.com", port=7000, protocol="TCP"),
    ],
    ids=host_of,
)
def test_tcp(fleet: Fleet, proof: Proof, route: Route) -> None:
    outcome = fleet.shop.tcp(f"{route.host}:{route.port}", "-text", "ping")
    assert outcome.seen is not None, outcome
    assert outcome.echo == "ping"
    route.check(outcome.seen)
    proof.row(ROUTES, route.claim, f"a line to `{host_of(route)}`", saw(outcome.seen), "its line echoed")


@pytest.mark.parametrize(
    "route",
    [
        own("passthrough: the application's own TLS", "passed.example.com", port=443, protocol="HTTP/2.0"),
        own(
            "passthrough: the application's own client certificate",
            "passed-mutual.example.com",
            port=443,
            protocol="HTTP/2.0",
            certificate="application",
        ),
        own("one of several ports: passthrough", "several.example.com", port=443, protocol="HTTP/2.0"),
    ],
    ids=host_of,
)
def test_passthrough(fleet: Fleet, proof: Proof, route: Route) -> None:
    trusted = [] if route.host == "passed.example.com" else ["--cacert", "/run/own-ca.crt"]
    pair = ["--cert", "/run/tls.crt", "--key", "/run/tls.key"] if route.certificate else []
    answer = fleet.shop.curl(f"https://{route.host}/a", *trusted, *pair)
    assert answer.status == 200, answer
    route.check(answer.seen)
    proof.row(ROUTES, route.claim, f"`GET https://{route.host}/a`", saw(answer.seen), got(answer))


def test_address_with_a_host_header(fleet: Fleet, proof: Proof) -> None:
    route = own("an application that asks the upstream's address and names the host in a header", "fixed.example.com")
    answer = fleet.shop.curl(f"http://{fleet.upstream.address}/a", "--header", f"Host: {route.host}")
    assert answer.status == 200, answer
    assert answer.seen["host"] == route.host
    route.check(answer.seen)
    sent = f"`GET http://`*address*`/a`, `Host: {route.host}`"
    proof.row(ROUTES, route.claim, sent, saw(answer.seen), got(answer))


def test_name_that_dns_does_not_know(fleet: Fleet, proof: Proof) -> None:
    """The sidecar of an application with DNS capture answers for CoreDNS, with the host's virtual address."""
    unknown = fleet.shop.curl("http://captured.example.com/a")
    assert "resolve" in unknown.error, unknown
    route = own("a name that DNS does not know, by the sidecar's DNS capture", "captured.example.com")
    answer = fleet.captured.curl("http://captured.example.com/a")
    assert answer.status == 200, answer
    route.check(answer.seen)
    proof.row(ROUTES, route.claim, "`GET http://captured.example.com/a`", saw(answer.seen), got(answer))
    route = Route("the same by TCP", "captured-database.example.com", protocol="TCP")
    outcome = fleet.captured.tcp("captured-database.example.com:5432", "-text", "ping")
    assert outcome.seen is not None, outcome
    route.check(outcome.seen)
    proof.row(
        ROUTES, route.claim, "a line to `captured-database.example.com:5432`", saw(outcome.seen), "its line echoed"
    )


def test_own_gateway_and_no_other(fleet: Fleet, proof: Proof) -> None:
    """What a gateway's Envoy has sent to its host is all that the upstream has seen from it, or of the host."""
    for route in HTTP:
        assert ask(fleet, route, "/own").status == 200
    names = senders(GATEWAYS)
    came = requests(fleet.upstream, lambda seen: seen["protocol"].startswith("HTTP") and seen["host"] in HOSTS)
    assert {(names[peer(seen)], seen["host"]) for seen in came} == {(gateway_name(host), host) for host in HOSTS}
    arrived = Counter(names[peer(seen)] for seen in requests(fleet.upstream))
    with ThreadPoolExecutor(2) as side_by_side:
        sent = side_by_side.map(lambda host: gateway.requests_to(GATEWAYS, pod_of(host).name, host), HOSTS)
        assert dict(zip(HOSTS, sent, strict=True)) == {host: arrived[gateway_name(host)] for host in HOSTS}
    proof.row(
        ROUTES,
        "a request goes through its own host's gateway and no other",
        "all of the above",
        "each host's requests from its own gateway's pod alone, as many as that Envoy's statistics count",
        "its answer",
    )


def test_identity(fleet: Fleet, proof: Proof) -> None:  # noqa: ARG001  the fleet's gateways are looked at
    """Each gateway's certificate in the mesh names a service account that no other gateway runs as."""
    identities = {name: identity(pod) for name, pod in gateways(GATEWAYS).items()}
    assert identities == {name: f"spiffe://cluster.local/ns/{GATEWAYS}/sa/{name}" for name in identities}
    proof.row(
        ROUTES,
        "a gateway's identity is its own",
        "nothing: each gateway's certificate in the mesh is read from its Envoy",
        "nothing",
        "`spiffe://…/sa/<gateway>`, different for each",
    )


def identity(pod: GatewayPod) -> str:
    dump = gateway.config_dump(GATEWAYS, pod.name)["configs"]
    secrets = next(part["dynamic_active_secrets"] for part in dump if part["@type"].endswith("SecretsConfigDump"))
    own = next(entry["secret"] for entry in secrets if entry["name"] == "default")
    chain = b64decode(own["tls_certificate"]["certificate_chain"]["inline_bytes"])
    names = x509.load_pem_x509_certificate(chain).extensions.get_extension_for_class(x509.SubjectAlternativeName)
    (uri,) = names.value.get_values_for_type(x509.UniformResourceIdentifier)
    return uri


def pod_of(host: str) -> GatewayPod:
    return gateways(GATEWAYS)[gateway_name(host)]


#: What `istioctl analyze` says of the live objects and why it may.
EXPECTED = {
    "IST0102": "the namespace is not labelled for injection: each gateway asks for it itself",
    "IST0129": "an upstream is left unverified: `unverified.example.com`, with a written reason",
    "IST0133": "an EnvoyFilter is used: readiness that follows the upstream has no other field",
    "IST0134": "TCP without virtual addresses: the compiler refuses two on one port",
    "IST0162": "a Gateway's port that no Service has",
}


def test_analyze(fleet: Fleet, proof: Proof) -> None:  # noqa: ARG001  its objects are looked at
    command = [str(tool("istioctl")), "analyze", "--namespace", GATEWAYS, "--output=json"]
    done = subprocess.run(command, capture_output=True, text=True, env=environment(), timeout=120, check=False)
    found = json.loads(done.stdout)
    unexpected = [message for message in found if not is_expected(message)]
    assert unexpected == [], json.dumps(unexpected, indent=1)
    codes = sorted({message["code"] for message in found})
    claim = "`istioctl analyze` of the live fleet says nothing but what is expected"
    proof.row(
        ROUTES, claim, "nothing", "nothing", "; ".join(f"{code}: {EXPECTED[code]}" for code in codes) or "nothing"
    )


def is_expected(message: dict[str, str]) -> bool:
    return message["code"] in EXPECTED and (message["code"] != "IST0129" or "unverified." in message["message"])
