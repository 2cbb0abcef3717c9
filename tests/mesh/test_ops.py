"""The short form of `make ops`: what it counts, without its times and its large fleets."""

from collections.abc import Iterator

import pytest

from tests.mesh.proof import OPERATIONS, Proof
from tests.ops import bad_neighbour, budget, lost
from tests.ops.ground import Ground, ground
from tests.ops.load import prepare

TROUBLES = {name: bad_neighbour.TROUBLES[name] for name in ("broken", "failing", "resetting")}
EVENTS = {"restarted": lost.restarted, "renewed": lost.renewed}


@pytest.fixture(scope="module")
def stage(mesh: None) -> Iterator[Ground]:  # noqa: ARG001  the mesh is up while this lasts
    with ground() as made:
        prepare(made.client)
        yield made


def test_one_budget_over_two_hops(stage: Ground, proof: Proof) -> None:
    measured = budget.measure(stage)
    tries = {name: number for name, number in measured.items() if name.startswith("tries")}
    assert tries == {"tries_get": 1, "tries_post": 1, "tries_get_asked": 1 + budget.RETRIES}
    claim = "the upstream sees as many tries as are configured, and no more"
    asked = "a GET and a POST by default, and a GET with 2 retries; the upstream answers 503"
    proof.row(OPERATIONS, claim, asked, "1, 1 and 3 requests", "503")


def test_neighbours_in_trouble(stage: Ground, proof: Proof) -> None:
    measured = bad_neighbour.measure(stage, TROUBLES, seconds=8, turns=1)
    failed = {name: number for name, number in measured.items() if name.endswith("_failed")}
    assert len(failed) == 2 * len(TROUBLES)
    assert not any(failed.values()), failed
    for trouble in TROUBLES:
        claim = f"another upstream is {trouble}: hosts of the same shared gateway and of their own feel nothing"
        proof.row(OPERATIONS, claim, "GET at a constant rate, to all three", "all requests of the other two", "200")


def test_no_request_is_lost(stage: Ground, proof: Proof) -> None:
    measured = lost.measure(stage, EVENTS, lost.Load(rate=20, seconds=25))
    missing = {name: number for name, number in measured.items() if name.startswith(("lost", "cut"))}
    assert len(missing) == 2 * len(EVENTS)
    assert not any(missing.values()), missing
    done = {
        "restarted": "the gateway's pods are replaced",
        "renewed": "the Secret of its client certificate is renewed",
    }
    for event in EVENTS:
        claim = f"{done[event]}: no request is lost, and no connection cut"
        proof.row(
            OPERATIONS,
            claim,
            "GET, POST, WebSockets, gRPC streams and TCP at a constant rate",
            "all of them",
            "answered",
        )
