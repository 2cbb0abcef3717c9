"""Readiness: a check that the protocol has, and numbers that Envoy accepts."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory, Readiness
from egressc.rules.clients import spoken
from egressc.rules.settings import NUMBERS

READINESS = Code(
    "EG216",
    "a readiness setting without meaning here",
    "In mode `upstream` a gateway is Ready while the upstream answers its check. The other modes check no upstream, "
    "and a `path` needs a port with requests. What nobody reads would look as if it held.",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """What the mode or the protocols do not have. What the defaults say for other hosts is passed over."""
    if host.in_sidecar:
        return
    readiness = host.readiness
    own = host.own.get("readiness")
    said = own if isinstance(own, dict) else {}
    if readiness.path and "path" in said and not host.has_requests:
        message = f"`path` cannot be asked for on {spoken([*host.ports])}: there are no requests"
        fix = "remove `path`: the gateway is then Ready when the upstream accepts a connection"
        yield READINESS(readiness.at("path"), message, fix)
    if readiness.mode != "upstream" and not host.per_name:
        for key in ("path", "statuses", "interval", "timeout", "unhealthyThreshold", "healthyThreshold"):
            if key in said:
                message = f"mode {readiness.mode} does not read `{key}`: it checks no upstream"
                yield READINESS(readiness.at(key), message, f"remove `{key}`, or write `mode: upstream`")
    if "statuses" in said and not readiness.path and not host.per_name:
        yield READINESS(readiness.at("statuses"), "`statuses` stands without a `path`", "add the `path` to ask for")
    yield from _probe(readiness)
    for index, (first, last) in enumerate(readiness.statuses):
        if first > last:
            yield NUMBERS(readiness.at("statuses", index), f"{first}-{last} holds no status", f"write {last}-{first}")


def _probe(readiness: Readiness) -> Iterator[Finding]:
    if readiness.mode == "probe" and readiness.probe is None:
        message = "`mode: probe` stands without a `probe`"
        yield READINESS(readiness.at("probe"), message, "add the `probe`, or write `mode: upstream`")
    elif readiness.mode != "probe" and readiness.probe is not None:
        message = f"mode {readiness.mode} does not read `probe`"
        yield READINESS(readiness.at("probe"), message, "remove `probe`, or write `mode: probe`")
