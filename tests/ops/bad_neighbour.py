"""Whether a host feels what becomes of another's upstream: on a gateway of its own, and on the same shared gateway."""

from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import NamedTuple

from tests.mesh import images
from tests.mesh.upstream import Face, start_upstreams
from tests.ops.ground import EGRESS, FACES, OUTSIDE, QUICK, Ground, host_list, installed, name
from tests.ops.load import Report, attack

BAD, OWN, SHARED = name("bad"), name("own"), name("beside")
RATE = 100.0
GATEWAY = "shared"


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


def measure(ground: Ground, troubles: Mapping[str, Trouble] = TROUBLES, seconds: float = 20) -> dict[str, float]:
    """Failed requests of two neighbours, and their p99 over that without a bad neighbour; each load takes `seconds`."""
    (bad,) = start_upstreams(OUTSIDE, ["bad"])
    bad.certify({BAD: images.public_authority().issue(BAD)})
    ground.know([OWN, SHARED])
    bad.be_known_as(BAD)
    bad.serve(*FACES)
    both = [{"host": one, "gateway": GATEWAY} for one in (BAD, SHARED)]
    shared = f"gateways: [{{name: {GATEWAY}, namespace: {EGRESS}}}]\n"
    found: dict[str, float] = {}
    try:
        with installed(host_list([*both, OWN]) + shared, QUICK):
            ground.await_answers(BAD, OWN, SHARED)
            well = _loads(ground, Trouble(), seconds)
            for state, trouble in troubles.items():
                bad.serve(*trouble.faces)
                now = _loads(ground, trouble, seconds)
                for which in ("own", "shared"):
                    found[f"neighbour_{state}_{which}_failed"] = now[which].failed
                    found[f"neighbour_{state}_{which}_p99_over_well"] = now[which].p99 / well[which].p99
                bad.serve(*FACES)
                ground.await_answers(BAD)
    finally:
        bad.delete()
    return found


def _loads(ground: Ground, trouble: Trouble, seconds: float) -> dict[str, Report]:
    """What becomes of requests to all three at once."""
    loads = {
        "own": (f"http://{OWN}/", RATE),
        "shared": (f"http://{SHARED}/", RATE),
        "bad": (f"http://{BAD}{trouble.path}", trouble.rate),
    }
    with ThreadPoolExecutor(len(loads)) as pool:
        asked = {
            which: pool.submit(attack, ground.client, [url], rate, seconds) for which, (url, rate) in loads.items()
        }
        reports = {which: one.result() for which, one in asked.items()}
    ground.upstream.forget()
    return reports
