"""Durations that Istio, Envoy and the kernel take."""

from collections.abc import Iterator
from typing import NamedTuple

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, exact_milliseconds
from egressc.positions import at_path

SECOND, HOUR = 1000, 3_600_000


DURATION = Code(
    "EG218",
    "a duration that Istio refuses",
    "Istio takes whole milliseconds and no zero, the kernel and Kubernetes whole seconds. The API server would refuse "
    "the object, or round the number down without a word. Leave the key out for the default.",
)


class _Range(NamedTuple):
    """What a duration may be, in milliseconds: a multiple of `step` up to `most`; `said` is that in words."""

    step: int
    most: int
    said: str


ISTIO = _Range(1, 2**63 // 10**6, "whole milliseconds, from 1ms to 292 years: Istio and Envoy take no others")
KEEPALIVE = _Range(SECOND, 32_767 * SECOND, "whole seconds, from 1s to 32767s: the kernel takes no others")
PERIOD = _Range(SECOND, 24 * HOUR, "whole seconds, from 1s to 24h: clients are told the period in seconds")
DRAIN = _Range(SECOND, HOUR, "whole seconds, from 1s to 1h: Kubernetes counts the grace period in seconds")

RANGES = {
    ("timeouts", "connect"): ISTIO,
    ("timeouts", "request"): ISTIO,
    ("timeouts", "idle"): ISTIO,
    ("timeouts", "stream"): ISTIO,
    ("retries", "perTry"): ISTIO,
    ("outlierDetection", "interval"): ISTIO,
    ("outlierDetection", "baseEjectionTime"): ISTIO,
    ("readiness", "interval"): ISTIO,
    ("readiness", "timeout"): ISTIO,
    ("connectionPool", "keepalive", "time"): KEEPALIVE,
    ("connectionPool", "keepalive", "interval"): KEEPALIVE,
    ("rateLimit", "per"): PERIOD,
    ("rateLimit", "perClient", "per"): PERIOD,
    ("externalAuthorization", "opa", "timeout"): ISTIO,
    ("drain",): DRAIN,
}


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Durations that somebody down the line would refuse or round."""
    for path, allowed in RANGES.items():
        text = at_path(host.source, path)
        if text is not None:
            time = exact_milliseconds(text)
            if time % allowed.step or not allowed.step <= time <= allowed.most:
                yield DURATION(host.at(*path), f"`{'.'.join(path)}` cannot be {text}", f"write {allowed.said}")
