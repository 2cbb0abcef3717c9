"""Whoever the list names is let in at the ports that it says, and nobody else."""

import re
from collections.abc import Mapping
from typing import Any

from tests import rbac
from tests.contract.fleet import RAW, Fleet, Gateway

EVERYBODY = {"prefix": "spiffe://"}
STRANGER = rbac.Call("spiffe://cluster.local/ns/nobody-s/sa/stranger")
RESULT = "experimental.envoy.filters.{}.rbac[egressc_shadow_engine_result]"
POLICY = "experimental.envoy.filters.{}.rbac[egressc_shadow_effective_policy_id]"


def check(fleet: Fleet) -> None:
    for gateway in fleet.hosts:
        for port in gateway.ports:
            _allowed(gateway, port)
            _denied(gateway, port)
            _handshake(gateway, port)
        _provider(gateway)
        if gateway.carrier is None:
            _adopted(gateway)
    for gateway in fleet.pods:
        allowed = [[{"key": RESULT.format(kind), "values": ["allowed"]}] for kind in ("http", "network")]
        spec = gateway.spec("AuthorizationPolicy")
        assert (spec["action"], spec["rules"]) == ("ALLOW", [{"when": when} for when in allowed])
        _closed_doors(gateway)


def _named(gateway: Gateway, port: Mapping[str, Any]) -> set[str]:
    """The identities that may call at a port."""
    return {rule.who.principal for rule in gateway.rules if rule.covers(port["port"])}


def _allowed(gateway: Gateway, port: Mapping[str, Any]) -> None:
    rules = rbac.filters(gateway.documents, gateway.namespace, gateway.name, port)["shadow_rules"]
    assert rules["action"] == "ALLOW"
    if gateway.reports:
        return
    found = [one for policy in (rules["policies"] or {}).values() for one in policy["principals"]]
    callers = [one["authenticated"]["principal_name"] for one in found]
    assert {"*" if one == EVERYBODY else _principal(one) for one in callers} == _named(gateway, port)
    let_in = rbac.decided(gateway.documents, gateway.namespace, gateway.name, port, STRANGER)
    assert not let_in or "*" in _named(gateway, port)


def _principal(matcher: Mapping[str, Any]) -> str:
    ((how, name),) = matcher.items()
    if how == "safe_regex":
        name = re.sub(r"\\(.)", r"\1", name["regex"].replace("[a-z0-9-]*", "*"))
    principal = name.removeprefix("spiffe://") + ("*" if how == "prefix" else "")
    return principal if "/sa/" in principal or principal == "*" else f"{principal}/sa/*"


def _denied(gateway: Gateway, port: Mapping[str, Any]) -> None:
    """A report touches no fleet-wide denial, and what only requests show is denied on ports with requests only."""
    rules = port["rules"]
    assert ("wouldAllow" in rules) == ("wouldDeny" in rules) == gateway.reports
    if port["protocol"] in RAW:
        for rule in (rule for part in rules.values() for rule in part):
            assert not {"methods", "paths", "hosts"} & set(rule)


def _handshake(gateway: Gateway, port: Mapping[str, Any]) -> None:
    """A server that speaks first has spoken before a policy decides: its callers are named in the handshake."""
    tls = gateway.servers[port["gatewayPort"]]["tls"]
    named = {f"spiffe://{name}" for name in _named(gateway, port)}
    by_account = all("*" not in name for name in named) and not gateway.reports
    assert set(tls.get("subjectAltNames", [])) == (named if by_account and port["protocol"] in RAW else set())


def _closed_doors(gateway: Gateway) -> None:
    """Whatever others open on our pods carries bytes nowhere, and requests past a filter that finds nobody allowed."""
    bytes_, requests = (patch for patch in gateway.patches(".authorization")[:2])
    chain = {"context": "GATEWAY", "listener": {"filterChain": {"filter": {}}}}
    for patch, name in ((bytes_, "tcp_proxy"), (requests, "http_connection_manager")):
        chain["listener"] = {"filterChain": {"filter": {"name": f"envoy.filters.network.{name}"}}}
        assert patch["match"] == chain
    assert bytes_["patch"]["value"]["typed_config"]["cluster"] == "BlackHoleCluster"
    assert (requests["patch"]["operation"], requests["patch"]["value"]["name"]) == (
        "INSERT_FIRST",
        "egressc.authorization",
    )
    assert gateway.spec("EnvoyFilter", ".authorization")["priority"] == 1


def _kind(port: Mapping[str, Any]) -> str:
    return "network" if port["protocol"] in RAW else "http"


def _adopted(gateway: Gateway) -> None:
    """Pods that carry hosts of others: whoever the rules do not allow is refused, at each port of this host."""
    spec = gateway.spec("AuthorizationPolicy")
    assert spec["action"] == "DENY"
    assert spec["rules"] == [
        {
            "to": [{"operation": {"ports": [str(port["gatewayPort"])]}}],
            "when": [
                {"key": "connection.sni", "values": [gateway.host]},
                {"key": RESULT.format(_kind(port)), "notValues": ["allowed"]},
            ],
        }
        for port in gateway.ports
    ]


def _provider(gateway: Gateway) -> None:
    """A provider of the mesh is asked at every port of the host, and about no host beside it on the same pods."""
    provider = gateway.values.get("externalAuthorization", {}).get("provider")
    assert gateway.has("AuthorizationPolicy", ".external-authorization") == bool(provider)
    if provider is None:
        return
    spec = gateway.spec("AuthorizationPolicy", ".external-authorization")
    assert (spec["action"], spec["provider"]) == ("CUSTOM", {"name": provider})
    expected = []
    for port in gateway.ports:
        own = {"key": POLICY.format(_kind(port)), "values": [f"{gateway.name}:*"]}
        rule: dict[str, Any] = {"to": [{"operation": {"ports": [str(port["gatewayPort"])]}}]}
        expected.append(rule | ({} if "pods" in gateway.values else {"when": [own]}))
    assert spec["rules"] == expected
