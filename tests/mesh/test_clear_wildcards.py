"""A wildcard in clear leads each name to its own upstream by its Host, and to nothing else."""

from collections.abc import Iterator
from dataclasses import dataclass

import pytest

from egressc.names import gateway_name
from tests.mesh import dns, versions
from tests.mesh.attacker import take_over
from tests.mesh.client import Answer, Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import case, gateways, requests
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.page import CLOSED
from tests.mesh.proof import WILDCARDS, Proof, got, saw
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

GATEWAYS = "clear-gateways"
RANGES = "a wildcard's denied ranges"


def name(label: str) -> str:
    return f"{label}.names.clear.example.com"


@dataclass(frozen=True)
class Fleet:
    """The list of cases/clear.yaml; two upstreams, and a third that no name may lead to."""

    first: Upstream
    second: Upstream
    denied: Upstream
    shop: Client
    stranger: Client


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace) -> Iterator[Fleet]:
    first, second, denied = start_upstreams(namespace("clear-upstreams", "outside"), ["first", "second", "denied"])
    known = {
        name("a"): [first.address],
        name("b"): [second.address],
        name("gold"): [second.address],
        name("denied"): [denied.address],
        name("denied-v6"): [denied.address_v6],
        "a.default.clear.example.com": [denied.address],
        "outside.clear.example.org": [second.address],
    }
    first.serve(Face(80))
    second.serve(Face(80))
    denied.serve(Face(80, "tcp", greets_first=True))
    dns.set_names(known)
    namespace(GATEWAYS, "plain", RESTRICTED)
    (shop,) = start_clients(namespace("clear-apps", "injected"), ClientPod("shop"))
    (stranger,) = start_clients(namespace("clear-others", "injected"), ClientPod("stranger"))
    release = Release(GATEWAYS)
    release.apply(case("clear", denied=denied.address, denied_v6=denied.address_v6))
    status = 200 if versions.can(versions.chosen(), RANGES) else 503
    wait_until(lambda: ask(shop, name("a")).status == status, f"the gateway answers {status}", seconds=60)
    yield Fleet(first, second, denied, shop, stranger)
    release.uninstall()
    dns.set_names({one: [] for one in known})


def ask(client: Client, host: str, *options: str) -> Answer:
    """A GET whose connection goes by its Host alone: its address is nobody's."""
    return client.curl(f"http://{host}/a?b=%2F//c", "--connect-to", "::192.0.2.1:80", *options)


@pytest.mark.since(RANGES)
def test_each_name_has_its_own_upstream(fleet: Fleet, proof: Proof) -> None:
    for label, upstream in (("a", fleet.first), ("b", fleet.second)):
        upstream.forget()
        answer = ask(fleet.shop, name(label))
        assert answer.status == 200, answer
        (seen,) = requests(upstream)
        assert (seen["host"], seen["target"], seen["tls"]) == (name(label), "/a?b=%2F//c", None)
        assert {header.lower() for header in seen["headers"]} == {"accept", "user-agent"}
        claim = f"a wildcard in clear: {name(label)} is found by its Host"
        proof.row(WILDCARDS, claim, f"`GET http://{name(label)}/a`", saw(answer.seen), got(answer))


@pytest.mark.before(RANGES)
def test_a_proxy_that_cannot_deny_addresses_finds_none(fleet: Fleet, proof: Proof) -> None:
    fleet.first.forget()
    answer = ask(fleet.shop, name("a"))
    assert answer.status == 503, answer
    assert requests(fleet.first) == []
    claim = f"{CLOSED} a wildcard in clear: {name('a')} is found by its Host"
    proof.row(WILDCARDS, claim, f"`GET http://{name('a')}/a`", "nothing", got(answer))


@pytest.mark.since(RANGES)
def test_the_port_is_the_list_s(fleet: Fleet) -> None:
    fleet.second.forget()
    answer = ask(fleet.shop, name("b"), "--header", f"Host: {name('b')}:8080")
    assert answer.status == 200, answer  # nobody listens on 8080


@pytest.mark.parametrize("host", [name("denied"), name("denied-v6"), "a.default.clear.example.com", name("absent")])
def test_no_name_leads_to_a_denied_address(fleet: Fleet, proof: Proof, host: str) -> None:
    fleet.denied.forget()
    answer = ask(fleet.shop, host)
    assert answer.status == 503, answer
    assert fleet.denied.seen() == []
    claim = f"a wildcard in clear: {host} has no allowed address"
    proof.row(WILDCARDS, claim, f"`GET http://{host}/a`", "nothing", got(answer))


@pytest.mark.since(RANGES)
def test_neither_strangers_nor_other_names(fleet: Fleet, proof: Proof) -> None:
    fleet.second.forget()
    taken, address = take_over(fleet.shop), gateways(GATEWAYS)[gateway_name("*.names.clear.example.com")].addresses[0]
    assert taken.http(address, 8080, "_.names.clear.example.com", "GET /a", f"Host: {name('a')}").status == 200
    assert ask(fleet.stranger, name("b")).status in (0, 403, 502)
    for host in ("outside.clear.example.org", "clear.example.com", "10.0.0.1", name("gold")):
        answer = ask(fleet.shop, name("b"), "--header", f"Host: {host}")
        assert answer.status in (0, 403, 404, 502), answer
        # whoever is taken over asks the wildcard's gateway itself
        attacked = taken.http(address, 8080, "_.names.clear.example.com", "GET /a", f"Host: {host}")
        assert attacked.status in (403, 404), attacked
    assert requests(fleet.second) == []
    claim = "a wildcard in clear: a Host that is none of its names, or is listed itself"
    proof.row(WILDCARDS, claim, f"`GET`, `Host: {name('gold')}`", "nothing", "403 or 404")
