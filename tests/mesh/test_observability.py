"""One line of the log for each call, with who called; and statistics under the names that alerts and dashboard use."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest

from egressc import emit
from egressc.names import gateway_name
from tests.chart import Helm
from tests.lists import compile_text
from tests.mesh import dns, gateway
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, credentials, gateways, wait_answers, wait_ready
from tests.mesh.kubectl import apply, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import OBSERVABILITY, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until
from tests.metrics import Series, alerts, panels, scraped, selectors
from tests.promtool import fire, together

GATEWAYS, APPS = "log-gateways", "log-apps"
OWN, QUIET, MESH, MUTUAL, TRIED = (
    f"{name}.log.example.com" for name in ("own", "quiet", "as-the-mesh", "mutual", "tried")
)
HOSTS = (OWN, QUIET, MESH, MUTUAL, TRIED)
TEAM, TEAMS = "team", tuple(f"{name}.log.example.com" for name in ("one", "two"))
SHOP, STRANGER = (f"spiffe://cluster.local/ns/{APPS}/sa/{name}" for name in ("shop", "stranger"))
HUSH = "hush-4711"


@dataclass(frozen=True)
class Fleet:
    """The list of cases/observability.yaml, installed, with a client that may call and one that may not."""

    release: Release
    upstream: Upstream
    shop: Client
    stranger: Client
    outside: Client

    def pod(self, host: str) -> str:
        """The name of a host's gateway pod."""
        return gateways(GATEWAYS)[gateway_name(host)].name

    def log(self, host: str) -> str:
        """What a host's gateway has logged."""
        return gateway.log(GATEWAYS, self.pod(host))

    def lines(self, host: str) -> list[dict[str, Any]]:
        """The lines of the chart's own access log at a host's gateway."""
        return gateway.access_log(GATEWAYS, self.pod(host))


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("log-upstreams", "outside"), ["upstream"])
    upstream.certify({name: authority.issue(name) for name in (*HOSTS, *TEAMS)})
    serve(upstream, authority)
    upstream.be_known_as(*HOSTS, *TEAMS)
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority))
    clients = start_clients(
        namespace(APPS, "injected"),
        ClientPod("shop", account="shop"),
        ClientPod("stranger", account="stranger"),
        ClientPod("outside", sidecar=False),
    )
    release = Release(GATEWAYS, helm="helm3")
    release.apply(case("observability"))
    wait_ready(GATEWAYS, HOSTS)  # without a request, which would be a line in a log
    wait_answers((clients[0], f"http://{host}/") for host in TEAMS)
    yield Fleet(release, upstream, *clients)
    release.uninstall()
    dns.set_names({name: [] for name in (*HOSTS, *TEAMS)})


def serve(upstream: Upstream, authority: Authority) -> None:
    upstream.serve(
        Face(443, tls="simple"),
        Face(8443, tls="mutual", client_ca=authority.certificate),
        Face(5433, "tcp", tls="simple"),
    )


def last(fleet: Fleet, host: str, path: str) -> list[dict[str, Any]]:
    """All lines of a host's gateway up to that of a request for `path`, which is asked last."""
    assert fleet.shop.curl(f"http://{host}{path}").status == 200

    def written() -> list[dict[str, Any]]:
        lines = fleet.lines(host)
        return lines if any(line.get("path") == path for line in lines) else []

    return wait_until(written, f"the line of {path}", seconds=60)


def test_a_request_is_one_line(fleet: Fleet, proof: Proof) -> None:
    before = len(fleet.lines(OWN))
    url = f"http://{OWN}/a?token={HUSH}"
    assert fleet.shop.curl(url, "--header", f"Authorization: Bearer {HUSH}").status == 200
    assert fleet.stranger.curl(f"http://{OWN}/b", "--request", "POST").status == 403
    answered, refused, _ = last(fleet, OWN, "/1")[before:]
    known = ("host", "port", "client", "method", "path", "status", "protocol")
    assert [answered[key] for key in known] == [OWN, 80, SHOP, "GET", "/a", 200, "HTTP/1.1"]
    assert [refused[key] for key in known] == [OWN, 80, STRANGER, "POST", "/b", 403, "HTTP/1.1"]
    assert refused["details"] == "rbac_access_denied_matched_policy[none]"
    assert answered["upstream"] == f"{fleet.upstream.address}:443"
    log = fleet.log(OWN)
    assert HUSH not in log
    assert "GET /a" not in log, "the mesh's own line"
    claim = "`accessLog: true`, HTTP: one line, with the caller's identity, without the query and credentials"
    proof.row(OBSERVABILITY, claim, f"shop: `GET http://{OWN}/a?token=…`", "the request", "200")
    claim = "`accessLog: true`, HTTP, a caller that is refused: one line that says who and why"
    proof.row(OBSERVABILITY, claim, f"stranger: `POST http://{OWN}/b`", "nothing", "403")


def test_a_connection_is_one_line(fleet: Fleet, proof: Proof) -> None:
    before = len(fleet.lines(OWN))
    assert fleet.shop.curl(f"https://{OWN}/{HUSH}", "--insecure").status == 200
    assert fleet.shop.tcp(f"{OWN}:6390").ok
    passed, raw, _ = last(fleet, OWN, "/2")[before:]
    for line, port in ((passed, 443), (raw, 6390)):
        assert (line["host"], line["port"], line["client"]) == (OWN, port, SHOP)
        assert line["bytes_sent"] > 0
    assert HUSH not in fleet.log(OWN)
    claim = "`accessLog: true`, passthrough and TCP: one line for each connection, with the caller's identity"
    sent = f"shop: `GET https://{OWN}/…`, a line to `{OWN}:6390`"
    proof.row(OBSERVABILITY, claim, sent, "both", "200, an answer")


def test_who_is_refused_in_the_handshake_is_in_the_log(fleet: Fleet, proof: Proof) -> None:
    before = len(fleet.lines(OWN))
    assert fleet.stranger.curl(f"https://{OWN}/", "--insecure").status == 0
    assert not fleet.stranger.tcp(f"{OWN}:6390").ok
    address = gateways(GATEWAYS)[gateway_name(OWN)].addresses[0]
    past_the_sidecar = ("--insecure", "--connect-to", f"::{address}:8080")
    assert fleet.outside.curl(f"https://{OWN}:8080/", *past_the_sidecar).status == 0

    def refused() -> dict[int, dict[str, Any]]:
        lines = {line["port"]: line for line in fleet.lines(OWN)[before:] if line.get("refused")}
        return lines if len(lines) == 3 else {}

    lines = wait_until(refused, "a line of each refused handshake", seconds=60)
    requests, passed, raw = (lines[port] for port in (80, 443, 6390))
    for line, port in ((passed, 443), (raw, 6390)):
        assert (line["host"], line["port"], line["client"]) == (OWN, port, STRANGER)
        assert "SAN_matcher" in line["refused"]
    assert (requests["host"], requests["port"], requests["client"]) == (OWN, 80, None)
    assert "PEER_DID_NOT_RETURN_A_CERTIFICATE" in requests["refused"]
    claim = "`accessLog: true`, a caller that is refused in the handshake: one line that says who and why"
    sent = (
        f"stranger: `GET https://{OWN}/`, a line to `{OWN}:6390`; a pod outside of the mesh: `GET https://{OWN}:8080/`"
    )
    proof.row(OBSERVABILITY, claim, sent, "nothing", "no answer")


def test_false_logs_nothing_and_silence_is_the_mesh_s(fleet: Fleet, proof: Proof) -> None:
    for host in (QUIET, MESH):
        assert fleet.shop.curl(f"http://{host}/seen").status == 200
    wait_until(lambda: fleet.log(MESH).count("GET /seen") == 1, "the mesh's own line", seconds=60)
    assert fleet.lines(MESH) == []
    pod = fleet.pod(QUIET)
    hosts = case("observability")
    fleet.release.apply(hosts.replace(f"{QUIET}, accessLog: false", f"{QUIET}, accessLog: true"))

    def later() -> bool:
        return fleet.shop.curl(f"http://{QUIET}/later").status == 200 and "/later" in gateway.log(GATEWAYS, pod)

    # a pod writes its lines in order: once a later one is there, an earlier one would be too
    wait_until(later, "a later line of the same pod", seconds=60)
    assert fleet.pod(QUIET) == pod
    assert "/seen" not in gateway.log(GATEWAYS, pod)
    fleet.release.apply(hosts)
    proof.row(OBSERVABILITY, "`accessLog: false`: no line", f"shop: `GET http://{QUIET}/seen`", "the request", "200")


def series(fleet: Fleet) -> list[Series]:
    """What a scrape of all gateways gets."""
    pages = (gateway.prometheus(GATEWAYS, fleet.pod(host)) for host in HOSTS)
    return [one for page in pages for one in scraped(page)]


def test_alerts_and_panels_find_their_series(fleet: Fleet, proof: Proof) -> None:
    """Every selector of every expression finds a series on a gateway, labels included."""
    assert fleet.shop.curl(f"http://{OWN}/status/503").status == 503
    assert fleet.shop.curl(f"http://{MUTUAL}/").status == 200
    assert fleet.stranger.curl(f"http://{OWN}/").status == 403
    assert fleet.stranger.curl(f"http://{TRIED}/").status == 200
    asked = {
        selector
        for expressions in ([*alerts().values()], *panels().values())
        for expression in expressions
        for selector in selectors(expression)
        if selector.of_gateways
    }

    def missing() -> list[str]:
        found = series(fleet)
        return [one.text for one in asked if not any(one.finds(single) for single in found)]

    assert len(asked) > 10
    wait_until(lambda: not missing(), f"series for {missing()}", seconds=60)
    claim = f"each selector of the {len(alerts())} alerts and {len(panels())} panels finds series of a gateway"
    proof.row(OBSERVABILITY, claim, "calls that are answered, fail and are refused", "the calls", "their statuses")


def test_a_gateway_counts_its_own_hosts_alone(fleet: Fleet) -> None:
    """A fleet of a thousand hosts must not have a thousand times a thousand series."""
    for host in HOSTS:
        clusters = {
            one["cluster_name"]
            for one in scraped(gateway.prometheus(GATEWAYS, fleet.pod(host)))
            if "cluster_name" in one
        }
        outbound = {name for name in clusters if name.startswith("outbound|")}
        assert {name.rpartition("|")[2] for name in outbound} == {host}


def test_shared_pods_count_only_the_hosts_that_they_carry(fleet: Fleet) -> None:
    for host in TEAMS:
        assert fleet.shop.curl(f"http://{host}/").status == 200
    page = gateway.prometheus(GATEWAYS, gateways(GATEWAYS)[TEAM].name)
    clusters = {one["cluster_name"] for one in scraped(page) if "cluster_name" in one}
    outbound = {name.rpartition("|")[2] for name in clusters if name.startswith("outbound|")}
    assert outbound == {*TEAMS, "*.team.log.example.com"}


def test_a_dead_upstream_is_an_alert(
    fleet: Fleet, authority: Authority, rules: Any, tmp_path: Path, proof: Proof
) -> None:
    """Of what the gateways count, in Prometheus's own engine: while all is well, nothing fires."""
    healthy = partial(value, "envoy_cluster_membership_healthy")
    wait_until(lambda: all(map(healthy, (OWN, MESH))), "healthy upstreams", seconds=60)
    fire(rules, samples(), "10m", {}, tmp_path)
    fleet.upstream.serve()
    wait_until(lambda: not any(map(healthy, (*HOSTS, *TEAMS))), "no healthy upstream", seconds=60)
    down = [
        {
            "severity": "critical",
            "namespace": GATEWAYS,
            "egressc_io_gateway": TEAM if host in TEAMS else gateway_name(host),
            "cluster_name": f"outbound|{port}|{'carried' if host in TEAMS else ''}|{host}",
            "host": host,
        }
        | ({"owner": "team-own"} if host == OWN else {})
        for host in (*HOSTS, *TEAMS)
        for port in ((80, 443, 6390) if host == OWN else (80,))
    ]
    fire(rules, samples(), "10m", {"EgressUpstreamDown": down}, tmp_path)
    serve(fleet.upstream, authority)
    wait_until(lambda: all(map(healthy, (*HOSTS, *TEAMS))), "healthy upstreams", seconds=60)
    claim = "while an upstream is dead, EgressUpstreamDown fires for each of its ports, with the host's owner"
    proof.row(OBSERVABILITY, claim, "nothing", "nothing: it is dead", "nothing")


@pytest.mark.usefixtures("fleet")
def test_gateways_without_pods_are_an_alert(rules: Any, tmp_path: Path, proof: Proof) -> None:
    """Nothing of them is left to scrape."""
    left = {series: values for series, values in samples().items() if gateway_name(QUIET) not in series}
    without = {"severity": "critical", "namespace": GATEWAYS, "egressc_io_gateway": gateway_name(QUIET)}
    fire(rules, left, "10m", {"EgressGatewayWithoutPods": [without]}, tmp_path)
    claim = "a gateway of which nothing is scraped: EgressGatewayWithoutPods fires, and no other alert"
    proof.row(OBSERVABILITY, claim, "nothing", "nothing", "nothing")


@pytest.fixture
def rules(helm3: Helm) -> Any:
    """The rules that the chart prints for the list."""
    plan = compile_text(case("observability")).plan
    assert plan
    return together(helm3.render(emit.values(plan) | {"monitoring": {"prometheusRule": {"enabled": True}}}))


def samples() -> dict[str, str]:
    """All that a scrape of all gateways gets, with its labels, as it stands for ten minutes."""
    found: dict[str, str] = {}
    for name, pod in gateways(GATEWAYS).items():
        page = gateway.prometheus(GATEWAYS, pod.name)
        labels = f'namespace="{GATEWAYS}",egressc_io_gateway="{name}"'
        found[f"up{{{labels}}}"] = "1x15"
        for metric, own, number in re.findall(r"^([a-zA-Z_:][\w:]*)(?:\{(.*)\})? (\S+)$", page, re.MULTILINE):
            found[f"{metric}{{{','.join(filter(None, (own, labels)))}}}"] = f"{number}x15"
    return found


def value(metric: str, host: str) -> float:
    """The least that a gateway counts of one of its host's ports."""
    name = TEAM if host in TEAMS else gateway_name(host)
    ours = re.compile(rf'^{metric}\{{.*"outbound[^"]+\|{re.escape(host)}".*\}} (\S+)$', re.MULTILINE)
    return min(map(float, ours.findall(gateway.prometheus(GATEWAYS, gateways(GATEWAYS)[name].name))))


def test_prometheus_finds_the_port(fleet: Fleet) -> None:
    """The PodMonitor names a port that the injected pod has."""
    ports = kubectl(
        *("get", "pod", "--namespace", GATEWAYS, fleet.pod(OWN)),
        "--output=jsonpath={.spec.containers[*].ports[*].name}",
    )
    assert "http-envoy-prom" in ports.split()
