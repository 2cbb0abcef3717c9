"""Who else decides about what comes in, and how much of it goes on."""

from collections.abc import Iterator
from math import ceil
from typing import Any

from egressc.counted import times
from egressc.model import ExternalAuthorization, Limit, Opa
from egressc.plan.decision import Decision
from egressc.plan.decisions.pods import amounts
from egressc.plan.load import Replicas, replicas
from egressc.plan.ports import GatewayPort
from egressc.plan.spelled import from_to, seconds
from egressc.plan.way import GatewayWay


def judged(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """Who else decides about what comes in through `port`, and how much of it goes on."""
    yield from authorized(way, http=port.is_http)
    if port.is_http:
        yield from limited(way, port)


def authorized(way: GatewayWay, *, http: bool) -> Iterator[Decision]:
    """What the mesh's provider or the pod's OPA is asked, about requests or about connections."""
    outside, each = way.host.external_authorization, "request" if http else "connection"
    if outside and outside.provider:
        policy = way.object("AuthorizationPolicy", ".external-authorization")
        says = f"first asks {outside.provider}, of the mesh's configuration, about each {each}"
        sets = {"externalAuthorization": {"provider": outside.provider}}
        yield Decision(policy, says, outside.said("provider"), sets)
    elif outside and outside.opa:
        yield from _asked(way, outside, outside.opa, each)


def _asked(way: GatewayWay, outside: ExternalAuthorization, opa: Opa, each: str) -> Iterator[Decision]:
    patch, lines = way.object("EnvoyFilter", ".external-authorization"), opa.said("policy") + opa.said("decision")
    yield Decision(patch, f"asks the pod's OPA for {opa.decision} about each {each}", lines)
    refused = "answers 503" if each == "request" else "closes the connection"
    silent = "lets it through" if outside.fail_open else refused
    says = f"{silent} where OPA says nothing within {opa.timeout.spelled}"
    answer: dict[str, Any] = {"opa": {"timeout": seconds(opa.timeout)}}
    answer |= {"failOpen": True} if outside.fail_open else {}
    lines = outside.said("failOpen") + opa.said("timeout")
    yield Decision(patch, says, lines, {"externalAuthorization": answer})
    beside: dict[str, Any] = {"image": opa.image, "policy": opa.policy, "decision": opa.decision}
    beside |= {"resources": resources} if (resources := amounts(opa.resources)) else {}
    says = f"runs {opa.image} with the policy of ConfigMap {opa.policy}"
    lines = opa.said("image") + opa.said("policy") + opa.said("resources")
    yield Decision(way.object("Deployment"), says, lines, {"externalAuthorization": {"opa": beside}})


def limited(way: GatewayWay, port: GatewayPort) -> Iterator[Decision]:
    """How many requests each pod lets through `port`."""
    limit = way.host.rate_limit
    if limit is None:
        return
    patch, running = way.object("EnvoyFilter", ".rate-limit"), replicas(way)
    given = [(name, one) for name, one in (("all", limit.all_clients), ("client", limit.per_client)) if one]
    for name, one in given:
        amount = {"requests": one.requests, "per": seconds(one.per)}
        who, sets = ("all clients", amount) if name == "all" else ("each identity", {"perClient": amount})
        says = f"lets {_amount(one)} of {who} through port {port.gateway_port}{_in_all(one, running)}"
        yield Decision(patch, says, one.said("requests") + one.said("per") + running.lines, {"rateLimit": sets})
    after = max(ceil(one.per.milliseconds / one.requests / 1000) for _, one in given)
    # as the header ratelimit-policy has them
    policy = ", ".join(f'"{name}";q={one.requests};w={one.per.milliseconds // 1000}' for name, one in given)
    says = f"answers 429 to the rest, says why, and to try again in {after}s"
    yield Decision(patch, says, (), {"rateLimit": {"retryAfter": after, "policy": policy}})


def _amount(limit: Limit) -> str:
    return f"{times(limit.requests, 'request')} per {limit.per.spelled}"


def _in_all(limit: Limit, running: Replicas) -> str:
    if not running.counted:
        return " of each pod"
    least, most = limit.requests * running.least, limit.requests * running.most
    return f" of each pod: {from_to(least, most)} with {running.text} pods" if running.most > 1 else ""
