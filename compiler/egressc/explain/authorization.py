"""What the gateway decides about a caller: let in, refused or only reported, and written down."""

from collections.abc import Iterator

from egressc.explain.decision import Decision, time
from egressc.explain.denied import what
from egressc.explain.lines import client_line, deny_line, once, said
from egressc.explain.objects import named_object
from egressc.model import Client
from egressc.plan import Gateway, GatewayPort


def admitted(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    """All that the gateway decides before it sends a request on its way."""
    host, requests = gateway.host, port.port.is_http
    server = f"takes port {port.number} for {host.host}, from identities of the mesh alone"
    yield Decision(named_object(gateway, "Gateway"), server, ())
    yield from _denied(gateway, port)
    yield from _allowed(gateway, port)
    yield from _logged(gateway, port)
    patch = named_object(gateway, "EnvoyFilter")
    if gateway.has_paths and requests:
        escaped = "kept" if host.reports else "refused"
        rules = (*host.clients, *host.deny, *(denial.deny for denial in gateway.fleet_denials if denial.deny))
        lines = tuple(line for rule in rules for line in said(rule.source, "paths"))
        yield Decision(patch, f"reads a path in one way: normalised, slashes merged, escaped slashes {escaped}", lines)
    if host.duration("timeouts", "stream") and requests:
        yield Decision(patch, *time(gateway.host, "timeouts", "stream", "closes a stream without traffic after {}"))


def users(gateway: Gateway, port: GatewayPort) -> list[Client]:
    """The clients that may use the port."""
    return [client for client in gateway.host.callers if client.covers(port.port.port)]


def _denied(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    for suffix, denials in ((".fleet-deny", gateway.fleet_denials), (".deny", gateway.denials)):
        verb = "reports" if gateway.host.reports and suffix == ".deny" else "refuses"
        policy = named_object(gateway, "AuthorizationPolicy", suffix)
        for denial in denials:
            if denial.deny and (not denial.ports or port.number in denial.ports):
                yield Decision(policy, f"{verb} {what(denial.deny)}", (deny_line(denial.deny),))


def _allowed(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    lines = once(client_line(client) for client in users(gateway, port))
    refused = "answers 403 to all others" if port.port.is_http else "closes the connection of all others"
    if gateway.host.reports:
        refused, lines = "reports all others", (*said(gateway.host.source, "enforcement"), *lines)
    if gateway.pods.kind == "adopted":
        policy = named_object(gateway, "AuthorizationPolicy", ".deny")
        if any(not denial.deny and port.number in denial.ports for denial in gateway.denials):
            yield Decision(policy, f"{refused}, and leaves what else these pods carry alone", lines)
        return
    policy = named_object(gateway, "AuthorizationPolicy")
    yield Decision(policy, f"allows those that may call, {refused}", lines)
    if gateway.reports_beside_others:
        beside = named_object(gateway, "AuthorizationPolicy", ".report")
        yield Decision(beside, "lets all others in: hosts beside it on these pods refuse theirs", lines[:1])


def _logged(gateway: Gateway, port: GatewayPort) -> Iterator[Decision]:
    host, unit = gateway.host, "request" if port.port.is_http else "connection"
    lines = said(host.source, "accessLog")
    log = named_object(gateway, "EnvoyFilter", ".access-log")
    if host.access_log is not None and gateway.pods.kind != "adopted":
        yield Decision(named_object(gateway, "Telemetry"), "turns the mesh's own access log off", lines)
    if host.access_log:
        yield Decision(log, f"writes a line for each {unit}, with the caller's identity", lines)
    elif host.reports:
        refused = f"writes a line for each {unit} that would be refused, with the caller's identity"
        yield Decision(log, refused, said(host.source, "enforcement"))
