"""Rate limits that count something, and hold where they are thought to."""

from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory
from egressc.rules.settings import NUMBERS

HALF_A_LIMIT = Code(
    "EG245",
    "half a rate limit",
    "A limit is a number of requests and the time in which they may come.",
)
UNCOUNTED = Code(
    "EG246",
    "a rate limit that does not count every port",
    "A limit counts requests. TLS and TCP ports have connections and no requests; `connectionPool` limits those.",
    "warning",
)


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """Limits that say half, that contradict each other, and ports that they do not count."""
    limit = host.rate_limit
    if limit is None or not host.says("rateLimit") or not host.has_requests:
        return
    given = [key for key in ("requests", "per") if limit.says(key)]
    if len(given) == 1:
        missing = "per" if given == ["requests"] else "requests"
        fix = "add `per: 1m`" if missing == "per" else "add `requests: 100`"
        yield HALF_A_LIMIT(limit.at(given[0]), f"`{given[0]}` stands without `{missing}`", fix)
    every, each = limit.all_clients, limit.per_client
    # in its burst and in its rate
    if every and each and each.requests > every.requests and each.rate > every.rate:
        message = "one client may ask more often than all of them together"
        fix = f"write fewer `requests` than {every.requests} in {every.per.text}, or more for all clients"
        yield NUMBERS(each.at("requests"), message, fix, "warning")
    for port in host.ports:
        if not port.is_http:
            message = f"the limit does not count client port {port.port}: {port.protocol} has no requests"
            fix = "limit its connections: `connectionPool: {maxConnections: 100}`"
            yield UNCOUNTED(host.at("rateLimit"), message, fix)
