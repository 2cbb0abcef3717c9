"""What somebody should look at: reviews that are due, and what the list allows."""

from collections.abc import Sequence
from datetime import date, timedelta
from itertools import groupby

from egressc.counted import times
from egressc.explain.facts import Facts
from egressc.explain.page.markup import Markup, element, join, table
from egressc.explain.page.words import link, review, where
from egressc.explain.view import View
from egressc.plan.remarks import Remark

SOON = timedelta(days=90)
OPEN = 5  # places that are shown without being asked for


def reviews(known: Sequence[Facts], view: View) -> Markup:
    """The hosts whose entries should be looked at again, the oldest date first."""
    soon = (date.fromisoformat(view.today) + SOON).isoformat()
    dated = sorted((about for about in known if about.review_by), key=lambda about: (about.review_by or "", about.host))
    due = [about for about in dated if (about.review_by or "") <= soon]
    rows = ((link(about.host), review(about, view), about.owner or "nobody", where((about.line,))) for about in due)
    undated = [about.host for about in known if not about.review_by]
    later = f"{times(len(dated) - len(due), 'host')} later than {soon}, {times(len(undated), 'host')} without a date."
    return join(
        [
            table(f"Overdue, or due until {soon}", ("Host", "Review by", "Owner", "In the list"), rows),
            element("p", later if due else f"Nothing is due until {soon}. {later}"),
        ]
    )


def look(remarks: Sequence[Remark]) -> Markup:
    """What is allowed and somebody should have seen, the hosts of each kind together."""
    parts = []
    ordered = sorted(remarks, key=lambda one: (one.kind, one.detail, one.host, one.port or 0))
    for kind, group in groupby(ordered, key=lambda one: one.kind):
        seen = list(group)
        summary = element("summary", kind, " ", element("small", times(len(seen), "place")))
        parts.append(element("details", summary, element("ul", *map(_place, seen)), open=len(seen) <= OPEN))
    return join(parts) if parts else element("p", "Nothing.")


def _place(one: Remark) -> Markup:
    port = f" port {one.port}" if one.port else ""
    return element("li", link(one.host), f"{port}{f': {one.detail}' if one.detail else ''} ", where(one.lines))
