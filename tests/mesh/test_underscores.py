"""A header that the gateway sets, removes or owns has no second spelling, which many upstreams read as the same."""

from collections.abc import Iterator

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case as listed
from tests.mesh.fleet import secret, wait_answers
from tests.mesh.kubectl import apply
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import HEADERS, Proof, got
from tests.mesh.release import Release
from tests.mesh.upstream import Face, start_upstreams

GATEWAYS = "spellings-gateways"
CHANGED, TOKEN, NEIGHBOUR = (f"{name}.spellings.example.com" for name in ("changed", "token", "neighbour"))


@pytest.fixture(scope="module")
def shop(namespace: MakeNamespace, authority: Authority) -> Iterator[Client]:
    (upstream,) = start_upstreams(namespace("spellings-upstreams", "outside"), ["upstream"])
    names = (CHANGED, TOKEN, NEIGHBOUR)
    upstream.certify({name: authority.issue(name) for name in names})
    upstream.serve(Face(443, tls="simple"))
    upstream.be_known_as(*names)
    apply(
        secret(namespace(GATEWAYS, "plain", RESTRICTED), "own-ca", {"ca.crt": authority.certificate}),
        secret(GATEWAYS, "partner", {"token": "the-key"}),
    )
    (client,) = start_clients(namespace("spellings-apps", "injected"), ClientPod("shop"))
    release = Release(GATEWAYS)
    release.apply(listed("underscores"))
    wait_answers((client, f"http://{name}/") for name in names)
    yield client
    release.uninstall()
    dns.set_names({name: [] for name in names})


SPELLINGS = [
    (CHANGED, {"X_Tenant_Id": "evil", "x_tenant-id": "evil", "X-Tenant-Id": "evil"}, {"x-tenant-id": ["ours"]}),
    (CHANGED, {"X_Debug_Level": "9", "x-debug_level": "9", "X-Debug-Level": "9"}, {}),
    (CHANGED, {"own-name": "evil", "Own_Name": "evil"}, {}),
    (TOKEN, {"X_Api_Key": "evil", "X-Api_Key": "evil", "x-api-key": "evil"}, {"x-api-key": ["the-key"]}),
]


@pytest.mark.parametrize("case", SPELLINGS, ids=lambda case: min(case[1]))
@pytest.mark.parametrize("version", ["http1.1", "http2-prior-knowledge"])
def test_other_spellings_are_dropped(
    shop: Client, proof: Proof, case: tuple[str, dict[str, str], dict[str, list[str]]], version: str
) -> None:
    host, sent, expected = case
    options = [part for name, value in sent.items() for part in ("--header", f"{name}: {value}")]
    answer = shop.curl(f"http://{host}/a", f"--{version}", *options)
    assert answer.status == 200, answer
    kinds = {name.lower().replace("_", "-") for name in sent}
    seen = {name: values for name, values in answer.seen["headers"].items() if name.replace("_", "-") in kinds}
    assert seen == ({"own_name": ["ours"]} if "own-name" in kinds else expected)
    saw = ", ".join(f"`{name}: {value}`" for name, (value,) in sorted(seen.items())) or "none of them"
    claim = f"other spellings of {min(kinds)}, a header of the gateway's, are dropped ({version})"
    proof.row(HEADERS, claim, ", ".join(f"`{name}: {value}`" for name, value in sent.items()), saw, got(answer))


def test_a_host_that_changes_no_header_gets_all(shop: Client) -> None:
    answer = shop.curl(f"http://{NEIGHBOUR}/a", "--header", "client_id: mine", "--header", "client-id: mine")
    assert {"client_id", "client-id"} <= set(answer.seen["headers"])
