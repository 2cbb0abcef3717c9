"""Where measurements stand: an upstream that answers for any number of names, a client, and lists of any length."""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from tests.chart import Document, Helm
from tests.mesh import dns, images, settings
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.kubectl import Manifest, apply, kubectl
from tests.mesh.namespaces import create_namespace, delete_namespaces
from tests.mesh.release import SMALL, Release, Values, compile_list
from tests.mesh.upstream import Face, Upstream, start_upstreams
from tests.mesh.waiting import wait_until
from tests.tools import tool

APPS, OUTSIDE, EGRESS = "ops-apps", "ops-outside", "ops-egress"
DOMAIN = "ops.example.com"
#: TCP hosts have an address of their own, which nobody else has.
ADDRESS = "240.0.99.1"
FACES = (Face(443, tls="simple"), Face(5432, "tcp"))
#: The chart's own drain, not the one that makes tests short. Checks are rare: they are not what is measured.
AS_SHIPPED: Values = {"drainSeconds": 30, "readiness": {"interval": "30s", "timeout": "5s", "unhealthyThreshold": 3}}
SIDES = 8
QUICK: Values = {"readiness": {"interval": "5s", "timeout": "5s", "unhealthyThreshold": 3}}


def name(number: int | str) -> str:
    """The name of a host."""
    return f"h{number}.{DOMAIN}"


def names(count: int) -> list[str]:
    """The names of so many hosts."""
    return [name(number) for number in range(count)]


Key = tuple[str, str, str]
#: An entry of a list: a name, or what a host says.
Entry = str | Mapping[str, Any]


def host_list(hosts: Iterable[Entry], gateway: str = "", namespace: str = EGRESS, beside: str = "") -> str:
    """A list of these entries, on one gateway of this name or each on its own, whose client is APPS.

    `beside` is a gateway that entries may name themselves.
    """
    known = gateway or beside
    shared = f"gateways: [{{name: {known}, namespace: {namespace}}}]\n" if known else ""
    on = f", gateway: {gateway}" if gateway else f", namespace: {namespace}"
    entries = "".join(f"- {_flow(host)}\n" for host in hosts)
    return f"version: 1\n{shared}defaults: {{clients: [{APPS}]{on}}}\nhosts:\n{entries}"


def _flow(given: Any) -> str:
    if isinstance(given, Mapping):
        return "{" + ", ".join(f"{key}: {_flow(value)}" for key, value in given.items()) + "}"
    return f"[{', '.join(map(_flow, given))}]" if isinstance(given, list) else str(given)


@dataclass(frozen=True)
class Ground:
    """The upstream and the client; what a measurement installs is its own to remove."""

    upstream: Upstream
    client: Client

    def know(self, hosts: Sequence[str]) -> None:
        """Let the upstream answer for these names, with certificates that every gateway trusts."""
        pair = images.public_authority().issue(f"*.{DOMAIN}")
        self.upstream.certify(dict.fromkeys(hosts, pair))
        self.upstream.be_known_as(*hosts)

    def await_answers(self, *hosts: str) -> None:
        """Wait until the client gets the upstream's answer at each of these hosts."""
        wait_until(lambda: all(map(self.answers, hosts)), f"{', '.join(hosts)} answer", seconds=120)

    def answers(self, host: str, path: str = "/") -> bool:
        """Whether the client gets the upstream's answer."""
        return self.client.curl(f"http://{host}{path}").status == 200


@contextmanager
def ground() -> Iterator[Ground]:
    """The ground while this lasts; what of an earlier one is left is removed first."""
    delete_namespaces(APPS, OUTSIDE)
    (upstream,) = start_upstreams(create_namespace(OUTSIDE, "outside"), ["upstream"])
    upstream.serve(*FACES)
    (client,) = start_clients(create_namespace(APPS, "injected"), ClientPod("app", account="app"))
    try:
        yield Ground(upstream, client)
    finally:
        known = [line.split()[1] for line in _lines()]
        dns.set_names({one: [] for one in known if one.endswith(f".{DOMAIN}")})
        delete_namespaces(APPS, OUTSIDE)


@contextmanager
def empty_namespace(namespace: str = EGRESS) -> Iterator[None]:
    """A namespace that has nothing yet, and is removed with all in it."""
    delete_namespaces(namespace)
    create_namespace(namespace)
    try:
        yield
    finally:
        delete_namespaces(namespace)


@contextmanager
def installed(
    hosts: str, *values: Values, namespace: str = EGRESS, wait: bool = True, objects: Sequence[Manifest] = ()
) -> Iterator[Release]:
    """A release of this list beside these objects, in a namespace that is made for it and removed with all in it."""
    with empty_namespace(namespace):
        if objects:
            apply(*objects)
        release = Release(namespace)
        release.apply(hosts, *values, wait=wait, seconds=300)
        yield release


def rendered(hosts: str, values: Values | None = None) -> dict[Key, Document]:
    """All objects of a list, as `egressc render` prints them, by kind, namespace and name."""
    return Helm(tool("helm4")).render(compile_list(hosts), {**SMALL, **AS_SHIPPED, **(values or {})})


def create(objects: Iterable[Document]) -> None:
    """Create objects that do not exist yet, SIDES of them at a time: Helm would do it one after another."""
    texts = [json.dumps(one) for one in objects]
    with ThreadPoolExecutor(SIDES) as pool:
        parts = ["\n---\n".join(texts[side::SIDES]) for side in range(SIDES) if texts[side::SIDES]]
        for done in [pool.submit(_create, part) for part in parts]:
            done.result()


def _create(text: str) -> None:
    kubectl("create", "--filename=-", text=text, seconds=900)


def _lines() -> list[str]:
    return settings.HOSTS.read_text().splitlines()
