"""What `helm test` asks: every port of every host, each as the first client that may."""

import json
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from egressc.model import is_prefix
from egressc.plan import GatewayCarrier, GatewayPort, Identity, Rule

SCHEMES = {"TLS": "https", "TCP": "telnet"}
GRPC_HEALTH = "/grpc.health.v1.Health/Check"
#: What the chart says itself of the pods that ask.
KEPT = {"istio.io/rev", "sidecar.istio.io/inject"}


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks: an identity of the mesh, and the labels by which the client's sidecar lets its pod through."""

    who: Identity
    pod_labels: tuple[tuple[str, str], ...]

    @property
    def key(self) -> str:
        """What tells its pod from those of others."""
        labels = [json.dumps(dict(self.pod_labels), separators=(",", ":"), sort_keys=True)] if self.pod_labels else []
        return sha256(" ".join([self.who.principal, *labels]).encode()).hexdigest()[:8]


def call_values(gateways: Iterable[GatewayCarrier]) -> dict[str, Any]:
    """`calls`: a pod each, with what it asks as "PROTOCOL URL"."""
    asked: dict[Caller, set[str]] = {}
    for gateway in gateways:
        for caller, line in _calls(gateway):
            asked.setdefault(caller, set()).add(line)
    return dict(sorted((caller.key, _values(caller, lines)) for caller, lines in asked.items()))


def _values(caller: Caller, lines: set[str]) -> dict[str, Any]:
    namespace = {"namespace": caller.who.namespace} if caller.who.namespace else {}
    labels = {key: value for key, value in caller.pod_labels if key not in KEPT}
    return (
        namespace
        | {"serviceAccount": caller.who.service_account or "default"}
        | ({"podLabels": labels} if labels else {})
        | {"ask": sorted(lines)}
    )


def _calls(gateway: GatewayCarrier) -> Iterator[tuple[Caller, str]]:
    if gateway.host.wildcard:
        return  # nobody knows a name of it that is there
    for port in gateway.ports:
        method = "POST" if port.protocol == "GRPC" else "GET"
        named = (rule for rule in gateway.rules if not is_prefix(rule.who.namespace))  # where a pod can be
        may = (rule for rule in named if rule.covers(port.client_port) and method in (rule.methods or [method]))
        if rule := next(may, None):
            url = f"{SCHEMES.get(port.protocol, 'http')}://{gateway.host.host}:{port.client_port}{_path(rule, port)}"
            yield Caller(rule.who, _labels(rule.who, port)), f"{port.protocol} {url}"


def _path(rule: Rule, port: GatewayPort) -> str:
    if rule.paths:
        return "/" + rule.paths[0].replace("*", "").removeprefix("/")
    return GRPC_HEALTH if port.protocol == "GRPC" else "/"


def _labels(who: Identity, port: GatewayPort) -> tuple[tuple[str, str], ...]:
    fitting = (one for one in port.callers if one.labels and one.namespace in (None, who.namespace))
    return next((one.labels for one in fitting), ())
