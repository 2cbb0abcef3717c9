"""Pods that are replaced, and how many there are: read from what the chart gets."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from egressc.assets import chart_values
from egressc.plan.spelled import from_to

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


@dataclass(frozen=True, slots=True)
class Pods:
    """How many there are, at least and at most."""

    least: int
    most: int

    @property
    def text(self) -> str:
        """`2-5`."""
        return from_to(self.least, self.most)


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


def own(values: Values) -> dict[str, Values]:
    """The gateways whose pods are ours to make, by name."""
    return {name: gateway for name, gateway in values["gateways"].items() if "pods" in gateway}


def restarts(old: Values, new: Values) -> Iterator[tuple[str, tuple[str, ...]]]:
    """The gateways whose pods are replaced where they are, each with the settings that are the reason."""
    before, now = own(old), own(new)
    for name in sorted(before.keys() & now.keys()):
        if before[name]["namespace"] != now[name]["namespace"]:
            continue  # a gateway of its own, which is made anew
        first, then = template(before[name]), template(now[name])
        reasons = tuple(TEMPLATE[key] for key in TEMPLATE if first[key] != then[key])
        if reasons:
            yield name, reasons


def pods(gateway: Values) -> Pods:
    """The pods of a gateway, as the chart's Deployment and HorizontalPodAutoscaler count them."""
    chart = chart_values()
    scaling = gateway.get("autoscaling")
    fixed = gateway.get("replicas") or (0 if scaling else chart["replicas"])
    asked = chart["autoscaling"] | (scaling or {})
    return Pods(fixed, fixed) if fixed else Pods(asked["minReplicas"], asked["maxReplicas"])


def all_pods(values: Values) -> Pods:
    """The pods of all gateways."""
    each = [pods(gateway) for gateway in own(values).values()]
    return Pods(sum(one.least for one in each), sum(one.most for one in each))
