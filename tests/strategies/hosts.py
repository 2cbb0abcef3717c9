"""Hosts that fit together: on pods of their own, shared or adopted, in sidecars, wildcards and hosts below them."""

from collections.abc import Sequence
from typing import Any

from hypothesis import strategies as st

from egressc.model import OWN_GATEWAY
from egressc.names import OPA_PORTS, RESERVED_PORTS
from egressc.rules.datagrams import NEVER_TCP
from egressc.rules.protocols import BYTES, CUSTOMARY, REGISTERED
from tests.strategies import settings
from tests.strategies.words import (
    HTTP_FAMILY,
    NAMESPACES,
    OURS,
    PREFIXES,
    REASON,
    TRICKY,
    Draw,
    Entry,
    durations,
    host_names,
    subset,
    texts,
)


@st.composite
def fleets(draw: Draw, most: int = 8) -> list[Any]:
    """Hosts of a list, in any order, that fit together."""
    names = draw(st.lists(host_names(), min_size=1, max_size=most, unique=True))
    for number in range(1, len(names)):
        if draw(st.integers(0, 4)) == 0:  # below what may be a wildcard
            names[number] = f"h-{number}.any-{draw(st.integers(0, number - 1))}.example.net"
    return [
        _entry(draw, name, number) if draw(st.integers(0, 9)) else _wildcard(draw, number)
        for number, name in enumerate(names)
    ]


def _entry(draw: Draw, name: str, number: int) -> Any:
    entry = _host(draw, name, number)
    return _without_gateway(draw, entry) if isinstance(entry, dict) and draw(st.integers(0, 6)) == 0 else entry


def _host(draw: Draw, name: str, number: int) -> Any:
    """A host's entry; its `number` in the fleet gives it what no two hosts may have in common."""
    owner = draw(st.sampled_from([None, "a", "b"]))
    ports = _ports(draw, number)
    entry: Entry = {"host": name, "ports": ports, "clients": _clients(draw, ports), **_where(draw, number)}
    if owner:
        entry |= {"owner": owner, "namespace": f"egress-{owner}"}
    protocols = {port["protocol"] for port in ports}
    if protocols == {"TLS"} and draw(st.booleans()):
        entry["tls"] = {"mode": "passthrough"} | draw(settings.passthrough())
    elif protocols != {"TLS"} and draw(st.booleans()):
        entry["tls"] = draw(settings.tls())
    else:
        for port in ports:
            if draw(st.booleans()):
                port["tls"] = draw(settings.passthrough() if port["protocol"] == "TLS" else settings.tls())
    if draw(st.integers(0, 9)) == 0:
        entry["name"] = f"{draw(st.sampled_from(['g', 'no', 'y']))}-{number}"
    has_requests = bool(protocols & set(HTTP_FAMILY))
    entry |= subset(
        draw,
        description=texts(),
        reviewBy=st.sampled_from(["2027-06-30", "2028-02-29"]),
        readiness=settings.readiness(has_requests, follows="failover" in entry),
        timeouts=settings.timeouts(has_requests),
        drain=durations(1000),
        connectionPool=settings.connection_pool(protocols),
        outlierDetection=settings.outlier_detection(),
        podDisruptionBudget=st.sampled_from([{"minAvailable": 1}, {"maxUnavailable": "25%"}, {"minAvailable": "50%"}]),
        resources=settings.resources(),
        deny=st.builds(lambda rule: [rule], _denial(ports)),
        enforcement=st.sampled_from(["enforce", "report"]),
        accessLog=st.booleans(),
    )
    _left_out(draw, entry)
    if has_requests and draw(st.integers(0, 3)) == 0:
        entry["expose"] = {
            "host": f"own-{number}.example.net",
            "secret": f"own-{number}",  # browsers reuse a connection for all names of its certificate: IST0138
            "path": draw(st.sampled_from(["/", "/1e3", "/a/~b"])),
            "gateway": {
                "namespace": "istio-ingress",
                "selector": {"istio": "y", draw(st.sampled_from(TRICKY)): "1e3"},
                "serviceAccount": "1e3",
            },
            **subset(draw, port=st.sampled_from([port["port"] for port in ports if port["protocol"] in HTTP_FAMILY])),
        }
    entry |= subset(draw, externalAuthorization=settings.external_authorization())
    if has_requests:
        entry |= _of_requests(draw, ports)
    if not owner and draw(st.integers(0, 4)) == 0:
        return _carried(draw, entry)
    scales = [{"minReplicas": 2, "maxReplicas": 1000, "targetCPU": 50}, {"minReplicas": 5}, {"maxReplicas": 2}, {}]
    scaling = draw(st.sampled_from([{}, {"replicas": 3}, *({"autoscaling": one} for one in scales)]))
    return name if set(entry) == {"host"} else entry | scaling


def _of_requests(draw: Draw, ports: Sequence[Entry]) -> Entry:
    entry = subset(draw, escapedSlashes=st.sampled_from(["keep", "refuse"]))
    if any(port["protocol"] == "HTTP" for port in ports):
        entry |= subset(draw, gatewayProtocol=st.sampled_from(["HTTP", "HTTP2"]))
    keeps_names = any(port["protocol"] == "HTTP" and "upstreamProtocol" not in port for port in ports)
    headers = settings.headers(keeps_names=keeps_names and entry.get("gatewayProtocol") != "HTTP2")
    return entry | subset(draw, retries=settings.retries(), headers=headers, rateLimit=settings.rate_limit())


def _left_out(draw: Draw, entry: Entry) -> None:
    """Leave the upstreams of some ports out of a readiness that says no more than that it follows them."""
    if not entry.get("readiness") and "failover" not in entry:
        for port in entry["ports"]:
            port.update(subset(draw, readiness=st.sampled_from([{"mode": "gateway"}, {}])))


def _wildcard(draw: Draw, number: int) -> Entry:
    """A host that stands for many names, each an upstream of its own."""
    protocols = draw(st.lists(st.sampled_from([*HTTP_FAMILY, "TLS"]), min_size=1, max_size=3))
    ports: list[Entry] = [
        {"port": port, "protocol": protocol, "upstreamPort": draw(st.sampled_from([443, 8443]))}
        for port, protocol in zip((80, 443, 8080), protocols, strict=False)
    ]
    clear = draw(st.integers(0, 4)) == 0
    in_clear = {"protocol": "HTTP", "upstreamPort": 80, "tls": {"mode": "none", "unverified": REASON}}
    ports = [
        port | in_clear if clear and port["port"] in (80, 8080) and draw(st.booleans()) else port for port in ports
    ]
    ranges = st.sampled_from([["10.0.0.0/8"], ["fd00::/8", "192.0.2.7/32", "::1/128"]])
    entry: Entry = {"host": f"*.any-{number}.example.net", "ports": ports, "clients": _clients(draw, ports)}
    way: dict[str, st.SearchStrategy[Any]] = {"deniedRanges": ranges}
    if not clear and draw(st.booleans()):
        way = {
            "proxy": st.sampled_from([{"host": "192.0.2.80", "port": 3128}, {"host": "1e3.example.net", "port": 80}])
        }
    if draw(st.integers(0, 2)) == 0:  # beside neighbours
        return entry | subset(draw, **way, gateway=st.just("shared"))
    return entry | subset(draw, **way, drain=durations(1000))


def _carried(draw: Draw, entry: Entry) -> Entry:
    """The same host on pods that are not its own."""
    if draw(st.integers(0, 2)) == 0:
        entry["gateway"] = "adopted"
    else:  # on its way from one to the other, or on one of them for good
        first, second = draw(st.permutations([*OURS, OWN_GATEWAY]))[:2]
        entry |= {"gateway": first} if first != OWN_GATEWAY else {"standby": second}
        if first != OWN_GATEWAY and draw(st.booleans()):
            entry["standby"] = second
    if entry.get("gateway") == "adopted":
        for client in entry["clients"]:
            if isinstance(client, dict):
                client.pop("methods", None)
                client.pop("paths", None)
        entry.get("headers", {}).pop("credential", None)
    if entry.get("readiness", {}).get("mode") == "probe":
        del entry["readiness"]
    if "externalAuthorization" in entry:
        entry["externalAuthorization"] = {"provider": "1e3"}
    others = ("drain", "podDisruptionBudget", "resources", "accessLog")
    return {key: value for key, value in entry.items() if key not in others}


def _without_gateway(draw: Draw, entry: Entry) -> Entry:
    """The same host in its clients' sidecars, with what only a gateway has left out."""
    only = ("namespace", "gateway", "standby", "readiness", "drain", "expose", "deny", "enforcement", "accessLog")
    found = ("failover", "dnsRetry", "proxy")
    requests = ("headers", "rateLimit", "externalAuthorization", "escapedSlashes", "gatewayProtocol")
    pods = ("podDisruptionBudget", "resources", "replicas", "autoscaling")
    left_out = only + found + requests + pods
    entry = {key: value for key, value in entry.items() if key not in left_out} | {"at": "sidecar"}
    entry.get("timeouts", {}).pop("stream", None)
    for port in entry["ports"]:
        port.pop("readiness", None)
    settings = [one for one in (entry.get("tls"), *(port.get("tls") for port in entry["ports"])) if one]
    for tls in settings:
        for key in ("minProtocolVersion", "maxProtocolVersion", "cipherSuites"):
            tls.pop(key, None)
        if tls.pop("files", None) and (tls.get("mode") == "mutual" or "unverified" not in tls):
            tls |= {"secret": "1e3"}
    labels = draw(st.dictionaries(st.sampled_from(["app", *TRICKY]), st.sampled_from(TRICKY), min_size=1))
    account = {"serviceAccount": "a.b"} if any(tls.get("mode") == "mutual" for tls in settings) else {}
    namespaces = draw(st.lists(st.sampled_from(NAMESPACES), min_size=1, unique=True))
    return entry | {"clients": [{"namespace": name, "podLabels": labels} | account for name in namespaces]}


def _ports(draw: Draw, number: int) -> list[Entry]:
    spoken = {*REGISTERED, *CUSTOMARY, *BYTES, *NEVER_TCP}
    # a client port is mostly the upstream's as well
    not_fine = {*RESERVED_PORTS, *OPA_PORTS, *spoken, *range(30000, 31000)}
    fine = st.integers(1, 65535).filter(lambda port: port not in not_fine)
    client_ports = draw(
        st.lists(st.sampled_from([80, 443, 8080, 8443, 9000]) | fine, min_size=1, max_size=5, unique=True)
    )
    ports = [{"port": port, "protocol": draw(st.sampled_from([*HTTP_FAMILY, "TLS"]))} for port in client_ports]
    if draw(st.booleans()):
        ports.append({"port": 30000 + number, "protocol": "TCP"})  # nobody else's
    theirs = st.integers(1, 65535).filter(lambda port: port not in {*RESERVED_PORTS, *OPA_PORTS, *spoken})
    # who begins with TLS on port 80 finds it elsewhere
    ports = [port | _at_80(port) | subset(draw, upstreamPort=theirs) for port in ports]
    spoken_to = {"upstreamProtocol": st.just("HTTP2")}
    return [port | (subset(draw, **spoken_to) if port["protocol"] == "HTTP" else {}) for port in ports]


def _at_80(port: Entry) -> Entry:
    return {"upstreamPort": 443} if port["port"] == 80 and port["protocol"] == "TLS" else {}


def _where(draw: Draw, number: int) -> Entry:
    entry: Entry = {}
    if draw(st.booleans()):
        entry["addresses"] = [f"240.0.{number}.1", f"2001:db8:{number}::1"]
    kind = draw(st.sampled_from(["dns", "round robin", "addresses", "names"]))
    if kind == "round robin":
        entry["resolution"] = "DNS_ROUND_ROBIN"
    elif kind == "addresses":
        entry["endpoints"] = draw(st.sampled_from([["192.0.2.1"], ["192.0.2.1", "2001:db8::1"]]))
    elif kind == "names":
        entry["endpoints"] = ["a.example.net", "192.0.2.1", "1e3.example.net"]
    if kind != "addresses":
        entry |= subset(draw, dnsRetry=st.sampled_from(["1s", "1m"]))
    if kind != "round robin" and draw(st.integers(0, 4)) == 0:
        entry["failover"] = draw(st.sampled_from([["192.0.2.9"], ["dr.example.net", "2001:db8::9"]]))
    return entry


def _clients(draw: Draw, ports: Sequence[Entry]) -> list[Any]:
    clients = [_client(draw, ports) for _ in range(draw(st.integers(1, 3)))]
    named = [client for client in clients if isinstance(client, dict) and "namespace" in client]
    if named and not any(port["protocol"] == "TCP" for port in ports) and draw(st.integers(0, 4)) == 0:
        named[0]["namespace"] = draw(st.sampled_from(PREFIXES))
        for client in clients:
            if isinstance(client, dict):
                client.pop("podLabels", None)
    return clients


def _client(draw: Draw, ports: Sequence[Entry]) -> Any:
    client: Entry = {"namespace": draw(st.sampled_from(NAMESPACES))}
    if draw(st.integers(0, 9)) == 0:
        client = {"wholeMesh": True}
    elif draw(st.booleans()):
        client["serviceAccount"] = draw(st.sampled_from(["checkout", "1e3", "a.b"]))
    if draw(st.booleans()):
        values = st.sampled_from(["", "x", *TRICKY])
        client["podLabels"] = draw(
            st.dictionaries(st.sampled_from(["app", "example.com/y", *TRICKY]), values, min_size=1)
        )
    usable = sorted(port["port"] for port in ports)
    with_requests = sorted(port["port"] for port in ports if port["protocol"] in HTTP_FAMILY)
    if with_requests and draw(st.booleans()):
        client["ports"] = draw(st.lists(st.sampled_from(with_requests), min_size=1, unique=True))
        client |= subset(
            draw,
            methods=st.lists(st.sampled_from(["GET", "POST", "DELETE"]), min_size=1, unique=True),
            paths=st.lists(st.sampled_from(["/", "/v1/*", "*.json", "/a%20b", "/no"]), min_size=1, unique=True),
        )
    elif draw(st.booleans()):
        client["ports"] = draw(st.lists(st.sampled_from(usable), min_size=1, unique=True))
    return client["namespace"] if set(client) == {"namespace"} and draw(st.booleans()) else client


@st.composite
def _denial(draw: Draw, ports: Sequence[Entry]) -> Any:
    rule = _client(draw, ports)
    if isinstance(rule, dict):
        for key in ("podLabels", "wholeMesh"):
            rule.pop(key, None)
        if "namespace" in rule and draw(st.integers(0, 4)) == 0:
            rule["namespace"] = draw(st.sampled_from(PREFIXES))
    return rule or "guests"
