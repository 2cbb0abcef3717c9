"""Whether anything is lost while a gateway is changed: GET and POST, WebSockets, gRPC streams and TCP connections.

Each is sent or opened at a constant rate, whatever becomes of those before. Connections last for less than the drain.
"""

import json
import time
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

from egressc.names import gateway_name
from tests.mesh import istio, second_node
from tests.mesh.certificates import Authority
from tests.mesh.client import Client
from tests.mesh.errors import MeshError
from tests.mesh.fleet import key_pair, secret
from tests.mesh.gateway import pods
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.release import Release, Values
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.ops.ground import ADDRESS, AS_SHIPPED, EGRESS, FACES, OUTSIDE, Entry, Ground, host_list, installed, name
from tests.ops.held import GRPC, TCP, WEBSOCKET, hold
from tests.ops.load import attack

HOST = name("kept")
GATEWAY = gateway_name(HOST)
DEPLOYMENT = f"deployment/{GATEWAY}"
ISTIOD = ("deployment/istiod", f"--namespace={istio.NAMESPACE}")
TWO: Values = {**AS_SHIPPED, "replicas": 2, "readiness": {"interval": "5s", "timeout": "2s", "unhealthyThreshold": 2}}
THREE: Values = {**TWO, "replicas": 3}
#: One pod on each node: the chart spreads them.
ON_TWO_NODES: Values = {**TWO, "tolerations": [second_node.TOLERATION]}
KEY = {"mode": "mutual", "secret": "partner"}
PORTS: list[Entry] = [
    {"port": 80},
    {"port": 81, "protocol": "HTTP2", "upstreamPort": 443},
    {"port": 5432, "protocol": "TCP", "tls": {"mode": "none", "unverified": "the lines are in this test"}},
]
#: New connections to the upstream all the time, as its certificate is looked at only then.
POOL = {"maxRequestsPerConnection": 100}
TARGETS = {WEBSOCKET: f"ws://{HOST}/", GRPC: f"{HOST}:81", TCP: f"{ADDRESS}:5432"}
HELD_SECONDS = 10


@dataclass(frozen=True)
class Load:
    """So many of each kind in a second, for so many seconds."""

    rate: float
    seconds: float

    @property
    def count(self) -> int:
        """So many of each kind in all."""
        return round(self.rate * self.seconds)


#: 20,000 of each kind, of which 1,000 are open at any time: the most that two cores do.
LOAD = Load(100, 200)


@dataclass(frozen=True)
class Stage:
    """What is changed: the release, the upstream and another one, and who issues certificates."""

    release: Release
    upstreams: tuple[Upstream, Upstream]
    authority: Authority


#: What the host says on its way to a shared gateway and back.
STEPS: tuple[dict[str, str], ...] = (
    {"standby": "partners"},
    {"gateway": "partners", "standby": "own"},
    {"gateway": "partners"},
    {"gateway": "partners", "standby": "own"},
    {"standby": "partners"},
    {},
)


def _list(carried: Mapping[str, str] | None = None) -> str:
    host = {"host": HOST, "addresses": [ADDRESS], "ports": PORTS, "tls": KEY, "connectionPool": POOL}
    return host_list([host | dict(carried or {})], beside="partners")


def restarted(_: Stage) -> None:
    """A rolling restart."""
    kubectl("rollout", "restart", DEPLOYMENT, "--namespace", EGRESS)
    kubectl("rollout", "status", DEPLOYMENT, "--namespace", EGRESS, "--timeout=120s", seconds=150)


def killed(_: Stage) -> None:
    """One of two pods ends at once."""
    first, *_others = pods(EGRESS, f"egressc.io/gateway={GATEWAY}")
    kubectl("delete", "pod", "--namespace", EGRESS, first, "--grace-period=0", "--force")


def upgraded(stage: Stage) -> None:
    """`helm upgrade` with a setting that replaces all pods."""
    stage.release.apply(_list(), {**TWO, "resources": {"requests": {"cpu": "6m", "memory": "41Mi"}}}, seconds=150)


def scaled(stage: Stage) -> None:
    """One pod more, and one less."""
    stage.release.apply(_list(), THREE, seconds=150)
    stage.release.apply(_list(), TWO, seconds=150)


def evicted(_: Stage) -> None:
    """One of two pods is evicted, as when a node is drained."""
    first, *_others = pods(EGRESS, f"egressc.io/gateway={GATEWAY}")
    eviction = {"apiVersion": "policy/v1", "kind": "Eviction", "metadata": {"name": first, "namespace": EGRESS}}
    place = f"/api/v1/namespaces/{EGRESS}/pods/{first}/eviction"
    kubectl("create", "--raw", place, "--filename=-", text=json.dumps(eviction))


def drained_node(_: Stage) -> None:
    """The node of one of two pods is drained."""
    there = [name for _, name in second_node.pods_there() if name.startswith(f"{GATEWAY}-")]
    if len(there) != 1:
        raise MeshError(f"of the gateway's two pods {len(there)} are on the second node")
    kubectl("drain", second_node.NAME, "--delete-emptydir-data", "--timeout=120s", seconds=150)
    kubectl("rollout", "status", DEPLOYMENT, "--namespace", EGRESS, "--timeout=120s", seconds=150)


def renewed(stage: Stage) -> None:
    """The Secret with the client's key and certificate."""
    apply(_secret(stage.authority))


def ca_renewed(stage: Stage) -> None:
    """The upstream's certificate comes from another CA, and from the first again; in between both are trusted."""
    old, new = stage.authority, Authority()
    for before, after in ((old, new), (new, old)):
        apply(_secret(old, before, after))
        time.sleep(10)
        for upstream in stage.upstreams:
            upstream.certify({HOST: after.issue(HOST)})
        time.sleep(10)
        apply(_secret(old, after))
        time.sleep(10)


def named_elsewhere(stage: Stage) -> None:
    """DNS has the other upstream's address only."""
    stage.upstreams[1].be_known_as(HOST)
    time.sleep(20)
    stage.upstreams[0].be_known_as(HOST)


def moved(stage: Stage) -> None:
    """From a gateway of its own to a shared one, and back, by a standby."""
    for carried in STEPS:
        stage.release.apply(_list(carried), TWO, seconds=150)
        time.sleep(5)


def istiod_restarted(_: Stage) -> None:
    """Another istiod takes over."""
    kubectl("rollout", "restart", *ISTIOD)
    kubectl("rollout", "status", *ISTIOD, "--timeout=120s", seconds=150)


def istiod_away(_: Stage) -> None:
    """There is no istiod for two minutes."""
    kubectl("scale", "--replicas=0", *ISTIOD)
    time.sleep(120)
    kubectl("scale", "--replicas=1", *ISTIOD)
    kubectl("rollout", "status", *ISTIOD, "--timeout=120s", seconds=150)


def certificates_renewed(stage: Stage) -> None:
    """The gateway's pods get certificates of the mesh that last a minute, and renew them twice."""
    istio.configure({"meshConfig": {"defaultConfig": {"proxyMetadata": {"SECRET_TTL": "1m0s"}}}})
    restarted(stage)
    time.sleep(70)
    istio.configure({})
    restarted(stage)


def revised(stage: Stage) -> None:
    """The gateway's pods belong to another revision of istiod, and to the first again."""
    with istio.revision("next"):
        stage.release.apply(_list(), {**TWO, "revision": "next"}, seconds=150)
        time.sleep(15)
        stage.release.apply(_list(), TWO, seconds=150)


Event = Callable[[Stage], None]
EVENTS: dict[str, Event] = {
    "restarted": restarted,
    "killed": killed,
    "upgraded": upgraded,
    "scaled": scaled,
    "renewed": renewed,
    "ca_renewed": ca_renewed,
    "named_elsewhere": named_elsewhere,
    "evicted": evicted,
    "moved": moved,
    "drained_node": drained_node,
}
#: There is a second node meanwhile, and a gateway that may be there.
WITH_SECOND_NODE = {"drained_node"}
#: Nothing else may use the mesh meanwhile.
ALONE: dict[str, Event] = {
    "istiod_restarted": istiod_restarted,
    "istiod_away": istiod_away,
    "certificates_renewed": certificates_renewed,
    "revised": revised,
}


def measure(
    ground: Ground, events: Mapping[str, Event] = EVENTS, load: Load = LOAD, *, configure: bool = False
) -> dict[str, float]:
    """How many requests were lost in each event, and how many connections cut, of at least how many of each kind.

    With `configure` also in ALONE.
    """
    authority = Authority()
    (other,) = start_upstreams(OUTSIDE, ["other"])
    upstreams = (ground.upstream, other)
    mutual = Face(443, tls="mutual", client_ca=authority.certificate)
    for one in reversed(upstreams):
        one.certify({HOST: authority.issue(HOST)})
        one.serve(mutual, Face(5432, "tcp"))
        one.be_known_as(HOST)
    found: dict[str, float] = {}
    try:
        if one_node := {called: event for called, event in events.items() if called not in WITH_SECOND_NODE}:
            found |= _measured(ground, authority, upstreams, one_node, load)
        if two_nodes := {called: event for called, event in events.items() if called in WITH_SECOND_NODE}:
            with second_node.second_node():
                found |= _measured(ground, authority, upstreams, two_nodes, load, values=ON_TWO_NODES)
        if configure:
            found |= _measured(ground, authority, upstreams, ALONE, load)
        return found
    finally:
        ground.upstream.serve(*FACES)
        other.delete()


def _measured(
    ground: Ground,
    authority: Authority,
    upstreams: tuple[Upstream, Upstream],
    events: Mapping[str, Event],
    load: Load,
    *,
    values: Values = TWO,
) -> dict[str, float]:
    found: dict[str, float] = {}
    with installed(_list(), values, objects=[_secret(authority)]) as release:
        stage = Stage(release, upstreams, authority)
        for called, event in events.items():
            ground.await_answers(HOST)
            found |= _under_load(ground.client, called, partial(event, stage), load)
            for one in upstreams:
                one.forget()
    return found


def _under_load(client: Client, called: str, event: Callable[[], None], load: Load) -> dict[str, float]:
    """What is lost and cut while something happens, and how many there were of each method and of each kind."""
    with ThreadPoolExecutor(5) as pool:
        sent = {
            method: pool.submit(attack, client, [f"http://{HOST}/"], load.rate, load.seconds, method)
            for method in ("GET", "POST")
        }
        opened = {
            kind: pool.submit(hold, client, kind, target, rate=load.rate, count=load.count, seconds=HELD_SECONDS)
            for kind, target in TARGETS.items()
        }
        time.sleep(HELD_SECONDS)  # from now on as many end as begin
        event()
    requests = {method: one.result() for method, one in sent.items()}
    connections = {kind: one.result() for kind, one in opened.items()}
    for method, report in requests.items():
        print(called, method, report.requests, report.failed, *report.errors[:4])
    for kind, one in connections.items():
        print(called, kind, one)
    return {
        f"lost_{called}": sum(one.failed for one in requests.values()),
        f"sent_{called}": min(one.requests for one in requests.values()),
        f"cut_{called}": sum(one.cut for one in connections.values()),
        f"opened_{called}": min(one.opened for one in connections.values()),
    }


def _secret(issuer: Authority, *trusted: Authority) -> Manifest:
    """The client's key, from `issuer`, and the CAs that the upstream's certificate may come from."""
    pair = key_pair(issuer.issue("egress.example.com", subject="egress"))
    cas = "".join(one.certificate for one in trusted or (issuer,))
    return secret(EGRESS, "partner", pair | {"ca.crt": cas})
