"""What older meshes get: gateways that take no part in traces, and no way to a wildcard's names."""

import json
import time
from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import credentials, gateways, requests, wait_ready
from tests.mesh.kubectl import apply, get, kubectl
from tests.mesh.proof import HEADERS, WILDCARDS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, APPS = "older-gateways", "older-apps"
HOST, WILDCARD, NAME = "api.older.example.com", "*.names.older.example.com", "a.names.older.example.com"
OLDER = f"""
version: 1
mesh: {{istio: "1.29"}}
defaults: {{namespace: {GATEWAYS}, clients: [{APPS}], tls: {{secret: own-ca}}}}
hosts: [{HOST}]
"""
NEWER = f"""
version: 1
defaults: {{namespace: {GATEWAYS}, clients: [{APPS}], tls: {{mode: none, unverified: a test without TLS}}}}
hosts:
- {{host: "{WILDCARD}", deniedRanges: [192.0.2.0/24]}}
"""
TRACE = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01"


@dataclass(frozen=True)
class Fleets:
    """A host of a list for Istio 1.29, a wildcard of one for the newest, their upstream, and a client of both."""

    upstream: Upstream
    app: Client


@pytest.fixture(scope="module")
def fleets(namespace: MakeNamespace, authority: Authority) -> Iterator[Fleets]:
    (upstream,) = start_upstreams(namespace("older-outside", "outside"), ["upstream"])
    upstream.certify({HOST: authority.issue(HOST)})
    upstream.serve(Face(443, tls="simple"), Face(80))
    upstream.be_known_as(HOST, NAME)
    apply(*credentials(namespace(GATEWAYS, "plain"), authority))
    (app,) = start_clients(namespace(APPS, "injected"), ClientPod("app"))
    releases = Release(GATEWAYS, "older"), Release(GATEWAYS, "newer")
    for release, hosts in zip(releases, (OLDER, NEWER), strict=True):
        release.apply(hosts)
    wait_ready(GATEWAYS, [HOST])
    yield Fleets(upstream, app)
    for release in releases:
        release.uninstall()
    dns.set_names({HOST: [], NAME: []})


def _traced(fleets: Fleets, path: str) -> Answer:
    """A request with a trace of the application's own."""
    return fleets.app.curl(f"http://{HOST}{path}", "--header", f"traceparent: {TRACE}")


def test_no_trace_header_reaches_the_upstream(fleets: Fleets, proof: Proof) -> None:
    answer = _traced(fleets, "/")
    assert answer.status == 200, answer
    assert set(answer.seen["headers"]) == {"accept", "user-agent"}
    claim = "a list for Istio 1.29: a gateway that takes no part in traces sends no header of them"
    proof.row(HEADERS, claim, f"`GET http://{HOST}/`, header `traceparent`", saw(answer.seen), got(answer))


def test_without_the_setting_trace_headers_reach_the_upstream(fleets: Fleets) -> None:
    """The mesh of the test traces, so that the test above can fail."""
    kubectl("delete", "telemetry", "--namespace", GATEWAYS, gateway_name(HOST))

    def shown() -> bool:
        answer = _traced(fleets, "/traced")
        return answer.status == 200 and "traceparent" in answer.seen["headers"]

    wait_until(shown, "a traced request", seconds=60)


def _ask(fleets: Fleets) -> Answer:
    return fleets.app.curl(f"http://{NAME}/", "--connect-to", "::192.0.2.1:80")


@pytest.mark.since("a wildcard's denied ranges")
def test_other_settings_of_a_wildcard_crash_no_proxy(fleets: Fleets) -> None:
    """Envoy before 1.40 makes a further DNS cache in freed memory, if a listener has made the first one."""
    for ranges in ("198.51.100.0/24", "203.0.113.0/24", "192.0.2.0/24"):
        Release(GATEWAYS, "newer").apply(NEWER.replace("192.0.2.0/24", ranges))
        # the old listener and its cache are gone after the drain
        time.sleep(5)
        wait_until(lambda: _ask(fleets).status == 200, "the gateway answers", seconds=60)
    assert gateways(GATEWAYS)[gateway_name(WILDCARD)].restarts == 0


@pytest.mark.since("a wildcard's denied ranges")
def test_a_proxy_that_knows_no_denied_ranges_has_no_way_to_the_names(fleets: Fleets, proof: Proof) -> None:
    """The mesh's proxies are those that know them: for the test, the patch is for proxies that are newer still."""
    wait_until(lambda: _ask(fleets).status == 200, "the gateway answers", seconds=60)
    name = f"{gateway_name(WILDCARD)}.wildcard"
    whole = json.dumps(get("envoyfilter", "--namespace", GATEWAYS, name))
    assert whole.count("3[1-9]|[4-9][0-9]") >= 2
    apply(json.loads(whole.replace("3[1-9]|[4-9][0-9]", "9[0-9]")))
    wait_until(lambda: _ask(fleets).status == 503, "a gateway without the patch", seconds=60)
    fleets.upstream.forget()
    answer = _ask(fleets)
    assert answer.status == 503, answer
    assert requests(fleets.upstream) == []
    claim = "a wildcard in a mesh that does not know denied ranges: no way to any name"
    proof.row(WILDCARDS, claim, f"`GET http://{NAME}/`", "nothing", got(answer))
