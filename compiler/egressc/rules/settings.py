"""Numbers and dates that make sense."""

import datetime
from collections.abc import Iterator

from egressc.findings import Code, Finding
from egressc.model import Host, Inventory

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
    """Times and days that cannot be."""
    request, per_try = host.timeouts.request, host.retries.per_try
    if request and per_try and per_try > request:
        where, fix = host.retries.at("perTry"), f"write {request.text} or less"
        message = f"one try may take longer ({per_try.text}) than the whole request ({request.text})"
        yield NUMBERS(where, message, fix, "warning")
    if host.review_by:
        try:
            datetime.date.fromisoformat(host.review_by)
        except ValueError:
            where, fix = host.at("reviewBy"), "write a day of the calendar"
            yield NO_SUCH_DAY(where, f"the calendar has no day {host.review_by}", fix)
