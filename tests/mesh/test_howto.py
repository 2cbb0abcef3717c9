"""What the pages in docs/howto say of the mesh itself: zones, and clients that `http://` does not suit."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, peer, wait_answers
from tests.mesh.kubectl import get, kubectl
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import REFUSED, ROUTES, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS, HOST = "howto-gateways", "api.howto.example.com"
HOWTO = Path(__file__).parents[2] / "docs" / "howto"
LOCALITY = "istio-locality"  # of a pod, instead of its node's


def shown(page: str, name: str) -> dict[str, Any]:
    """A file that a page shows."""
    fence = re.compile(rf"^```yaml\n# {re.escape(name)}\n(.*?)^```$", re.MULTILINE | re.DOTALL)
    (block,) = fence.findall((HOWTO / page).read_text(encoding="utf-8"))
    content: dict[str, Any] = yaml.safe_load(block)
    return content


@dataclass(frozen=True)
class Fleet:
    """The list of cases/howto.yaml with the values of docs/howto/zone.md, and a client in the zone `one`."""

    upstream: Upstream
    shop: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, public_authority: Authority) -> Iterator[Fleet]:
    (upstream,) = start_upstreams(namespace("howto-upstreams", "outside"), ["upstream"])
    upstream.certify({HOST: public_authority.issue(HOST)})
    upstream.be_known_as(HOST)
    upstream.serve(Face(443, tls="simple"))
    namespace(GATEWAYS, "plain", RESTRICTED)
    release = Release(GATEWAYS)
    release.apply(case("howto"), shown("zone.md", "zones.yaml"))
    (shop,) = start_clients(namespace("howto-apps", "injected"), ClientPod("shop", labels={LOCALITY: "here.one"}))
    wait_answers([(shop, f"http://{HOST}/")])
    yield Fleet(upstream, shop)
    release.uninstall()
    dns.set_names({HOST: []})


def pods() -> dict[str, str]:
    """The gateway's pods by their addresses."""
    items = get("pods", "--namespace", GATEWAYS)["items"]
    return {one["ip"]: pod["metadata"]["name"] for pod in items for one in pod["status"]["podIPs"]}


def used(fleet: Fleet) -> set[str]:
    """The pods that twenty requests went through."""
    names, answers = pods(), [fleet.shop.curl(f"http://{HOST}/") for _ in range(20)]
    assert {answer.status for answer in answers} == {200}
    return {names[peer(answer.seen)] for answer in answers}


def test_sidecars_prefer_the_gateway_of_their_zone(fleet: Fleet, proof: Proof) -> None:
    names = sorted({*pods().values()})
    assert len(names) == 2
    for name, zone in zip(names, ("one", "two"), strict=True):
        kubectl("label", "pod", name, "--namespace", GATEWAYS, f"{LOCALITY}=here.{zone}")
    wait_until(lambda: used(fleet) == {names[0]}, "all requests go through the pod of the zone", seconds=60)
    kubectl("label", "pod", names[0], "--namespace", GATEWAYS, f"{LOCALITY}=here.two", "--overwrite")
    wait_until(lambda: used(fleet) == {*names}, "requests go to other zones", seconds=60)
    claim = "`PreferSameZone`: a sidecar takes the gateway's pod in its own zone, and others if there is none"
    proof.row(ROUTES, claim, f"twenty times `GET http://{HOST}/`", "one pod of two; both", "200")


@pytest.mark.parametrize(
    ("what", "options", "statuses"),
    [
        ("offers `Upgrade: TLS/1.2`", ("--header", "Connection: Upgrade", "--header", "Upgrade: TLS/1.2"), {403}),
        ("offers `Upgrade: h2c`", ("--http2",), {200}),
        # closed where the sidecar looks at the first bytes, because another host on port 80 is none of HTTP
        ("speaks HTTP/1.0", ("--http1.0",), {0, 426}),
    ],
)
def test_what_clients_of_http_do(
    fleet: Fleet, proof: Proof, what: str, options: tuple[str, ...], statuses: set[int]
) -> None:
    answer = fleet.shop.curl(f"http://{HOST}/", *options)
    assert answer.status in statuses, answer
    seen = "the request" if answer.status == 200 else "nothing"
    proof.row(REFUSED, f"a client that {what}", f"`GET http://{HOST}/`", seen, got(answer))
