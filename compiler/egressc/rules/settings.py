"""Numbers and dates that make sense; settings that the host's protocols do not have."""

import datetime
import re
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

from egressc.assets import chart_values
from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, spell
from egressc.positions import at_path, locate

HTTP_ONLY = (
    ("retries",),
    ("timeouts", "request"),
    ("timeouts", "stream"),
    ("connectionPool", "maxPendingRequests"),
    ("connectionPool", "maxRequests"),
    ("connectionPool", "maxRequestsPerConnection"),
    ("headers",),
    ("rateLimit",),
)
# what Kubernetes calls a quantity, in the suffixes that the schema lets through
SUFFIXES = {"m": Decimal("0.001"), "": Decimal(1)} | {
    suffix: Decimal(base) ** power
    for base, suffixes in ((1000, ("k", "M", "G", "T")), (1024, ("Ki", "Mi", "Gi", "Ti")))
    for power, suffix in enumerate(suffixes, 1)
}

HTTP_SETTING = Code(
    "EG217",
    "a setting that the host's protocols do not have",
    "Istio has this setting for requests only. None of the host's ports speaks HTTP, HTTP2 or GRPC. The same in "
    "`defaults` serves the other hosts, and is left out here.",
)
NUMBERS = Code(
    "EG219",
    "numbers that contradict each other",
    "Kubernetes or Istio would refuse the pair of numbers, or one of the two would never be reached. The second is a "
    "warning.",
)
NO_SUCH_DAY = Code(
    "EG221",
    "the review date has no such day",
    "`reviewBy` is a day of the calendar, as in 2027-06-30.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Settings that no port has, and numbers and days that cannot be."""
    yield from _protocols(host)
    yield from _scaling(host)
    yield from _evictions(host)
    yield from _resources(host)
    request, per_try = host.duration("timeouts", "request"), host.duration("retries", "perTry")
    if request and per_try and per_try > request:
        where, fix = host.at("retries", "perTry"), f"write {spell(request)} or less"
        yield NUMBERS(where, f"one try may take longer than the whole request, {spell(request)}", fix, "warning")
    if host.review_by:
        try:
            datetime.date.fromisoformat(host.review_by)
        except ValueError:
            where, fix = host.at("reviewBy"), "write a day of the calendar"
            yield NO_SUCH_DAY(where, f"the calendar has no day {host.review_by}", fix)


def _protocols(host: Host) -> Iterator[Finding]:
    if host.has_requests:
        return
    for path in HTTP_ONLY:
        # inherited settings serve the other hosts of the file; only the host's own words are wrong here
        if at_path(host.own, path) is not None:
            protocols = " and ".join(sorted({port.protocol for port in host.ports}))
            message = f"{protocols} has no `{'.'.join(path)}`: Istio has it only for HTTP, HTTP2 and GRPC"
            yield HTTP_SETTING(locate(host.own, path, key=True), message, f"remove `{path[-1]}`")


def _scaling(host: Host) -> Iterator[Finding]:
    scaling = host.source.get("autoscaling") or {}
    # what the host does not say is the chart's
    least, most = ((scaling.get(key) or chart_values()["autoscaling"][key]) for key in ("minReplicas", "maxReplicas"))
    if scaling and least > most:
        given = "minReplicas" if "minReplicas" in scaling else "maxReplicas"
        fix = f"write a maxReplicas of {least} or more"
        if given == "maxReplicas":
            fix = f"write `minReplicas: {most}` beside it: the chart's own is {least}"
        message = f"the gateway cannot have at least {least} and at most {most} pods"
        yield NUMBERS(host.at("autoscaling", given), message, fix)
    if "replicas" in host.source and "autoscaling" in host.source:
        message = "`replicas` and `autoscaling` both say how many pods there are"
        yield NUMBERS(host.at("replicas"), message, "keep `replicas` (a fixed number) or `autoscaling`")


def _evictions(host: Host) -> Iterator[Finding]:
    budget = host.source.get("podDisruptionBudget") or {}
    pods = host.source.get("replicas") or (host.source.get("autoscaling") or {}).get("minReplicas")
    for key, value in budget.items():
        kept = value == "100%" or (isinstance(value, int) and pods is not None and value >= pods)
        if value in (0, "0%") if key == "maxUnavailable" else kept:
            where, fix = host.at("podDisruptionBudget", key), "write `maxUnavailable: 1`, or more"
            yield NUMBERS(where, "no pod may ever be evicted: its node cannot be drained", fix, "warning")


def _resources(host: Host) -> Iterator[Finding]:
    for path in (("resources",), ("externalAuthorization", "opa", "resources")):
        resources = at_path(host.source, path) or {}
        for name, limit in (resources.get("limits") or {}).items():
            request = (resources.get("requests") or {}).get(name)
            if request is not None and _quantity(request) > _quantity(limit):
                where, fix = host.at(*path, "requests", name), f"write {limit} or less, or a higher limit"
                yield NUMBERS(where, f"the request for {name} ({request}) is above its limit ({limit})", fix)


def _quantity(given: Any) -> Decimal:
    number, suffix = re.fullmatch(r"([0-9.]+(?:e[-+]?[0-9]+)?)([A-Za-z]*)", str(given)).groups()  # type: ignore[union-attr]
    return Decimal(number) * SUFFIXES[suffix]
