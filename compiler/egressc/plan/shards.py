"""A fleet in several releases: a host's name alone decides in which of them its objects are."""

from dataclasses import replace
from hashlib import blake2b

from egressc.plan import Plan
from egressc.plan.companions import NO_COMPANIONS


def shards(plan: Plan, count: int) -> tuple[Plan, ...]:
    """`plan` in `count` parts. The first also has what is the whole fleet's: companions and own names.

    A host more or less moves no other. With a larger `count`, hosts move to the new parts only.
    """
    names = (*(one.route for one in plan.carriers), *(one.name for one in plan.shared))
    places = {name: _place(name, count) for name in names}
    first, *others = (
        replace(
            plan,
            gateways=tuple(one for one in plan.gateways if places[one.route] == number),
            sidecars=tuple(one for one in plan.sidecars if places[one.route] == number),
            shared=tuple(one for one in plan.shared if places[one.name] == number),
        )
        for number in range(count)
    )
    return first, *(replace(one, exposures=(), companions=NO_COMPANIONS) for one in others)


def _place(name: str, count: int) -> int:
    # the highest of one hash for each part: a further part takes what it is highest for, and nothing else changes
    return max(range(count), key=lambda number: blake2b(f"{number} {name}".encode(), digest_size=8).digest())
