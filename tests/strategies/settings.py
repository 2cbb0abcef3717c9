"""Every setting of a host, in values that are free of errors."""

from typing import Any

from hypothesis import strategies as st

from egressc.model import HTTP_FAMILY
from tests.strategies.words import REASON, TRICKY, Draw, Entry, commands, durations, host_names, subset


def _mounted(draw: Draw, content: str) -> tuple[str, Entry]:
    # the path tells what is mounted there: ports that share a path share the content
    kind = draw(st.sampled_from(["secret", "configMap"]))
    path = f"/etc/{kind}/{content}"
    return path, {kind: content, "mountPath": path}


@st.composite
def tls(draw: Draw) -> Entry:
    """TLS by the gateway, or none at all, with a reason."""
    mode = draw(st.sampled_from(["simple", "mutual", "none"]))
    if mode == "none":
        return {"mode": mode, "unverified": draw(st.just(REASON) | commands())}
    tls: Entry = {"mode": mode} | subset(draw, sni=host_names())
    verified = draw(st.booleans())
    if draw(st.booleans()) and (verified or mode == "mutual"):
        tls["secret"] = draw(st.sampled_from(["partner", "1e3", "a.b"]))
        tls |= subset(draw, crl=st.just(True)) if verified else {}
    elif mode == "mutual" or verified:
        path, volume = _mounted(draw, draw(st.sampled_from(["a", "no"])))
        pair = {"certificate": f"{path}/tls.crt", "key": f"{path}/tls.key"} if mode == "mutual" else {}
        ca = {"ca": f"{path}/ca.crt"} if verified and (not pair or draw(st.booleans())) else {}
        ca |= subset(draw, crl=st.just(f"{path}/ca.crl")) if ca else {}
        tls["files"] = pair | ca | {"volumes": [volume]}
    tls |= draw(_parameters())
    if not verified:
        tls["unverified"] = draw(st.just(REASON) | commands())
    elif draw(st.booleans()):
        tls["sans"] = draw(st.sampled_from([["a.example.net"], ["1e3", "spiffe://a.example/b"]]))
    return tls


def _parameters() -> st.SearchStrategy[Entry]:
    """Versions and cipher suites; the suites are of the old versions, too."""
    fields: dict[str, list[Any]] = {"minProtocolVersion": ["TLSV1_0", "TLSV1_2"], "cipherSuites": [["AES128-SHA"]]}
    fields["maxProtocolVersion"] = ["TLSV1_2", "TLSV1_3"]
    return st.fixed_dictionaries({}, optional={key: st.sampled_from(values) for key, values in fields.items()})


@st.composite
def passthrough(draw: Draw) -> Entry:
    """What the check of an application's own TLS may need."""
    if draw(st.booleans()):
        return {"secret": draw(st.sampled_from(["ca", "1e3"]))}
    path, volume = _mounted(draw, "ca")
    return {"files": {"ca": f"{path}/ca.crt", "volumes": [volume]}} if draw(st.booleans()) else {}


@st.composite
def readiness(draw: Draw, has_requests: bool, follows: bool) -> Entry:
    mode = "upstream" if follows else draw(st.sampled_from(["upstream", "gateway", "probe"]))
    if mode == "probe":
        probe: Entry = {"httpGet": {"path": "/healthz/ready", "port": 15021}}
        numbers = st.integers(1, 100)
        timing = ("periodSeconds", "timeoutSeconds", "failureThreshold", "successThreshold")
        return {"mode": mode, "probe": probe | subset(draw, **dict.fromkeys(timing, numbers))}
    if mode == "gateway":
        return {"mode": mode}
    thresholds = st.integers(1, 100)
    readiness = subset(
        draw, interval=durations(), timeout=durations(), unhealthyThreshold=thresholds, healthyThreshold=thresholds
    )
    if has_requests and draw(st.booleans()):
        readiness["path"] = draw(st.sampled_from(["/", "/healthz?x=y#z", '/"quoted"', "/no"]))
        readiness |= subset(draw, statuses=st.sampled_from([[204], ["100-599"], ["200-299", 404]]))
    return readiness


@st.composite
def timeouts(draw: Draw, has_requests: bool) -> Entry:
    fields = {"connect": durations(), "idle": durations(1000)}
    return subset(draw, **fields, **({"request": durations(), "stream": durations()} if has_requests else {}))


@st.composite
def retries(draw: Draw) -> Entry:
    conditions = st.lists(st.sampled_from(["5xx", "503", "reset", "connect-failure"]), min_size=1, unique=True)
    shares = {"percent": st.integers(0, 100), "minConcurrency": st.integers(0, 10)}
    budget = st.fixed_dictionaries({}, optional=shares)
    return subset(draw, attempts=st.integers(0, 10), retryOn=conditions, perTry=durations(), budget=budget)


@st.composite
def connection_pool(draw: Draw, protocols: set[str]) -> Entry:
    count = st.sampled_from([1, 1000, 999_999, 1_000_000, 2**29])
    keepalive = st.fixed_dictionaries(
        {}, optional={"time": durations(1000), "interval": durations(1000), "probes": st.integers(1, 100)}
    )
    fields: dict[str, st.SearchStrategy[Any]] = {"maxConnections": count, "keepalive": keepalive}
    if protocols & set(HTTP_FAMILY):
        fields |= dict.fromkeys(("maxPendingRequests", "maxRequests", "maxRequestsPerConnection"), count)
    if protocols & {"HTTP2", "GRPC"}:
        fields["http2Keepalive"] = st.fixed_dictionaries({"interval": durations(), "timeout": durations()})
    return subset(draw, **fields)


def outlier_detection() -> st.SearchStrategy[Entry]:
    fields: dict[str, st.SearchStrategy[Any]] = {
        "consecutive5xxErrors": st.integers(1, 1000),
        "consecutiveGatewayErrors": st.integers(1, 1000),
        "interval": durations(),
        "baseEjectionTime": durations(),
        "maxEjectionPercent": st.integers(1, 100),
    }
    return st.fixed_dictionaries({}, optional=fields)


@st.composite
def headers(draw: Draw, *, keeps_names: bool) -> Entry:
    """Each header once; values as Envoy and YAML had better not read them."""
    values = st.sampled_from(["1", "100%", "%REQ(x-debug)%", '"quoted": {}', *TRICKY])
    changes = {"set": st.dictionaries(st.sampled_from(["X-A", "x-1e3", "No"]), values, min_size=1)}
    changes["remove"] = st.sampled_from([["X-B"], ["x-c", "y"]])
    request = subset(draw, **changes, keep=st.sampled_from([["traceparent"], ["b3", "x-request-id"]]))
    if "set" in request and draw(st.booleans()):
        request["set"] |= {"X-Token": "none"}
        request["notSecret"] = ["X-Token"]
    secret = st.sampled_from(["token", "1e3"])
    credential = st.fixed_dictionaries(
        {"secret": secret}, optional={"name": st.just("X-Key"), "prefix": st.just("Bearer "), "key": st.just("007")}
    )
    response = st.just(subset(draw, **changes))
    host = st.just("origin.example.net")
    names = {"preserveCase": st.booleans() if keeps_names else st.just(False)}
    return subset(draw, **names, host=host, request=st.just(request), response=response, credential=credential)


@st.composite
def rate_limit(draw: Draw) -> Entry:
    limit = st.fixed_dictionaries({"requests": st.sampled_from([1, 7, 1_000_000]), "per": durations(1000)})
    every, each = draw(st.none() | limit), draw(limit)
    return (every | ({"perClient": each} if draw(st.booleans()) else {})) if every else {"perClient": each}


@st.composite
def external_authorization(draw: Draw) -> Entry:
    if draw(st.booleans()):
        return {"provider": draw(st.sampled_from(["company-authorizer", "1e3"]))}
    opa: Entry = {"image": "opa:1e3", "policy": draw(st.sampled_from(["policy", "1e3"]))}
    opa |= subset(draw, decision=st.just("a/b"), timeout=durations(), resources=resources())
    return {"opa": opa} | subset(draw, failOpen=st.booleans())


def resources() -> st.SearchStrategy[Entry]:
    requests = st.fixed_dictionaries(
        {}, optional={"cpu": st.sampled_from(["100m", 1, 0.5]), "memory": st.sampled_from(["128Mi", 134217728])}
    )
    limits = st.fixed_dictionaries({}, optional={"cpu": st.just(2), "memory": st.just("1Gi")})
    return st.fixed_dictionaries({}, optional={"requests": requests, "limits": limits})
