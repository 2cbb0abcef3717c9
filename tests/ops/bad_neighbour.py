"""Whether a host feels what becomes of another's upstream: on a gateway of its own, and on the same shared gateway."""

from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tests.mesh import images
from tests.mesh.upstream import Face, start_upstreams
from tests.ops.ground import FACES, OUTSIDE, QUICK, Ground, host_list, installed, name
from tests.ops.load import Report, attack
from tests.ops.turns import compared

Reports = dict[str, Report]

BAD, OWN, SHARED = name("bad"), name("own"), name("beside")
RATE, BESIDE = 100.0, 200.0
TURNS = 3
GATEWAY = "shared"
OVER = {"own": "own_well", "shared": "shared_well"}


class Trouble(NamedTuple):
    """What an upstream serves, what it is asked, and how often in a second."""

    faces: tuple[Face, ...] = FACES
    path: str = "/"
    rate: float = RATE


TROUBLES = {
    "dead": Trouble(faces=()),
    "broken": Trouble(faces=(Face(443, "tcp"),)),  # it takes connections, and answers TLS with garbage
    "failing": Trouble(path="/status/500"),
    "slow": Trouble(path="/slow?seconds=3"),
    "hanging": Trouble(path="/slow?seconds=25"),
    "resetting": Trouble(path="/reset"),
    "sending": Trouble(path=f"/bytes?count={10**9}", rate=0.1),
}


def measure(
    ground: Ground, troubles: Mapping[str, Trouble] = TROUBLES, seconds: float = 10, turns: int = TURNS
) -> dict[str, float]:
    """Failed requests of two neighbours, and their p99 over that in the same turn without a bad neighbour.

    Each load takes `seconds`.
    """
    (bad,) = start_upstreams(OUTSIDE, ["bad"])
    bad.certify({BAD: images.public_authority().issue(BAD)})
    ground.know([OWN, SHARED])
    bad.be_known_as(BAD)
    bad.serve(*FACES)
    both = [{"host": one, "gateway": GATEWAY} for one in (BAD, SHARED)]
    found: dict[str, float] = {}
    try:
        with installed(host_list([*both, OWN], beside=GATEWAY), QUICK):
            ground.await_answers(BAD, OWN, SHARED)
            for state, trouble in troubles.items():
                pairs = []
                for _ in range(turns):
                    well = _loads(ground, Trouble(), seconds)
                    bad.serve(*trouble.faces)
                    pairs.append((well, _loads(ground, trouble, seconds)))
                    bad.serve(*FACES)
                    ground.await_answers(BAD)
                found |= _compared(state, pairs)
    finally:
        bad.delete()
    return found


def _compared(state: str, turns: Sequence[tuple[Reports, Reports]]) -> dict[str, float]:
    failed = {f"neighbour_{state}_{which}_failed": sum(ill[which].failed for _, ill in turns) for which in OVER}
    p99 = [
        {which: ill[which].p99 for which in OVER} | {other: well[which].p99 for which, other in OVER.items()}
        for well, ill in turns
    ]
    return failed | compared(f"neighbour_{state}", p99, OVER, "_p99_ms")


def _loads(ground: Ground, trouble: Trouble, seconds: float) -> Reports:
    """What becomes of requests to all three at once."""
    loads = {
        "own": (f"http://{OWN}/", BESIDE),
        "shared": (f"http://{SHARED}/", BESIDE),
        "bad": (f"http://{BAD}{trouble.path}", trouble.rate),
    }
    with ThreadPoolExecutor(len(loads)) as pool:
        asked = {
            which: pool.submit(attack, ground.client, [url], rate, seconds) for which, (url, rate) in loads.items()
        }
        reports = {which: one.result() for which, one in asked.items()}
    ground.upstream.forget()
    return reports
