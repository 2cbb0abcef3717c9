"""A fleet in a few numbers, and what somebody should do about it."""

from collections import Counter
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from egressc.cost import LIMIT, Cost, cost
from egressc.explain.view import View
from egressc.model import Host
from egressc.plan import Carrier, Plan
from egressc.plan.remarks import Remark


@dataclass(frozen=True, slots=True)
class Review:
    """A review that was due before today."""

    review_by: str
    host: str
    owner: str | None


@dataclass(frozen=True, slots=True)
class Release:
    """About how large the release of the whole fleet is, and how large one may be; in bytes."""

    about: int
    limit: int


@dataclass(frozen=True, slots=True)
class Summary:
    """`hosts` of all `of` that the list has are shown, because of what is `asked`.

    `cost` is that of what is shown, `release` that of the whole list, None where nobody asked. `next_review` is None
    where no review is due any more; `worth_a_look` counts remarks by their kind.
    """

    hosts: int
    of: int
    asked: tuple[str, ...]
    owners: int
    without_owner: int
    cost: Cost
    release: Release | None
    today: str
    overdue: tuple[Review, ...]
    next_review: str | None
    worth_a_look: dict[str, int]


def summary(plan: Plan, view: View, seen: Sequence[Remark]) -> Summary:
    """`plan` in numbers, with the remarks that are `seen`."""
    hosts = [carrier.host for carrier in plan.carriers]
    dates = [host.review_by for host in hosts if host.review_by]
    return Summary(
        hosts=len(hosts),
        of=len(hosts) if view.of is None else view.of,
        asked=view.asked,
        owners=len({host.owner for host in hosts if host.owner}),
        without_owner=sum(host.owner is None for host in hosts),
        cost=cost(plan),
        release=None if view.release is None else Release(view.release, LIMIT),
        today=view.today,
        overdue=tuple(sorted(_overdue(hosts, view), key=lambda review: (review.review_by, review.host))),
        next_review=min((date for date in dates if date >= view.today), default=None),
        worth_a_look=dict(Counter(remark.kind for remark in seen).most_common()),
    )


def remarks(carriers: Iterable[Carrier], view: View) -> list[Remark]:
    """What a person should look at, overdue reviews first."""
    carriers = list(carriers)
    late = [
        Remark(
            host.host,
            None,
            f"review is overdue: since {host.review_by}{f', of {host.owner}' if host.owner else ''}",
            host.said("reviewBy"),
        )
        for host in (carrier.host for carrier in carriers)
        if is_overdue(host.review_by, view)
    ]
    return late + [remark for carrier in carriers for remark in carrier.remarks()]


def is_overdue(review_by: str | None, view: View) -> bool:
    """Whether a review was due before today."""
    return review_by is not None and review_by < view.today


def _overdue(hosts: Iterable[Host], view: View) -> Iterator[Review]:
    return (
        Review(host.review_by, host.host, host.owner)
        for host in hosts
        if host.review_by and is_overdue(host.review_by, view)
    )
