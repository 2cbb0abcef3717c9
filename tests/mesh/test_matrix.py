"""Whatever the compiler accepts, routes: a list that holds every pair of options which the rules allow."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any, Literal

import pytest

from egressc.compile import compile_sources
from egressc.model import HTTP_FAMILY
from egressc.names import gateway_name
from tests.mesh import dns
from tests.mesh.certificates import Authority, Certificate
from tests.mesh.client import Client, ClientPod, start_clients
from tests.mesh.conftest import MakeNamespace
from tests.mesh.diagnostics import GATEWAY_LABEL
from tests.mesh.errors import MeshError
from tests.mesh.fleet import CLIENT, adopted, capture, common_name, credentials, gateways, peer, senders, wait_ready
from tests.mesh.kubectl import Manifest, apply
from tests.mesh.namespaces import ALLOWED, RESTRICTED
from tests.mesh.pairs import Combination, cover
from tests.mesh.proof import MATRIX, Proof
from tests.mesh.release import Release
from tests.mesh.upstream import Face, Seen, Upstream, start_upstreams
from tests.mesh.waiting import wait_until

Protocol = Literal["http", "tcp"]
Tls = Literal["", "simple", "mutual"]

GATEWAYS, APPS = "e2e-gateways", "e2e-apps"

#: What DNS says of a host that is elsewhere: an address that nobody has.
NOWHERE = "192.0.2.9"
#: Client ports of TCP are an entry's own from here on, so that a client can tell the hosts apart.
FIRST_TCP_PORT = 7000
#: Who sends where no gateway does.
NO_GATEWAY = "no gateway"
#: The gateways that entries share, by whether they log: hosts on the same pods cannot differ in that.
SHARED = {False: "team", True: "team-logged"}
#: The gateway that runs already.
ADOPTED = "old-egress"
#: Entries at once: their gateways, the clients and the upstreams are 40 pods at most.
BATCH = 35

#: The values of each option; the first is what goes with most others.
OPTIONS: Mapping[str, Sequence[str]] = {
    "protocol": (*HTTP_FAMILY, "TLS", "TCP"),
    "tls": ("default", "simple", "mutual", "passthrough", "none"),
    "credential": ("secret", "none", "files of a Secret", "files of a ConfigMap", "unverified"),
    "carrier": ("a gateway of its own", "a shared gateway", "an adopted gateway", "the sidecar"),
    "endpoints": ("DNS", "IPv4", "IPv6", "another name", "failover"),
    "ports": ("one", "two"),
    "upstream port": ("default", "mapped"),
    "readiness": ("upstream", "path", "gateway", "probe"),
    "client": ("account and labels", "namespace", "service account", "pod labels", "methods and paths", "whole mesh"),
    "policy": ("none", "deny", "report", "access log", "headers", "rate limit"),
    "override": (
        "none",
        "sni",
        "sans",
        "retries and timeouts",
        "connection pool",
        "outlier detection",
        "round robin",
        "addresses",
    ),
}

CLIENTS: Mapping[str, Mapping[str, Any]] = {
    "namespace": {"namespace": APPS},
    "service account": {"namespace": APPS, "serviceAccount": "shop"},
    "pod labels": {"namespace": APPS, "podLabels": {"role": "checkout"}},
    "account and labels": {"namespace": APPS, "serviceAccount": "shop", "podLabels": {"role": "checkout"}},
    "methods and paths": {"namespace": APPS, "methods": ["GET", "POST"], "paths": ["/a", "/egressc.test.Echo/*"]},
    "whole mesh": {"wholeMesh": True},
}
READINESS: Mapping[str, Mapping[str, Any]] = {
    "upstream": {},
    "path": {"readiness": {"path": "/status/200"}},
    "gateway": {"readiness": {"mode": "gateway"}},
    "probe": {"readiness": {"mode": "probe", "probe": {"httpGet": {"path": "/healthz/ready", "port": 15021}}}},
}
POLICIES: Mapping[str, Mapping[str, Any]] = {
    "deny": {"deny": [{"namespace": APPS, "serviceAccount": "another"}]},
    "report": {"enforcement": "report"},
    "access log": {"accessLog": True},
    "headers": {"headers": {"request": {"set": {"x-team": "shop"}}, "response": {"remove": ["x-powered-by"]}}},
    "rate limit": {"rateLimit": {"requests": 1000, "per": "1m", "perClient": {"requests": 500, "per": "1m"}}},
}
OVERRIDES: Mapping[str, Mapping[str, Any]] = {
    "retries and timeouts": {
        "retries": {"attempts": 1, "retryOn": ["503"], "perTry": "5s"},
        "timeouts": {"connect": "2s", "request": "20s", "stream": "30s"},
    },
    "connection pool": {
        "connectionPool": {"maxConnections": 9, "keepalive": {"time": "60s"}},
        "timeouts": {"idle": "5m"},
    },
    "outlier detection": {"outlierDetection": {"consecutiveGatewayErrors": 3}},
    "round robin": {"resolution": "DNS_ROUND_ROBIN"},
}
CLIENT_VOLUME, CA_VOLUME = (
    {"secret": "client", "mountPath": "/etc/client"},
    {"configMap": "own-ca", "mountPath": "/etc/ca"},
)
FILES: Mapping[str, Mapping[str, Any]] = {
    "files of a Secret": {"ca": "/etc/client/ca.crt", "volumes": [CLIENT_VOLUME]},
    "files of a ConfigMap": {"ca": "/etc/ca/ca.crt", "volumes": [CA_VOLUME]},
}
MUTUAL_FILES: Mapping[str, Mapping[str, Any]] = {
    "files of a Secret": {"certificate": "/etc/client/tls.crt", "key": "/etc/client/tls.key"},
    "files of a ConfigMap": {
        "certificate": "/etc/client/tls.crt",
        "key": "/etc/client/tls.key",
        "volumes": [CA_VOLUME, CLIENT_VOLUME],
    },
}


@dataclass(frozen=True)
class Case:
    """A combination as the entry number `number` of the list."""

    options: Combination
    number: int

    @property
    def host(self) -> str:
        return f"h{self.number}.matrix.example"

    @property
    def edge(self) -> str:
        """Another name, for the overrides of SNI and SANs."""
        return f"edge.{self.host}"

    @property
    def mode(self) -> str:
        """Who speaks TLS to the upstream."""
        default = "passthrough" if self.options["protocol"] == "TLS" else "simple"
        return default if self.options["tls"] == "default" else self.options["tls"]

    @property
    def sni(self) -> str:
        """What the upstream is asked for; "" without TLS."""
        if self.mode == "none":
            return ""
        return self.edge if self.options["override"] == "sni" else self.host

    @property
    def sender(self) -> str:
        """The gateway that speaks to the upstream; the client's own pod is none."""
        shared = SHARED[self.options["policy"] == "access log"]
        others = {"a shared gateway": shared, "an adopted gateway": ADOPTED, "the sidecar": NO_GATEWAY}
        return others.get(self.options["carrier"], gateway_name(self.host))

    @property
    def client_ports(self) -> list[int]:
        """One or two client ports; TCP has its own."""
        if self.options["protocol"] == "TCP":
            first = FIRST_TCP_PORT + 2 * self.number
            ports = [first, first + 1]
        else:
            ports = [443, 8443] if self.options["protocol"] == "TLS" else [80, 8080]
        return ports[: 2 if self.options["ports"] == "two" else 1]

    def upstream_port(self, port: int) -> int:
        """Where the upstream listens."""
        if self.options["upstream port"] == "mapped":
            return port + 20000
        return 443 if port == 80 and self.mode in ("simple", "mutual") else port

    def entry(self, upstream: Upstream | None = None) -> dict[str, Any]:
        """The entry as a person writes it."""
        option = self.options
        entry: dict[str, Any] = {"host": self.host, "clients": [CLIENTS[option["client"]]]}
        entry["ports"] = [self._port(port) for port in self.client_ports]
        for chosen in (
            READINESS[option["readiness"]],
            POLICIES.get(option["policy"]),
            OVERRIDES.get(option["override"]),
        ):
            entry |= chosen or {}
        if tls := self._tls():
            entry["tls"] = tls
        address, address_v6 = (upstream.address, upstream.address_v6) if upstream else ("192.0.2.1", "2001:db8::1")
        endpoints = {"IPv4": [address], "IPv6": [address_v6], "another name": [f"origin.{self.host}"]}
        if option["endpoints"] in endpoints:
            entry["endpoints"] = endpoints[option["endpoints"]]
        if option["endpoints"] == "failover":
            entry |= {"endpoints": [NOWHERE], "failover": [address]}
        if option["carrier"] in ("a shared gateway", "an adopted gateway"):
            entry["gateway"] = self.sender
        if option["carrier"] == "the sidecar":
            entry["at"] = "sidecar"
        if option["override"] == "addresses":
            entry["addresses"] = [f"240.2.0.{self.number + 1}"]
        return entry

    def face(self, port: int, client_ca: str) -> Face:
        """What the upstream has to serve for a client port; with mutual TLS, to clients of this authority, in PEM."""
        protocol: Protocol = "tcp" if self.options["protocol"] == "TCP" else "http"
        tls: Tls = {"mutual": "mutual", "none": ""}.get(self.mode, "simple")  # type: ignore[assignment]
        return Face(self.upstream_port(port), protocol, tls, client_ca if tls == "mutual" else "")

    def certificate(self, own: Authority, public: Authority) -> Certificate:
        """What the upstream shows for this host."""
        issuer = public if self.options["credential"] == "none" else own
        return issuer.issue(self.edge if self.options["override"] == "sans" else self.sni)

    def names(self, upstream: Upstream) -> dict[str, list[str]]:
        """What DNS says, while this is the upstream."""
        if self.options["endpoints"] == "DNS":
            return {self.host: [upstream.address]}
        return {self.host: [NOWHERE], f"origin.{self.host}": [upstream.address]}

    def _port(self, port: int) -> dict[str, Any]:
        mapped = {"upstreamPort": self.upstream_port(port)} if self.options["upstream port"] == "mapped" else {}
        return {"port": port, "protocol": self.options["protocol"], **mapped}

    def _tls(self) -> dict[str, Any]:
        option = self.options
        tls: dict[str, Any] = {} if option["tls"] == "default" else {"mode": option["tls"]}
        if option["credential"] == "secret" or (option["credential"] == "unverified" and self.mode == "mutual"):
            tls["secret"] = "client" if self.mode == "mutual" else "own-ca"
        elif option["credential"] in FILES:
            mutual = MUTUAL_FILES[option["credential"]] if self.mode == "mutual" else {}
            tls["files"] = {**FILES[option["credential"]], **mutual}
        if option["credential"] == "unverified" or self.mode == "none":
            tls["unverified"] = "An upstream of the test."
        if option["override"] == "sni":
            tls["sni"] = self.edge
        if option["override"] == "sans":
            tls["sans"] = [self.edge]
        return tls


def as_list(entries: list[dict[str, Any]]) -> str:
    names = sorted({entry["gateway"] for entry in entries if "gateway" in entry})
    shared = [
        {"name": name, "namespace": GATEWAYS} | ({"adopt": {"istio": ADOPTED}} if name == ADOPTED else {})
        for name in names
    ]
    return json.dumps({"version": 1, "defaults": {"namespace": GATEWAYS}, "gateways": shared, "hosts": entries})


def is_accepted(options: Combination) -> bool:
    """Whether the compiler takes the combination."""
    return compile_sources([("hosts.yaml", as_list([Case(options, 0).entry()]).encode())]).plan is not None


@dataclass(frozen=True)
class Fleet:
    """The upstreams by who speaks TLS to them, and clients that are every kind of client: one with DNS capture."""

    upstreams: dict[str, Upstream]
    shop: Client
    captured: Client
    authority: Authority
    public_authority: Authority

    def upstream(self, case: Case) -> Upstream:
        """The one that serves a case: what wants client certificates, what speaks TLS and what does not share ports."""
        return self.upstreams.get(case.mode, self.upstreams["simple"])

    def prepare(self, cases: Sequence[Case]) -> None:
        """Let the upstreams be what the cases need, and no more."""
        dns.set_names({name: found for case in cases for name, found in case.names(self.upstream(case)).items()})
        for upstream in self.upstreams.values():
            own = [case for case in cases if self.upstream(case) is upstream]
            upstream.certify(
                {case.sni: case.certificate(self.authority, self.public_authority) for case in own if case.sni}
            )
            faces = [case.face(port, self.authority.certificate) for case in own for port in case.client_ports]
            upstream.serve(*dict.fromkeys(faces))

    def ask(self, case: Case, port: int) -> Seen:
        """What the upstream saw of a request to a case's client port, nothing without an answer."""
        client = self.captured if case.options["override"] == "addresses" else self.shop
        address, protocol = f"{case.host}:{port}", case.options["protocol"]
        if protocol == "TCP":
            return client.tcp(address).seen or {}
        if protocol == "GRPC":
            return client.grpc(address).seen or {}
        option = "--http2-prior-knowledge" if protocol == "HTTP2" else "--insecure"
        answer = client.curl(f"{'https' if protocol == 'TLS' else 'http'}://{address}/a", option)
        return answer.seen if answer.status == 200 else {}

    def problem(self, case: Case, port: int, names: Mapping[str, str]) -> str:
        """What is wrong with a case's client port, "" when it routes; `names` are the gateways' by address."""
        try:
            # a sidecar may learn of a host after its gateway is Ready, and asks DNS again after a minute
            seen = wait_until(partial(self.ask, case, port), "an answer", seconds=75)
        except MeshError as error:
            return str(error)
        expected = (case.sni, CLIENT if case.mode == "mutual" else "", case.sender)
        found = (seen["tls"]["sni"] if seen["tls"] else "", common_name(seen), names.get(peer(seen), NO_GATEWAY))
        return "" if found == expected else f"{found} in place of {expected}"


@pytest.fixture(scope="module")
def fleet(namespace: MakeNamespace, authority: Authority, public_authority: Authority) -> Iterator[Fleet]:
    kinds = ("simple", "mutual", "none")
    upstreams = dict(zip(kinds, start_upstreams(namespace("e2e-upstreams", "outside"), kinds), strict=True))
    apply(*credentials(namespace(GATEWAYS, "plain", RESTRICTED), authority), capture(namespace(APPS, "injected")))
    apply(*credentials(APPS, authority))
    apply(*somebody_s_gateway())
    label = {"role": "checkout"}
    shop, captured = start_clients(
        APPS,
        ClientPod("shop", "shop", labels=label),
        ClientPod("captured", "shop", labels={**label, "dns": "captured"}),
    )
    yield Fleet(upstreams, shop, captured, authority, public_authority)
    for upstream in upstreams.values():
        upstream.be_unknown()


def somebody_s_gateway() -> list[Manifest]:
    """Pods that run already and bring what a list may ask of adopted ones: files, and the right to fetch keys."""
    deployment = adopted(GATEWAYS, ADOPTED)
    template = deployment["spec"]["template"]
    template["metadata"]["labels"][GATEWAY_LABEL] = ADOPTED  # how the tests tell who sent what
    volumes = [{"name": "client", "secret": {"secretName": "client"}}, {"name": "ca", "configMap": {"name": "own-ca"}}]
    mounts = [{"name": "client", "mountPath": "/etc/client"}, {"name": "ca", "mountPath": "/etc/ca"}]
    template["spec"]["volumes"] = volumes
    template["spec"]["containers"][0] |= {"volumeMounts": mounts, "securityContext": ALLOWED}
    group, name = "rbac.authorization.k8s.io", {"name": ADOPTED, "namespace": GATEWAYS}
    rules = [{"apiGroups": [""], "resources": ["secrets"], "verbs": ["list"]}]
    reference = {"apiGroup": group, "kind": "Role", "name": ADOPTED}
    subjects = [{"kind": "ServiceAccount", "name": "default", "namespace": GATEWAYS}]
    return [
        deployment,
        {"apiVersion": f"{group}/v1", "kind": "Role", "metadata": name, "rules": rules},
        {
            "apiVersion": f"{group}/v1",
            "kind": "RoleBinding",
            "metadata": name,
            "roleRef": reference,
            "subjects": subjects,
        },
    ]


def test_whatever_is_accepted_routes(fleet: Fleet, proof: Proof, capsys: pytest.CaptureFixture[str]) -> None:
    found = cover(OPTIONS, is_accepted)
    cases = [Case(options, number) for number, options in enumerate(found.combinations)]
    told = f"{len(cases)} entries hold every pair of options but {len(found.refused_pairs)}, which the rules refuse"
    with capsys.disabled():
        print(f"\n{told} ({found.accepted} combinations accepted, {found.refused} refused)")
        print("".join(f"  refused: {' with '.join(map(' '.join, pair))}\n" for pair in found.refused_pairs))
    problems: dict[str, str] = {}
    for first in range(0, len(cases), BATCH):
        problems |= route(fleet, cases[first : first + BATCH])
    assert problems == {}
    options = ", ".join(f"{option} ({len(values)})" for option, values in OPTIONS.items())
    proof.row(
        MATRIX,
        f"whatever the compiler accepts, routes: {options}",
        told,
        "each entry's SNI and client certificate, from the gateway or pod that carries it",
        "an answer from each",
    )


def route(fleet: Fleet, cases: Sequence[Case]) -> dict[str, str]:
    """What is wrong, by entry and client port, with these cases installed as one list."""
    fleet.prepare(cases)
    release = Release(GATEWAYS)
    release.apply(as_list([case.entry(fleet.upstream(case)) for case in cases]), wait=False)
    problems: dict[str, str] = {}
    try:
        wait_ready(GATEWAYS, [case.host for case in cases if case.sender == gateway_name(case.host)], seconds=90)
    except MeshError:
        pods = gateways(GATEWAYS)
        late = [
            case
            for case in cases
            if not (case.sender == NO_GATEWAY or (pods.get(case.sender) and pods[case.sender].ready))
        ]
        problems = {json.dumps(case.entry()): "not Ready" for case in late}
    names = senders(GATEWAYS)
    for case in cases:
        for port in case.client_ports:
            if problem := fleet.problem(case, port, names):
                problems[f"{json.dumps(case.entry())}, {port}"] = problem
    release.uninstall()
    return problems
