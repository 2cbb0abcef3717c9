"""The upstream and the clients themselves, without a gateway between: what they say is true."""

import pytest

from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, Outcome, start_clients
from tests.mesh.conftest import MakeNamespace, MakeUpstream
from tests.mesh.errors import MeshError
from tests.mesh.upstream import Face, Upstream

pytestmark = pytest.mark.usefixtures("everything")

CA, CERTIFICATE, KEY = "/tmp/ca.crt", "/tmp/client.crt", "/tmp/client.key"  # noqa: S108  in the client's container
AS_SHOP = ("--cacert", CA, "--cert", CERTIFICATE, "--key", KEY)
TLS = ("-tls", "-ca", CA)


@pytest.fixture(scope="module")
def everything(upstream: MakeUpstream, authority: Authority) -> Upstream:
    """An upstream with every kind of face."""
    echo = upstream("echo")
    echo.be_known_as("api.example.com", "public.example.com")
    echo.certify({"api.example.com": authority.issue("api.example.com")})
    echo.serve(*FACES, Face(9443, tls="mutual", client_ca=authority.certificate))
    return echo


FACES = (
    Face(80),
    Face(81, http1_only=True),
    Face(443, tls="simple"),
    Face(5432, "tcp"),
    Face(5433, "tcp", tls="simple"),
    Face(3306, "tcp", greets_first=True),
)


@pytest.fixture(scope="module")
def client(namespace: MakeNamespace, authority: Authority) -> Client:
    """A client outside the mesh, that has a client certificate."""
    pod = start_clients(namespace("unmeshed", "outside"), ClientPod("client", sidecar=False))[0]
    certificate = authority.issue("shop.example.com", subject="shop")
    for path, content in {CA: authority.certificate, CERTIFICATE: certificate.chain, KEY: certificate.key}.items():
        pod.write(path, content)
    return pod


def told(outcome: Outcome) -> dict[str, object]:
    assert outcome.ok, outcome
    assert outcome.seen
    return outcome.seen


def test_http_request_is_echoed(everything: Upstream, client: Client) -> None:
    answer = client.curl(
        "http://api.example.com/a//../b%2Fc?d=e", "--request", "PUT", "--header", "X-Kind: x", "--data", "f"
    )
    assert answer.status == 200
    assert (answer.seen["method"], answer.seen["target"], answer.seen["body"]) == ("PUT", "/a//../b%2Fc?d=e", "f")
    assert (answer.seen["host"], answer.seen["headers"]["x-kind"], answer.seen["tls"]) == (
        "api.example.com",
        ["x"],
        None,
    )
    assert everything.seen()[-1] == answer.seen


def test_tls_shows_sni_and_alpn(client: Client) -> None:
    seen = client.curl("https://api.example.com/", "--cacert", CA).seen
    assert (seen["tls"]["sni"], seen["tls"]["alpn"], seen["tls"]["client"]) == ("api.example.com", "h2", None)
    assert seen["protocol"] == "HTTP/2.0"


def test_mutual_tls_shows_the_client_certificate(client: Client) -> None:
    assert client.curl("https://api.example.com:9443/", "--cacert", CA).status == 0
    certificate = client.curl("https://api.example.com:9443/", *AS_SHOP).seen["tls"]["client"]
    assert certificate["subject"].startswith("CN=shop,")
    assert certificate["sans"] == ["shop.example.com"]


def test_image_trusts_the_public_authority_alone(
    everything: Upstream, client: Client, authority: Authority, public_authority: Authority
) -> None:
    everything.certify({"public.example.com": authority.issue("public.example.com")})
    assert client.curl("https://public.example.com/").code == 60
    everything.certify({"public.example.com": public_authority.issue("public.example.com")})
    assert client.curl("https://public.example.com/").status == 200


@pytest.mark.parametrize(("port", "protocol"), [(80, "HTTP/2.0"), (81, "HTTP/1.1")])
def test_http2_in_clear_where_the_face_has_it(client: Client, port: int, protocol: str) -> None:
    answer = client.curl(f"http://api.example.com:{port}/", "--http2-prior-knowledge")
    assert (answer.status == 200) == (protocol == "HTTP/2.0")


@pytest.mark.parametrize("tls", [(), TLS])
def test_grpc(client: Client, tls: tuple[str, ...]) -> None:
    address = f"api.example.com:{443 if tls else 80}"
    seen = told(client.grpc(address, *tls, "-text", "ping"))
    assert (seen["target"], seen["text"]) == ("/egressc.test.Echo/Echo", "ping")
    assert client.grpc(address, *tls, "-health").echo == "SERVING"


def test_websocket(client: Client) -> None:
    outcome = client.websocket("ws://api.example.com/chat", "-text", "ping")
    assert (told(outcome)["path"], outcome.status, outcome.echo) == ("/chat", "101", "ping")


@pytest.mark.parametrize("tls", [(), TLS])
def test_tcp(client: Client, tls: tuple[str, ...]) -> None:
    outcome = client.tcp(f"api.example.com:{5433 if tls else 5432}", *tls, "-text", "ping")
    assert (told(outcome)["text"], outcome.echo) == ("ping", "ping")


def test_tcp_upstream_that_greets_first(client: Client) -> None:
    assert told(client.tcp("api.example.com:3306", "-listen"))["face"] == "tcp-3306"


def test_paths_with_a_meaning(client: Client) -> None:
    assert client.curl("http://api.example.com/status/418").status == 418
    assert [client.curl("http://api.example.com/fail-once?key=a").status for _ in range(2)] == [503, 200]
    assert client.curl("http://api.example.com/slow?seconds=5", seconds=0.5).code == 28


def test_certificate_and_faces_change_while_it_runs(everything: Upstream, client: Client, authority: Authority) -> None:
    everything.certify({"api.example.com": authority.issue("api.example.com", expired=True)})
    assert client.curl("https://api.example.com/", "--cacert", CA).code == 60
    everything.certify({"api.example.com": authority.issue("other.example.com")})
    assert client.curl("https://api.example.com/", "--cacert", CA).code == 60
    everything.certify({"api.example.com": authority.issue("api.example.com")})
    everything.serve(*FACES, Face(9443, tls="mutual"))
    assert client.curl("https://api.example.com:9443/", *AS_SHOP).status == 0
    everything.serve()
    assert client.curl("http://api.example.com/").code == 7
    everything.serve(*FACES)
    assert client.curl("http://api.example.com/").status == 200


def test_a_wrong_face_is_refused_with_its_reason(everything: Upstream) -> None:
    with pytest.raises(MeshError, match="clientCA holds no certificate"):
        everything.serve(Face(444, tls="mutual", client_ca="none"))


def test_name_that_dns_does_not_know(client: Client) -> None:
    assert client.curl("http://unknown.example.com/").code == 6
