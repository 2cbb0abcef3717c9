"""Whether a host feels what becomes of another's upstream: on a gateway of its own, and on the same shared gateway."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

from tests.mesh import images
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.ops.ground import EGRESS, FACES, OUTSIDE, QUICK, Ground, host_list, installed, name
from tests.ops.load import Report, attack

BAD, OWN, SHARED = name("bad"), name("own"), name("beside")
RATE, SECONDS = 100, 20
GATEWAY = "shared"


def _dies(upstream: Upstream) -> str:
    upstream.serve()
    return "/"


def _breaks(upstream: Upstream) -> str:
    upstream.serve(Face(443, "tcp"))  # it takes connections, and answers TLS with garbage
    return "/"


STATES: dict[str, Callable[[Upstream], str]] = {
    "dead": _dies,
    "broken": _breaks,
    "failing": lambda _: "/status/500",
    "slow": lambda _: "/slow?seconds=3",
    "hanging": lambda _: "/slow?seconds=25",
}


def measure(ground: Ground) -> dict[str, float]:
    """Failed requests of two neighbours, and their p99 over that without a bad neighbour."""
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
            well = _loads(ground, "/")
            for state, become in STATES.items():
                now = _loads(ground, become(bad))
                for which in ("own", "shared"):
                    found[f"neighbour_{state}_{which}_failed"] = now[which].failed
                    found[f"neighbour_{state}_{which}_p99_over_well"] = now[which].p99 / well[which].p99
                bad.serve(*FACES)
                ground.await_answers(BAD)
    finally:
        bad.delete()
    return found


def _loads(ground: Ground, path: str) -> dict[str, Report]:
    """What becomes of requests to all three at once; those to the bad one ask for `path`."""
    urls = {"own": f"http://{OWN}/", "shared": f"http://{SHARED}/", "bad": f"http://{BAD}{path}"}
    with ThreadPoolExecutor(len(urls)) as pool:
        asked = {which: pool.submit(attack, ground.client, [url], RATE, SECONDS) for which, url in urls.items()}
        reports = {which: one.result() for which, one in asked.items()}
    ground.upstream.forget()
    return reports
