"""Hypothesis strategies: host names, and lists that use every field of the schema and are free of errors."""

from collections.abc import Callable, Sequence
from typing import Any

from hypothesis import strategies as st

from egressc.names import OPA_PORTS, RESERVED_PORTS
from egressc.source import CONTROL
from tests.harmless import ATTACKS

Entry = dict[str, Any]
Draw = Callable[[st.SearchStrategy[Any]], Any]

HTTP_FAMILY = ("HTTP", "HTTP2", "GRPC")
REASON = "The network is a leased line (RISK-118)."
# words that YAML 1.1, YAML 1.2, PyYAML and Helm read differently
TRICKY = ("1e3", "y", "n", "no", "on", "0o17", "0x1f", "1_000", "1_0", "12-30", "null", "true", "NaN", "3.10", "007")
# what hosts with `gateway` need beside them
GATEWAYS = (
    {"name": "shared"},
    {"name": "adopted", "namespace": "istio-egress", "adopt": {"istio": "egressgateway"} | dict.fromkeys(TRICKY, "on")},
)
NAMESPACES = ("shop", "payments", "web", "1e3", "egress")


def labels() -> st.SearchStrategy[str]:
    """DNS labels, short and as long as they may be."""
    short = st.from_regex(r"[a-z0-9]([a-z0-9-]{0,6}[a-z0-9])?", fullmatch=True)
    return short | st.from_regex(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?", fullmatch=True)


def host_names() -> st.SearchStrategy[str]:
    """External hosts' names of two to nine labels."""
    top = st.sampled_from(["com", "net", "example", "io", "xn--p1ai"])
    return st.tuples(st.lists(labels(), min_size=1, max_size=8), top).map(_joined).filter(lambda host: len(host) <= 253)


def _joined(parts: tuple[list[str], str]) -> str:
    return ".".join((*parts[0], parts[1]))


def texts() -> st.SearchStrategy[str]:
    """What people write in a sentence, and what they had better not."""
    return st.text(characters(), min_size=1, max_size=100) | st.sampled_from(TRICKY) | commands()


def commands() -> st.SearchStrategy[str]:
    """Texts with what a CI would take for a command, had it a line of its own."""
    return st.sampled_from([attack for attack in ATTACKS if not CONTROL.search(attack)])


def characters() -> st.SearchStrategy[str]:
    """All that a list may contain."""
    text = st.characters(codec="utf-8", exclude_categories=["Cc"], exclude_characters="\ufffe\uffff")
    return text | st.sampled_from("\t\n")


def durations(unit: int = 1, most: int = 3_600_000) -> st.SearchStrategy[str]:
    """Durations of whole `unit` milliseconds, 1h at most."""
    return st.integers(1, most // unit).map({1: "{}ms", 1000: "{}s"}[unit].format)


def _subset(draw: Draw, **fields: st.SearchStrategy[Any]) -> Entry:
    return {name: draw(field) for name, field in fields.items() if draw(st.booleans())}


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
        entry["tls"] = {"mode": "passthrough"} | draw(_passthrough())
    elif protocols != {"TLS"} and draw(st.booleans()):
        entry["tls"] = draw(_tls())
    else:
        for port in ports:
            if draw(st.booleans()):
                port["tls"] = draw(_passthrough() if port["protocol"] == "TLS" else _tls())
    if draw(st.integers(0, 9)) == 0:
        entry["name"] = f"{draw(st.sampled_from(['g', 'no', 'y']))}-{number}"
    has_requests = bool(protocols & set(HTTP_FAMILY))
    entry |= _subset(
        draw,
        description=texts(),
        reviewBy=st.sampled_from(["2027-06-30", "2028-02-29"]),
        readiness=_readiness(has_requests, follows="failover" in entry),
        timeouts=_timeouts(has_requests),
        drain=durations(1000),
        connectionPool=_connection_pool(has_requests),
        outlierDetection=_outlier_detection(),
        podDisruptionBudget=st.sampled_from([{"minAvailable": 1}, {"maxUnavailable": "25%"}, {"minAvailable": "50%"}]),
        resources=_resources(),
        deny=st.builds(lambda rule: [rule], _denial(ports)),
        enforcement=st.sampled_from(["enforce", "report"]),
        accessLog=st.booleans(),
    )
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
            **_subset(draw, port=st.sampled_from([port["port"] for port in ports if port["protocol"] in HTTP_FAMILY])),
        }
    of_requests = {"retries": _retries(), "headers": _headers(), "rateLimit": _rate_limit()}
    entry |= _subset(draw, externalAuthorization=_external_authorization(), **(of_requests if has_requests else {}))
    if not owner and draw(st.integers(0, 4)) == 0:
        return _carried(draw, entry)
    scales = [{"minReplicas": 2, "maxReplicas": 1000, "targetCPU": 50}, {"minReplicas": 5}, {"maxReplicas": 2}, {}]
    scaling = draw(st.sampled_from([{}, {"replicas": 3}, *({"autoscaling": one} for one in scales)]))
    return name if set(entry) == {"host"} else entry | scaling


def _wildcard(draw: Draw, number: int) -> Entry:
    """A host that stands for many names, each an upstream of its own."""
    upstream = draw(st.sampled_from([443, 8443]))
    protocols = draw(st.lists(st.sampled_from([*HTTP_FAMILY, "TLS"]), min_size=1, max_size=3))
    ports = [
        {"port": port, "protocol": protocol, "upstreamPort": upstream}
        for port, protocol in zip((80, 443, 8080), protocols, strict=False)
    ]
    ranges = st.sampled_from([["10.0.0.0/8"], ["fd00::/8", "192.0.2.7/32", "::1/128"]])
    entry = {"host": f"*.any-{number}.example.net", "ports": ports, "clients": _clients(draw, ports)}
    way: dict[str, st.SearchStrategy[Any]] = {"deniedRanges": ranges}
    if draw(st.booleans()):
        way = {
            "proxy": st.sampled_from([{"host": "192.0.2.80", "port": 3128}, {"host": "1e3.example.net", "port": 80}])
        }
    return entry | _subset(draw, **way, drain=durations(1000))


def _carried(draw: Draw, entry: Entry) -> Entry:
    """The same host on pods that are not its own."""
    entry["gateway"] = draw(st.sampled_from([gateway["name"] for gateway in GATEWAYS]))
    if entry["gateway"] == "adopted":
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
    only = ("namespace", "gateway", "readiness", "failover", "drain", "expose", "deny", "enforcement", "accessLog")
    requests = ("headers", "rateLimit", "externalAuthorization", "proxy")
    pods = ("podDisruptionBudget", "resources", "replicas", "autoscaling")
    entry = {key: value for key, value in entry.items() if key not in only + pods + requests} | {"at": "sidecar"}
    entry.get("timeouts", {}).pop("stream", None)
    settings = [one for one in (entry.get("tls"), *(port.get("tls") for port in entry["ports"])) if one]
    for tls in settings:
        if tls.pop("files", None) and (tls.get("mode") == "mutual" or "unverified" not in tls):
            tls |= {"secret": "1e3"}
    labels = draw(st.dictionaries(st.sampled_from(["app", *TRICKY]), st.sampled_from(TRICKY), min_size=1))
    account = {"serviceAccount": "a.b"} if any(tls.get("mode") == "mutual" for tls in settings) else {}
    namespaces = draw(st.lists(st.sampled_from(NAMESPACES), min_size=1, unique=True))
    return entry | {"clients": [{"namespace": name, "podLabels": labels} | account for name in namespaces]}


def _ports(draw: Draw, number: int) -> list[Entry]:
    fine = st.integers(1, 65535).filter(lambda port: port not in RESERVED_PORTS and not 30000 <= port < 31000)
    client_ports = draw(
        st.lists(st.sampled_from([80, 443, 8080, 8443, 5432]) | fine, min_size=1, max_size=5, unique=True)
    )
    ports = [{"port": port, "protocol": draw(st.sampled_from([*HTTP_FAMILY, "TLS"]))} for port in client_ports]
    if draw(st.booleans()):
        ports.append({"port": 30000 + number, "protocol": "TCP"})  # nobody else's
    theirs = st.integers(1, 65535).filter(lambda port: port not in {*RESERVED_PORTS, *OPA_PORTS})
    return [port | _subset(draw, upstreamPort=theirs) for port in ports]


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
    if kind != "round robin" and draw(st.integers(0, 4)) == 0:
        entry["failover"] = draw(st.sampled_from([["192.0.2.9"], ["dr.example.net", "2001:db8::9"]]))
    return entry


def _clients(draw: Draw, ports: Sequence[Entry]) -> list[Any]:
    return [_client(draw, ports) for _ in range(draw(st.integers(1, 3)))]


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
        client |= _subset(
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
    return rule or "guests"


def _volume(draw: Draw, content: str) -> tuple[str, Entry]:
    # the path tells what is mounted there: ports that share a path share the content
    kind = draw(st.sampled_from(["secret", "configMap"]))
    path = f"/etc/{kind}/{content}"
    return path, {kind: content, "mountPath": path}


@st.composite
def _tls(draw: Draw) -> Entry:
    """TLS by the gateway, or none at all, with a reason."""
    mode = draw(st.sampled_from(["simple", "mutual", "none"]))
    if mode == "none":
        return {"mode": mode, "unverified": draw(st.just(REASON) | commands())}
    tls: Entry = {"mode": mode} | _subset(draw, sni=host_names())
    verified = draw(st.booleans())
    if draw(st.booleans()) and (verified or mode == "mutual"):
        tls["secret"] = draw(st.sampled_from(["partner", "1e3", "a.b"]))
    elif mode == "mutual" or verified:
        path, volume = _volume(draw, draw(st.sampled_from(["a", "no"])))
        pair = {"certificate": f"{path}/tls.crt", "key": f"{path}/tls.key"} if mode == "mutual" else {}
        ca = {"ca": f"{path}/ca.crt"} if verified and (not pair or draw(st.booleans())) else {}
        tls["files"] = pair | ca | {"volumes": [volume]}
    if not verified:
        tls["unverified"] = draw(st.just(REASON) | commands())
    elif draw(st.booleans()):
        tls["sans"] = draw(st.sampled_from([["a.example.net"], ["1e3", "spiffe://a.example/b"]]))
    return tls


@st.composite
def _passthrough(draw: Draw) -> Entry:
    """What the check of an application's own TLS may need."""
    if draw(st.booleans()):
        return {"secret": draw(st.sampled_from(["ca", "1e3"]))}
    path, volume = _volume(draw, "ca")
    return {"files": {"ca": f"{path}/ca.crt", "volumes": [volume]}} if draw(st.booleans()) else {}


@st.composite
def _readiness(draw: Draw, has_requests: bool, follows: bool) -> Entry:
    mode = "upstream" if follows else draw(st.sampled_from(["upstream", "gateway", "probe"]))
    if mode == "probe":
        probe: Entry = {"httpGet": {"path": "/healthz/ready", "port": 15021}}
        numbers = st.integers(1, 100)
        timing = ("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold")
        return {"mode": mode, "probe": probe | _subset(draw, **dict.fromkeys(timing, numbers))}
    if mode == "gateway":
        return {"mode": mode}
    thresholds = st.integers(1, 100)
    readiness = _subset(
        draw, interval=durations(), timeout=durations(), unhealthyThreshold=thresholds, healthyThreshold=thresholds
    )
    if has_requests and draw(st.booleans()):
        readiness["path"] = draw(st.sampled_from(["/", "/healthz?x=y#z", '/"quoted"', "/no"]))
        readiness |= _subset(draw, statuses=st.sampled_from([[204], ["100-599"], ["200-299", 404]]))
    return readiness


@st.composite
def _timeouts(draw: Draw, has_requests: bool) -> Entry:
    fields = {"connect": durations(), "idle": durations(1000)}
    return _subset(draw, **fields, **({"request": durations(), "stream": durations()} if has_requests else {}))


@st.composite
def _retries(draw: Draw) -> Entry:
    conditions = st.lists(st.sampled_from(["5xx", "503", "reset", "connect-failure"]), min_size=1, unique=True)
    return _subset(draw, attempts=st.integers(0, 10), retryOn=conditions, perTry=durations())


@st.composite
def _connection_pool(draw: Draw, has_requests: bool) -> Entry:
    count = st.sampled_from([1, 1000, 999_999, 1_000_000, 2**29])
    keepalive = st.fixed_dictionaries(
        {}, optional={"time": durations(1000), "interval": durations(1000), "probes": st.integers(1, 100)}
    )
    requests = dict.fromkeys(("maxPendingRequests", "maxRequests", "maxRequestsPerConnection"), count)
    return _subset(draw, maxConnections=count, keepalive=keepalive, **(requests if has_requests else {}))


def _outlier_detection() -> st.SearchStrategy[Entry]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "consecutive5xxErrors": st.integers(1, 1000),
        "consecutiveGatewayErrors": st.integers(1, 1000),
        "interval": durations(),
        "baseEjectionTime": durations(),
        "maxEjectionPercent": st.integers(1, 100),
    }
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def _headers(draw: Draw) -> Entry:
    """Each header once; values as Envoy and YAML had better not read them."""
    values = st.sampled_from(["1", "100%", "%REQ(x-debug)%", '"quoted": {}', *TRICKY])
    changes = {"set": st.dictionaries(st.sampled_from(["X-A", "x-1e3", "No"]), values, min_size=1)}
    changes["remove"] = st.sampled_from([["X-B"], ["x-c", "y"]])
    request = _subset(draw, **changes, keep=st.sampled_from([["traceparent"], ["b3", "x-request-id"]]))
    secret = st.sampled_from(["token", "1e3"])
    credential = st.fixed_dictionaries(
        {"secret": secret}, optional={"name": st.just("X-Key"), "prefix": st.just("Bearer "), "key": st.just("007")}
    )
    response = st.just(_subset(draw, **changes))
    return _subset(draw, request=st.just(request), response=response, credential=credential)


@st.composite
def _rate_limit(draw: Draw) -> Entry:
    limit = st.fixed_dictionaries({"requests": st.sampled_from([1, 7, 1_000_000]), "per": durations(1000)})
    every, each = draw(st.none() | limit), draw(limit)
    return (every | ({"perClient": each} if draw(st.booleans()) else {})) if every else {"perClient": each}


@st.composite
def _external_authorization(draw: Draw) -> Entry:
    if draw(st.booleans()):
        return {"provider": draw(st.sampled_from(["company-authorizer", "1e3"]))}
    opa: Entry = {"image": "opa:1e3", "policy": draw(st.sampled_from(["policy", "1e3"]))}
    opa |= _subset(draw, decision=st.just("a/b"), timeout=durations(), resources=_resources())
    return {"opa": opa} | _subset(draw, failOpen=st.booleans())


def _resources() -> st.SearchStrategy[Entry]:
    requests = st.fixed_dictionaries(
        {}, optional={"cpu": st.sampled_from(["100m", 1, 0.5]), "memory": st.sampled_from(["128Mi", 134217728])}
    )
    limits = st.fixed_dictionaries({}, optional={"cpu": st.just(2), "memory": st.just("1Gi")})
    return st.fixed_dictionaries({}, optional={"requests": requests, "limits": limits})
