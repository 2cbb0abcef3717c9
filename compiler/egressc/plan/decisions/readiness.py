"""When a gateway pod is Ready."""

from collections.abc import Iterator
from typing import Any

from egressc.model import Host, Port
from egressc.plan.decision import Decision, Object, chosen
from egressc.plan.decisions.question import question
from egressc.plan.decisions.tls import ca_file, revocations, trusted
from egressc.plan.load import checks, replicas
from egressc.plan.spelled import from_to, seconds
from egressc.plan.way import GatewayWay

ANY_STATUS = ((100, 599),)


def readiness(way: GatewayWay) -> Iterator[Decision]:
    """What decides whether a pod is Ready."""
    if not way.pods.single:
        says = "Ready while the gateway itself runs: other hosts are behind it"
        yield Decision(way.object("Service"), says, way.host.said("gateway"))
    yield from _followed(way)
    if way.checks_upstream:
        yield from _rhythm(way)


def amounts(way: GatewayWay) -> Iterator[Decision]:
    """How many checks the upstream gets."""
    if not way.checks_upstream:
        return
    running = replicas(way)
    lines = (way.host.readiness.said("interval") or way.host.readiness.said("timeout")) + running.lines
    pods = "" if running.counted else " from each pod"
    for port in way.host.checked:
        load = checks(way, port)
        per = "the upstream" if load.per == "upstream" else "each address of the upstream"
        says = f"{per} gets {load.each} checks a minute{pods} (port {port.port})"
        yield Decision(way.checking, says, lines)


def _followed(way: GatewayWay) -> Iterator[Decision]:
    """What must be so that a pod is Ready."""
    host, given = way.host, way.host.readiness
    if not way.checks_upstream:
        if way.pods.single:
            sets = {"readiness": {"mode": given.mode} | ({"probe": given.probe} if given.probe else {})}
            lines = given.said("probe" if given.probe else "mode")
            yield Decision(way.object("Deployment"), f"Ready while {ready_when(host, host.ports[0])}", lines, sets)
        return
    state = "Ready" if way.pods.single else "calls are let through"
    asked = given.said("path") + given.said("statuses")
    for port in host.ports:
        if port not in host.checked:
            says, lines = f"{state} whatever becomes of its upstream (port {port.port})", port.readiness.said("mode")
            sets = {"readiness": {"mode": port.readiness.mode}}
            yield Decision(way.checking, says, lines, sets, port.port)
            continue
        lines = asked or port.tls.said("mode") + port.tls.said("secret") + port.tls.said("files")
        says = f"{state} while {ready_when(host, port)} (port {port.port})"
        check = checked(host, port)
        if not way.filtered:
            yield Decision(way.checking, says, lines, {"ask": question(host, port, check)}, port.port)
            continue
        yield Decision(way.checking, says, lines, {"check": check} if check else {}, port.port)
    if way.pods.single and len(host.checked) > 1:
        yield Decision(way.checking, "NotReady for the callers of all ports while one of these is not well")


def _rhythm(way: GatewayWay) -> Iterator[Decision]:
    """How often the upstream is checked, and how many checks make a difference."""
    given = way.host.readiness
    patch = way.checking if way.filtered else way.object("Deployment")
    each, waits = f"each pod checks every {given.interval.spelled}", f"waits {given.timeout.spelled} for an answer"
    interval, timeout = seconds(given.interval), seconds(given.timeout)
    if way.filtered:
        yield _said(way, patch, f"{each} and {waits}", interval=interval, timeout=timeout)
    else:
        yield _said(way, patch, each, interval=interval)
        yield _said(way, way.checking, f"curl {waits}", timeout=timeout)
    bad, good = given.unhealthy_threshold, given.healthy_threshold
    turns = f"not any more after {bad} failed in a row, again after {good} good"
    if way.pods.single:
        turns = f"NotReady after {bad} failed in a row, Ready after {good} good"
    yield _said(way, patch, turns, unhealthyThreshold=bad, healthyThreshold=good)


def ready_when(host: Host, port: Port) -> str:
    """What is asked of the upstream behind `port`, for people."""
    given, check, tls = host.readiness, checked(host, port), port.tls
    if "gateway" in (given.mode, port.readiness.mode):
        return "the gateway itself runs"
    if given.probe is not None:
        return f"the probe httpGet :{given.probe['httpGet']['port']}{given.probe['httpGet']['path']} succeeds"
    if "path" in check:
        answer = ", ".join(from_to(*status) for status in given.statuses) if given.path else "anything"
        return f"GET {check['path']} answers {answer}"
    if "tls" in check:
        return f"TLS connects, verified; {trusted(tls)}"
    if tls.originates and "connect" not in check:
        return "TLS connects" if tls.unverified else "TLS connects, verified"
    return "TCP connects"


def checked(host: Host, port: Port) -> dict[str, Any]:
    """How the upstream behind `port` is checked; empty for a connection with the port's own TLS."""
    tls, given = port.tls, host.readiness
    if tls.per_name:
        return {"connect": True} if tls.originates else {}
    if port.is_http and (given.path or tls.mode == "mutual" or (host.proxy and tls.mode == "none")):
        # after a TLS 1.3 handshake only an answer shows that the client certificate was taken, and without TLS only an
        # answer is not a proxy's
        statuses = given.statuses if given.path else ANY_STATUS
        ranges = [{"start": first, "end": last + 1} for first, last in statuses]
        written = host.headers.host if host.headers else None
        asked = written or (tls.sni if host.wildcard else host.host)
        http2 = {} if port.upstream_protocol == "HTTP" else {"http2": True}
        return {"path": given.path or "/", "host": asked, "statuses": ranges} | http2
    if tls.mode == "passthrough":
        anchor = {"credentialName": tls.secret} if tls.secret else {"caCertificates": ca_file(tls)}
        return {"tls": {"sni": host.host, "subjectAltNames": [host.host]} | anchor | revocations(tls)}
    return {}


def _said(way: GatewayWay, patch: Object, says: str, **values: Any) -> Decision:
    given = way.host.readiness
    lines = [line for key in values for line in given.said(key)]
    sets = {"readiness": {key: value for key, value in values.items() if given.says(key)}}
    return chosen(patch, says, tuple(lines), sets)
