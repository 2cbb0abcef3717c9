"""What somebody should look at: reviews that are due, and what the list allows."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from egressc.explain.facts import Facts
from egressc.explain.page.markup import Markup, element, join, table
from egressc.explain.page.words import count, link, review, where
from egressc.plan.remarks import Remark

SOON = timedelta(days=90)


def reviews(known: Sequence[Facts], today: date) -> Markup:
    """The hosts whose entries should be looked at again, the oldest date first."""
    soon = (today + SOON).isoformat()
    dated = sorted((about for about in known if about.review_by), key=lambda about: (about.review_by or "", about.host))
    due = [about for about in dated if (about.review_by or "") <= soon]
    rows = ((link(about.host), review(about, today), about.owner or "nobody", where((about.line,))) for about in due)
    undated = [about.host for about in known if not about.review_by]
    later = f"{count(len(dated) - len(due), 'host')} later than {soon}, {count(len(undated), 'host')} without a date."
    return join(
        [
            table(f"Overdue, or due until {soon}", ("Host", "Review by", "Owner", "In the list"), rows),
            element("p", later if due else f"Nothing is due until {soon}. {later}"),
        ]
    )


def look(remarks: Sequence[Remark]) -> Markup:
    """What is allowed and somebody should have seen, the hosts of each sentence together."""
    parts = []
    for says, group in groupby(sorted(remarks, key=lambda one: (one.says, one.host, one.port or 0)), key=_says):
        seen = list(group)
        hosts = (
            element("li", link(one.host), f" port {one.port} " if one.port else " ", where(one.lines)) for one in seen
        )
        summary = element("summary", says, " ", element("small", count(len(seen), "place")))
        parts.append(element("details", summary, element("ul", *hosts), open=len(seen) <= 5))
    return join(parts) if parts else element("p", "Nothing.")


def _says(one: Remark) -> str:
    return one.says
