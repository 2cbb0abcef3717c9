"""What the gateway decides about a caller: let in, refused or only reported, and written down."""

from collections.abc import Iterator

from egressc.model import Deny
from egressc.plan.decision import Decision, Object, chosen
from egressc.plan.decisions.lines import client_line, deny_line, once
from egressc.plan.decisions.sent import users
from egressc.plan.ports import GatewayPort
from egressc.plan.spelled import seconds
from egressc.plan.way import GatewayWay


def admitted(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """All that the gateway decides before it sends a request on its way."""
    server, host = way.object("Gateway"), way.host
    yield Decision(server, f"takes port {port.gateway_port} for {host.host}, from identities of the mesh only")
    yield from _identified(way, port)
    if way.pods.ours:
        yield Decision(way.object("ServiceAccount"), "is the identity that the clients' sidecars verify")
        yield Decision(way.object("Deployment"), "runs as this account")
    if way.pods.ours and not way.pods.single and way.filtered:
        others = Object("EnvoyFilter", way.namespace, f"{way.pods.name}.authorization")
        yield Decision(others, "leads nowhere what no host of these pods has asked for")
    yield from _denied(way, port)
    lines = once(client_line(client) for client in users(way, port))
    if host.reports:
        says = "lets everybody in, and reports whom it would refuse"
        yield Decision(way.allowing, says, host.said("enforcement") + lines)
    else:
        yield Decision(way.allowing, "finds those allowed that may call", lines)
    refused = "answers 403 to all others" if port.is_http else "closes the connection of all others"
    beside = "" if way.pods.ours else ", and does nothing to what else these pods carry"
    sets = {} if way.pods.ours else {"adopted": True}
    yield Decision(way.object("AuthorizationPolicy"), refused + beside, (), sets)
    yield from _logged(way, "request" if port.is_http else "connection")
    if port.is_http:
        yield from _read_in_one_way(way)
        yield from _streams(way)


def _identified(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """The identities that TLS itself asks for."""
    if port.identities:
        says = f"shakes hands only with {', '.join(port.identities)}"
        lines = once(line for client in users(way, port) for line in client.said("serviceAccount"))
        sets = {"identities": list(port.identities)}
        yield Decision(way.object("Gateway"), says, lines, sets, port.client_port)


def _logged(way: GatewayWay, unit: str) -> Iterator[Decision]:
    """What is written down of each `unit`."""
    host, lines, log = way.host, way.host.said("accessLog"), way.object("EnvoyFilter", ".access-log")
    sets = {"accessLog": host.access_log}
    if host.access_log is not None and way.pods.single:
        yield Decision(way.object("Telemetry"), "turns the mesh's own access log off", lines, sets)
    if host.access_log:
        yield Decision(log, f"writes a line for each {unit}, with the caller's identity", lines, sets)
    elif host.reports:
        says = f"writes a line for each {unit} that would be refused, with the caller's identity"
        yield Decision(log, says, host.said("enforcement"), {"reports": True})


def _read_in_one_way(way: GatewayWay) -> Iterator[Decision]:
    """That the host has one spelling, and a path one reading, where somebody decides by it."""
    if not way.filtered:
        yield from _two_readings(way)
        return
    yield Decision(way.reading, f"reads {way.host.host}. as {way.host.host}")
    if way.strict_paths:
        escaped = "kept" if way.host.reports or way.host.keeps_slashes else "refused"
        says = f"reads a path in one way: normalised, slashes merged, escaped slashes {escaped}"
        lines = once(line for rule in way.decided for line in rule.said.said("paths"))
        kept = {"escapedSlashes": "keep"} if way.host.keeps_slashes else {}
        lines += way.host.said("escapedSlashes")
        yield Decision(way.reading, says, lines, {"strictPaths": True} | kept)


def _two_readings(way: GatewayWay) -> Iterator[Decision]:
    """That nobody sends a path with two readings, where somebody decides by it and Istio has no field for that."""
    if way.strict_paths:
        escaped = "dot segments beside escaped slashes" if way.host.keeps_slashes else "escaped slashes"
        says = f"answers 403 to a path with two readings: with {escaped}, or in a header"
        lines = once(line for rule in way.decided for line in rule.said.said("paths"))
        yield Decision(way.reading, says, lines + way.host.said("escapedSlashes"))


def _streams(way: GatewayWay) -> Iterator[Decision]:
    """How long a stream may be without traffic."""
    time = way.host.timeouts.stream
    if time:
        says, lines = f"closes a stream without traffic after {time.spelled}", way.host.timeouts.said("stream")
        by = way.reading if way.filtered else way.object("Deployment")
        yield chosen(by, says, lines, {"streamTimeout": seconds(time)})


def _denied(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    own = "reports" if way.host.reports else "refuses"
    for verb, denials in (("refuses", way.fleet_denials), (own, way.denials)):
        for denial in denials:
            if isinstance(denial.said, Deny) and denial.covers(port.client_port):
                yield Decision(way.refusing, f"{verb} {_what(denial.said)}", (deny_line(denial.said),))


def _what(deny: Deny) -> str:
    """`shop: DELETE on /admin*`."""
    asked = " ".join(sorted(deny.methods)) or "any method" if deny.methods or deny.paths else ""
    where = f" on {' '.join(sorted(deny.paths))}" if deny.paths else ""
    return f"{deny.who}: {asked}{where}" if asked else deny.who
