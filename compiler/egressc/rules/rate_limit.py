"""Rate limits that count something, and hold where they are thought to."""

from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG245, EG246 and, for limits that contradict each other, EG219."""
    limit = host.rate_limit
    if limit is None or not host.says("rateLimit") or not host.has_requests:
        return
    given = [key for key in ("requests", "per") if limit.says(key)]
    if len(given) == 1:
        missing = "per" if given == ["requests"] else "requests"
        fix = "add `per: 1m`" if missing == "per" else "add `requests: 100`"
        yield Finding(limit.at(given[0]), "EG245", f"`{given[0]}` without `{missing}`", fix)
    every, each = limit.all_clients, limit.per_client
    # in its burst and in its rate
    if every and each and each.requests > every.requests and each.rate > every.rate:
        fix = "write less than all clients have together"
        message = "one client may ask more often than all of them together"
        yield Finding(each.at("requests"), "EG219", message, fix, "warning")
    for port in host.ports:
        if not port.is_http:
            message = f"the limit does not count port {port.port} ({port.protocol}): there are no requests to count"
            fix = "limit its connections: `connectionPool: {maxConnections: 100}`"
            yield Finding(host.at("rateLimit"), "EG246", message, fix, "warning")
