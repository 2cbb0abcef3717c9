"""All other settings of a host or of a shared gateway: whatever the model has, each by its name in the list."""

from collections.abc import Callable, Iterator
from typing import Any

from egressc.diff.change import Change, Effect
from egressc.diff.words import sentence
from egressc.model import Duration, Host, Limit, SharedGateway
from egressc.model.keys import keyed
from egressc.plan.decisions.lines import host_line
from egressc.positions import Line, Lines, Settled

#: A setting that differs: its name, both values as the list writes them, and where both lists say it.
Difference = tuple[str, str, str, Lines, Lines]

#: What the chart's values say where the list is silent, so that saying the default is a difference.
OF_THE_CHART = frozenset(
    {
        "deniedRanges",
        "dnsRetry",
        "timeouts.connect",
        "timeouts.idle",
        "retries.attempts",
        "retries.retryOn",
        "readiness.interval",
        "readiness.timeout",
        "readiness.unhealthyThreshold",
        "readiness.healthyThreshold",
        *("drain", "replicas", "autoscaling", "podDisruptionBudget", "resources"),
    }
)
#: Fields of a host that other modules judge.
JUDGED = frozenset(
    {
        "mesh",
        "host",
        "name",
        "in_sidecar",
        "namespace",
        "gateway",
        "shared",
        "standby",
        "ports",
        "clients",
        "deny",
        "enforcement",
        "expose",
    }
)
NOTES = frozenset({"owner", "description", "reviewBy"})


def setting_changes(old: Host, new: Host) -> Iterator[Change]:
    """What differs of a host of both lists beside its callers, its ports and what carries it."""
    for setting, before, now, there, here in differences(old, new, "", JUDGED):
        says = sentence("{}: {}, before {}", setting, now, before)
        lines = (there or (host_line(old),), here or (host_line(new),))
        yield Change(_effect(setting, old, new), new.host, setting, says, *lines)


def shared_changes(old: SharedGateway, new: SharedGateway) -> Iterator[Change]:
    """What differs of the pods of a shared gateway of both lists."""
    for setting, before, now, there, here in differences(old, new, "", frozenset({"name", "namespace", "adopt"})):
        says = sentence("{}: {}, before {}", setting, now, before)
        lines = (there or (named(old),), here or (named(new),))
        yield Change("changes", new.name, f"gateways.{setting}", says, *lines)


def named(gateway: SharedGateway) -> Line:
    """Where the list names a shared gateway."""
    return gateway.named("name", gateway.name)


def differences(
    old: Settled, new: Settled, path: str = "", without: frozenset[str] = frozenset()
) -> Iterator[Difference]:
    """The fields, also of what is inside, that hold other values."""
    for field, name in keyed(old):
        if field in without:
            continue
        setting = ".".join(filter(None, (path, name)))
        before, now = getattr(old, field), getattr(new, field)
        if isinstance(before, Settled) and isinstance(now, Settled):
            yield from differences(before, now, setting)
            continue
        of_chart = setting in OF_THE_CHART
        if of_chart:
            before, now = (value if one.says(name) else None for one, value in ((old, before), (new, now)))
        if known(before) != known(now):
            first, then = (spelled(value, "the chart's" if of_chart else "none") for value in (before, now))
            yield setting, first, then, old.said(name), new.said(name)


def known(value: Any) -> Any:
    """`value` as plain data, which tells equal ones, whoever said them."""
    if isinstance(value, Duration):
        return value.spelled
    if isinstance(value, Settled):
        own = {key: getattr(value, field) for field, key in keyed(value)}
        return {key: known(item) for key, item in own.items() if item is not None}
    if isinstance(value, dict):
        return {key: known(item) for key, item in sorted(value.items())}
    return [known(item) for item in value] if isinstance(value, list | tuple) else value


def spelled(value: Any, nothing: str = "none") -> str:
    """`value` as a list writes it, nearly."""
    if value is None or value == ():
        return nothing
    if isinstance(value, Duration):
        return value.text
    if isinstance(value, str):
        return value
    return _flow(known(value))


def _flow(value: Any) -> str:
    if isinstance(value, dict):
        return "{" + ", ".join(f"{key}: {_flow(item)}" for key, item in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(map(_flow, value)) + "]"
    return str(value).lower() if isinstance(value, bool) else str(value)


def _effect(setting: str, old: Host, new: Host) -> Effect:
    if setting in NOTES:
        return "notes"
    judge = JUDGES.get(setting.split(".", maxsplit=1)[0])
    return judge(setting, old, new) if judge else "changes"


def _place(_: str, __: Host, new: Host) -> Effect:
    """Who is trusted wherever it is, need not be where it was."""
    unverified = any(port.tls.mode == "none" or port.tls.unverified for port in new.ports)
    return "weakens" if unverified else "changes"


def _ranges(_: str, old: Host, new: Host) -> Effect:
    before, now = {*old.denied_ranges}, {*new.denied_ranges}
    return "opens" if before - now else "cuts" if now - before else "changes"


def _authorizer(setting: str, old: Host, new: Host) -> Effect:
    before, now = old.external_authorization, new.external_authorization
    if before is None:
        return "cuts"
    if now is None or (now.fail_open and not before.fail_open):
        return "opens"
    if setting.endswith("failOpen"):
        return "cuts"
    deciding = ("provider", "opa", "opa.image", "opa.policy", "opa.decision")
    return "weakens" if setting.removeprefix("externalAuthorization.") in deciding else "changes"


def _limit(setting: str, old: Host, new: Host) -> Effect:
    each = ("per_client",) if "perClient" in setting else ("all_clients", "per_client")
    pairs = [(_of(old, key), _of(new, key)) for key in each[: 2 if setting == "rateLimit" else 1]]
    looser = any(
        before and (now is None or now.rate > before.rate or now.requests > before.requests) for before, now in pairs
    )
    return "weakens" if looser else "cuts"


def _of(host: Host, key: str) -> Limit | None:
    return getattr(host.rate_limit, key) if host.rate_limit else None


def _log(_: str, old: Host, __: Host) -> Effect:
    return "weakens" if old.access_log else "changes"


def _headers(setting: str, old: Host, new: Host) -> Effect:
    before, now = ({*host.headers.request.keep} if host.headers else set() for host in (old, new))
    return "weakens" if setting in ("headers", "headers.request.keep") and now - before else "changes"


def _slashes(_: str, __: Host, new: Host) -> Effect:
    return "opens" if new.keeps_slashes else "cuts"


JUDGES: dict[str, Callable[[str, Host, Host], Effect]] = {
    "endpoints": _place,
    "failover": _place,
    "resolution": _place,
    "proxy": _place,
    "deniedRanges": _ranges,
    "externalAuthorization": _authorizer,
    "rateLimit": _limit,
    "accessLog": _log,
    "headers": _headers,
    "escapedSlashes": _slashes,
}
