"""What a slip was meant to be: one search for all, whose work is bounded for each word, whatever a list holds."""

import difflib
from bisect import bisect_left
from collections.abc import Collection
from functools import lru_cache
from heapq import nlargest
from itertools import takewhile
from operator import eq
from typing import NamedTuple

LENGTH = 80  # characters of a word that are looked at
MOST = 10_000  # words: among more there is no guess
FEW = 100  # words: each is compared at a glance
BESIDE = 8  # where there are more, those on either side, by their beginnings and by their ends
NEAR = 0.75  # of their letters are the same, in the same order
SURE = 0.87  # of them: nothing else can have been meant
SEEN = 3  # of these, the most alike at a glance are all that difflib sees


class _Words(NamedTuple):
    spelled: dict[str, str]  # by the text that is compared
    pairs: dict[str, set[str]]
    forward: list[str]
    backward: list[str]


def nearest(word: str, words: Collection[str], near: float = NEAR) -> str | None:
    """The one of `words` that `word` was probably meant to be, `near` alike; case makes no difference."""
    if len(words) > MOST:
        return None
    known = _known(tuple(words))
    text = _text(word)
    pairs = _pairs(text)

    def alike(other: str) -> tuple[int, str]:
        return len(pairs & known.pairs[other]) + _ends(text, other), other

    likely = nlargest(SEEN, _likely(text, known), key=alike)
    close = difflib.get_close_matches(text, likely, 1, near)
    return known.spelled[close[0]] if close else None


def _likely(text: str, known: _Words) -> Collection[str]:
    if len(known.spelled) <= FEW:
        return known.spelled
    backward = _beside(text[::-1], known.backward)
    return {*_beside(text, known.forward), *(other[::-1] for other in backward)}


def _beside(text: str, ordered: list[str]) -> list[str]:
    at = bisect_left(ordered, text)
    return ordered[max(0, at - BESIDE) : at + BESIDE]


@lru_cache(maxsize=64)
def _known(words: tuple[str, ...]) -> _Words:
    spelled = {_text(word): word for word in words}
    pairs = {text: _pairs(text) for text in spelled}
    return _Words(spelled, pairs, sorted(spelled), sorted(text[::-1] for text in spelled))


def _text(word: str) -> str:
    return word[:LENGTH].lower()


def _pairs(text: str) -> set[str]:
    """Each two letters that stand side by side, those at the ends with a blank."""
    return {first + second for first, second in zip(f" {text}", f"{text} ", strict=True)}


def _ends(text: str, other: str) -> int:
    """The number of letters with which both begin, and with which both end."""
    return sum(sum(takewhile(bool, map(eq, *both))) for both in ((text, other), (reversed(text), reversed(other))))
