"""What the gateway decides about a caller: let in, refused or only reported, and written down."""

from collections.abc import Iterator

from egressc.explain.decision import Decision, time
from egressc.explain.denied import what
from egressc.explain.lines import client_line, deny_line, once
from egressc.explain.objects import Object, named_object
from egressc.model import Client, Deny
from egressc.plan import Gateway, GatewayPort


def admitted(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    """All that the gateway decides before it sends a request on its way."""
    host, requests = gateway.host, port.port.is_http
    server = f"takes port {port.number} for {host.host}, from identities of the mesh alone"
    yield Decision(named_object(gateway, "Gateway"), server, ())
    yield from _denied(gateway, port)
    yield from _allowed(gateway, port)
    yield from _logged(gateway, port)
    patch = named_object(gateway, "EnvoyFilter", ".requests")
    if gateway.strict_paths and requests:
        escaped = "kept" if host.reports else "refused"
        decided = (*gateway.rules, *gateway.denials, *gateway.fleet_denials)
        lines = once(line for rule in decided for line in rule.said.said("paths"))
        yield Decision(patch, f"reads a path in one way: normalised, slashes merged, escaped slashes {escaped}", lines)
    if host.timeouts.stream and requests:
        lines = host.timeouts.said("stream")
        yield Decision(patch, *time(host.timeouts.stream, "closes a stream without traffic after {}", lines))


def users(gateway: Gateway, port: GatewayPort) -> list[Client]:
    """The clients that may use the port."""
    return [client for client in gateway.host.callers if client.covers(port.port.port)]


def _denied(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    own = "reports" if gateway.host.reports else "refuses"
    for verb, denials in (("refuses", gateway.fleet_denials), (own, gateway.denials)):
        for denial in denials:
            if isinstance(denial.said, Deny) and denial.covers(port.port.port):
                yield Decision(_rules(gateway), f"{verb} {what(denial.said)}", (deny_line(denial.said),))


def _allowed(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    lines = once(client_line(client) for client in users(gateway, port))
    if gateway.host.reports:
        lines = (*gateway.host.said("enforcement"), *lines)
        yield Decision(_rules(gateway), "lets everybody in, and reports whom it would refuse", lines)
    else:
        yield Decision(_rules(gateway), "finds those allowed that may call", lines)
    refused = "answers 403 to all others" if port.port.is_http else "closes the connection of all others"
    if gateway.pods.kind == "adopted":
        refused += ", and leaves alone what else these pods carry"
    yield Decision(named_object(gateway, "AuthorizationPolicy"), refused, ())


def _rules(gateway: Gateway) -> Object:
    return named_object(gateway, "EnvoyFilter", ".authorization")


def _logged(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    host, unit = gateway.host, "request" if port.port.is_http else "connection"
    lines = host.said("accessLog")
    log = named_object(gateway, "EnvoyFilter", ".access-log")
    if host.access_log is not None and gateway.pods.kind != "adopted":
        yield Decision(named_object(gateway, "Telemetry"), "turns the mesh's own access log off", lines)
    if host.access_log:
        yield Decision(log, f"writes a line for each {unit}, with the caller's identity", lines)
    elif host.reports:
        refused = f"writes a line for each {unit} that would be refused, with the caller's identity"
        yield Decision(log, refused, host.said("enforcement"))
