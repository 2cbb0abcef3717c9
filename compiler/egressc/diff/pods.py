"""Pods that are replaced: read from what the chart gets."""

from collections.abc import Iterator, Mapping
from typing import Any

from egressc.assets import chart_values

Values = Mapping[str, Any]

#: What of a gateway's values stands in its pods' template, in the words of a list.
TEMPLATE = {
    "statistics": "the hosts that they carry",
    "drainSeconds": "drain",
    "resources": "resources",
    "volumes": "tls.files",
    "credentials": "headers.credential",
    "readiness": "readiness",
    "externalAuthorization": "externalAuthorization",
}


def template(gateway: Values) -> dict[str, Any]:
    """What of a gateway's values the template of its pods is made from; with the chart's own values beside it."""
    chart = chart_values()
    readiness = gateway.get("readiness", {})
    outside = gateway.get("externalAuthorization", {})
    opa = outside.get("opa", {})
    kept = {key: gateway["pods"].get(key) for key in ("statistics", "volumes", "credentials")}
    judged = {key: opa.get(key) for key in ("image", "policy", "decision", "resources")}
    return kept | {
        "drainSeconds": gateway.get("drainSeconds", chart["drainSeconds"]),
        "resources": gateway.get("resources") or chart["resources"],
        "readiness": (readiness.get("mode", "upstream"), readiness.get("probe")),
        "externalAuthorization": (judged, outside.get("failOpen", False)) if opa else None,
    }


def restarts(old: Values, new: Values) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The gateways whose pods are replaced where they are, each with the settings that are the reason."""
    before, now = old["gateways"], new["gateways"]
    for name in sorted(before.keys() & now.keys()):
        gateways = before[name], now[name]
        if not all("pods" in gateway for gateway in gateways):
            continue  # the pods are those of another entry, or not ours
        if gateways[0]["namespace"] != gateways[1]["namespace"]:
            continue  # a gateway of its own, which is made anew
        first, then = map(template, gateways)
        reasons = tuple(TEMPLATE[key] for key in TEMPLATE if first[key] != then[key])
        if reasons:
            yield name, reasons
