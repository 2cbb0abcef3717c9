"""What is done to requests on their way: headers, limits, and who else decides about them."""

from collections.abc import Iterable
from math import ceil
from typing import Any

from egressc.emit.text import seconds
from egressc.model import Headers, Host, Limit, Opa, RateLimit
from egressc.plan import Gateway


def requests(host: Host) -> dict[str, Any]:
    """What of `host` changes, counts or judges its requests."""
    result: dict[str, Any] = {}
    if host.headers:
        result |= _headers(host.headers)
    if host.rate_limit:
        result["rateLimit"] = _rate_limit(host.rate_limit)
    outside = host.external_authorization
    if outside and outside.opa:
        result["externalAuthorization"] = {"opa": _opa(outside.opa)} | ({"failOpen": True} if outside.fail_open else {})
    elif outside:
        result["externalAuthorization"] = {"provider": outside.provider}
    return result


def credentials(hosts: Iterable[Gateway]) -> list[dict[str, Any]]:
    """The credentials that pods must mount which carry `hosts`."""
    return [
        {"gateway": gateway.name, "secret": credential.secret, "key": credential.key}
        for gateway in hosts
        if (headers := gateway.host.headers) and (credential := headers.credential)
    ]


def _headers(headers: Headers) -> dict[str, Any]:
    sides = {}
    # spellings with _ are dropped at the door, those with - removed here
    twins = {name.replace("_", "-") for name in headers.owned} - headers.owned - {*headers.request.keep}
    for side, changes in (("request", headers.request), ("response", headers.response)):
        removed = {name.lower() for name in changes.remove} | (twins if side == "request" else set())
        # Envoy reads % as the beginning of a command, and refuses all routes where it is none
        said = {
            "set": {name.lower(): value.replace("%", "%%") for name, value in sorted(changes.set.items())},
            "remove": sorted(removed),
            "keep": sorted(changes.keep),
        }
        if any(said.values()):
            sides[side] = {key: value for key, value in said.items() if value}
    result: dict[str, Any] = {"headers": sides} if sides else {}
    if headers.credential:
        prefix = {"prefix": headers.credential.prefix} if headers.credential.prefix else {}
        result["credential"] = {"header": headers.credential.name} | prefix
    return result


def _rate_limit(limit: RateLimit) -> dict[str, Any]:
    result: dict[str, Any] = _limit(limit.all_clients) if limit.all_clients else {}
    if limit.per_client:
        result["perClient"] = _limit(limit.per_client)
    named = [(name, one) for name, one in (("all", limit.all_clients), ("client", limit.per_client)) if one]
    return result | {
        "retryAfter": max(ceil(one.per.milliseconds / one.requests / 1000) for _, one in named),
        # as the header ratelimit-policy has them
        "policy": ", ".join(f'"{name}";q={one.requests};w={one.per.milliseconds // 1000}' for name, one in named),
    }


def _limit(limit: Limit) -> dict[str, Any]:
    return {"requests": limit.requests, "per": seconds(limit.per)}


def _opa(opa: Opa) -> dict[str, Any]:
    result = {"image": opa.image, "policy": opa.policy, "decision": opa.decision, "timeout": seconds(opa.timeout)}
    return result | ({"resources": opa.resources} if opa.resources else {})
