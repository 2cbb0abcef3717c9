"""While the API server answers slowly, an upgrade takes its time, and no request is lost."""

import os
import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Event, Thread

import pytest

from tests.mesh import dns
from tests.mesh.certificates import Authority
from tests.mesh.client import ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.fleet import wait_answers
from tests.mesh.namespaces import RESTRICTED
from tests.mesh.proof import OPERATIONS, Proof
from tests.mesh.release import Release
from tests.mesh.steady import asked
from tests.mesh.upstream import Face, start_upstreams
from tests.tools import tool

GATEWAYS, APPS = "slow-gateways", "slow-apps"
KEPT, NEXT = "kept.slow.example.com", "next.slow.example.com"
#: How long it stands still, and how long it runs in between, in seconds.
STILL, RUNS = 0.6, 0.2

pytestmark = pytest.mark.alone("all tests ask the API server")


def test_an_upgrade_goes_on(namespace: MakeNamespace, public_authority: Authority, proof: Proof) -> None:
    (upstream,) = start_upstreams(namespace("slow-upstreams", "outside"), ["upstream"])
    upstream.certify({host: public_authority.issue(host) for host in (KEPT, NEXT)})
    upstream.be_known_as(KEPT, NEXT)
    upstream.serve(Face(443, tls="simple"))
    namespace(GATEWAYS, "plain", RESTRICTED)
    (client,) = start_clients(namespace(APPS, "injected"), ClientPod("app"))
    release = Release(GATEWAYS)
    release.apply(listed(KEPT))
    wait_answers([(client, f"http://{KEPT}/")])
    with asked(client, "kept", f"http://{KEPT}/") as answers:
        with slow():
            release.apply(listed(KEPT, NEXT))
        wait_answers([(client, f"http://{NEXT}/")])
    assert answers.keys() == {"200"}, answers
    release.uninstall()
    dns.set_names({host: [] for host in (KEPT, NEXT)})
    claim = "the API server answers slowly while a release is upgraded: requests go on"
    proof.row(OPERATIONS, claim, f"`GET http://{KEPT}/`", "all of them", "200")


def listed(*hosts: str) -> str:
    return f"version: 1\ndefaults: {{clients: [{APPS}], namespace: {GATEWAYS}}}\nhosts: [{', '.join(hosts)}]\n"


@contextmanager
def slow() -> Iterator[None]:
    """The API server stands still most of the time."""
    server, over = process(), Event()

    def hinder() -> None:
        while not over.is_set():
            os.kill(server, signal.SIGSTOP)
            time.sleep(STILL)
            os.kill(server, signal.SIGCONT)
            time.sleep(RUNS)

    thread = Thread(target=hinder)
    thread.start()
    try:
        yield
    finally:
        over.set()
        thread.join()


def process() -> int:
    """The API server's process."""
    program = f"{tool('kube-apiserver')}\0".encode()
    (found,) = (file.parent for file in Path("/proc").glob("[0-9]*/cmdline") if file.read_bytes().startswith(program))
    return int(found.name)
