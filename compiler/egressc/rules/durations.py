"""Durations that Istio, Envoy and the kernel take."""

from collections.abc import Iterator
from typing import NamedTuple

from egressc.findings import Code, Finding
from egressc.model import Duration, Host, Inventory, PodSettings
from egressc.model.keys import keyed
from egressc.positions import Settled

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
RETRY = _Range(SECOND, HOUR, "whole seconds, from 1s to 1h")
DRAIN = _Range(SECOND, HOUR, "whole seconds, from 1s to 1h: Kubernetes counts the grace period in seconds")


#: Durations that are not Istio's or Envoy's, by their path.
ALLOWED = {
    "connectionPool.keepalive.time": KEEPALIVE,
    "connectionPool.keepalive.interval": KEEPALIVE,
    "rateLimit.per": PERIOD,
    "rateLimit.perClient.per": PERIOD,
    "dnsRetry": RETRY,
    "drain": DRAIN,
}
#: Parts with a check of their own.
APART = ("shared", "pod_settings")


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Durations that somebody down the line would refuse or round."""
    return _check(host, "")


def check_pods(settings: PodSettings) -> Iterator[Finding]:
    """The same of pods, a host's own or a shared gateway's."""
    return _check(settings, "")


def _check(said: Settled, path: str) -> Iterator[Finding]:
    """All durations of `said`, which stands at `path`, and of its parts."""
    for name, key in keyed(said):
        value = None if name in APART else getattr(said, name)
        if isinstance(value, Duration):
            yield from _refused(said, key, f"{path}{key}", value)
        elif isinstance(value, Settled):
            yield from _check(value, f"{path}{key}." if key else path)


def _refused(said: Settled, key: str, path: str, time: Duration) -> Iterator[Finding]:
    allowed = ALLOWED.get(path, ISTIO)
    if time.exact % allowed.step or not allowed.step <= time.exact <= allowed.most:
        fix = f"write {allowed.said}" if time.exact else f"leave it out for the default, or write {allowed.said}"
        yield DURATION(said.at(key), f"`{path}` cannot be {time.text}", fix)
