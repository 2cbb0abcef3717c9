"""Numbers and dates that make sense."""

import datetime
from collections.abc import Iterator

from egressc.findings import Finding
from egressc.model import Host, Inventory


def check(host: Host, _: Inventory) -> Iterator[Finding]:
    """EG219 and EG221."""
    request, per_try = host.timeouts.request, host.retries.per_try
    if request and per_try and per_try > request:
        where, fix = host.retries.at("perTry"), "give a try less time than the whole request"
        yield Finding(where, "EG219", "each try may take longer than the request", fix, "warning")
    if host.review_by:
        try:
            datetime.date.fromisoformat(host.review_by)
        except ValueError:
            where, fix = host.at("reviewBy"), "write a day of the calendar"
            yield Finding(where, "EG221", f"there is no day {host.review_by}", fix)
