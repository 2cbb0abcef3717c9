"""Few combinations that hold every pair of values which some allowed combination has."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from itertools import combinations, islice
from random import Random
from typing import NamedTuple

#: A value for each option.
Combination = Mapping[str, str]
#: Two options with a value each.
Pair = tuple[tuple[str, str], tuple[str, str]]

#: How many combinations with a pair are tried before it counts as refused, and from how many allowed ones to choose.
TRIES, CHOICES = 400, 8


class Cover(NamedTuple):
    """Combinations that hold every pair but the refused ones; how many combinations were found allowed and not."""

    combinations: list[Combination]
    refused_pairs: list[Pair]
    accepted: int
    refused: int


def cover(options: Mapping[str, Sequence[str]], allowed: Callable[[Combination], bool]) -> Cover:
    """A cover of `options`, the same each time; `allowed` is asked once about a combination."""
    random = Random(1)  # noqa: S311  not for secrets
    known: dict[tuple[str, ...], bool] = {}

    def is_allowed(candidate: Combination) -> bool:
        key = tuple(candidate.values())
        if key not in known:
            known[key] = allowed(candidate)
        return known[key]

    missing = dict.fromkeys(_all_pairs(options))
    chosen: list[Combination] = []
    refused: list[Pair] = []
    while missing:
        pair = next(iter(missing))
        candidates = list(islice(filter(is_allowed, _completions(options, pair, random)), CHOICES))
        if not candidates:
            refused.append(pair)
            del missing[pair]
            continue
        best = max(candidates, key=lambda row: sum(found in missing for found in combinations(row.items(), 2)))
        chosen.append(best)
        for found in combinations(best.items(), 2):
            missing.pop(found, None)
    return Cover(chosen, refused, sum(known.values()), len(known) - sum(known.values()))


def _all_pairs(options: Mapping[str, Sequence[str]]) -> Iterator[Pair]:
    for (first, some), (second, others) in combinations(options.items(), 2):
        for one in some:
            for other in others:
                yield (first, one), (second, other)


def _completions(options: Mapping[str, Sequence[str]], pair: Pair, random: Random) -> Iterator[Combination]:
    given = dict(pair)
    for number in range(TRIES):
        # what few combinations allow is found among those that have, late, more and more of what goes with most others
        usual = number / TRIES
        yield {
            option: given.get(option) or (values[0] if random.random() < usual else random.choice(values))
            for option, values in options.items()
        }
