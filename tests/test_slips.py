"""What was meant: found for a slip, and never by work that grows with the list."""

import difflib
import re
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import egressc
from egressc import slips
from egressc.schema import schema
from egressc.slips import nearest
from tests.lists import compile_text

KEYS = [tuple(part["properties"]) for part in schema()["$defs"].values() if "properties" in part]
HOSTS = tuple(f"{name}-{number}.example.com" for name in ("api", "mail", "pay") for number in range(200))
MISSES = 1000


@given(
    st.sampled_from([*KEYS, HOSTS]).flatmap(lambda words: st.tuples(st.just(words), st.sampled_from(words))), st.data()
)
def test_one_slip_is_mended(known: tuple[tuple[str, ...], str], data: st.DataObject) -> None:
    words, meant = known
    at = data.draw(st.integers(1, len(meant) - 1))
    swapped = meant[: at - 1] + meant[at] + meant[at - 1] + meant[at + 1 :]
    for slip in (meant.upper(), f"{meant[:at]}ü{meant[at:]}", swapped):
        guess = nearest(slip, words)
        assert guess is None or guess in words
        if len(meant) > 4:
            # another word may be as near
            assert guess is not None
            likeness = [difflib.SequenceMatcher(None, slip.lower(), word.lower()).ratio() for word in (guess, meant)]
            assert likeness[0] > likeness[1] - 0.1


def test_what_is_like_nothing_has_no_guess() -> None:
    assert nearest("zzzz", HOSTS) is None
    assert nearest("", HOSTS) is None
    assert nearest("a", ()) is None


@given(st.lists(st.text(), unique=True), st.text() | st.text().map(lambda text: text * 1000))
def test_anything_may_be_asked(words: list[str], word: str) -> None:
    assert nearest(word, words) in {*words, None}


def near_misses(kind: str) -> tuple[str, str]:
    """A list, and its overlay, with many words that are almost others."""
    hosts = "".join(f"- host-{number:05}.example.com\n" for number in range(MISSES))
    head = "version: 1\ndefaults: {clients: [shop]}\n"
    missed = [f"hots-{number:05}.example.com" for number in range(MISSES)]
    if kind == "overlay":
        return f"{head}hosts:\n{hosts}", "version: 1\nhosts:\n" + "".join(f"- {{host: {host}}}\n" for host in missed)
    empty = "version: 1\nhosts: []\n"
    if kind == "deny":
        return f"{head}deny: [{{namespace: a, hosts: [{', '.join(missed)}]}}]\nhosts:\n{hosts}", empty
    if kind == "gateway":
        shared = "".join(f"- {{name: gate-{number:05}}}\n" for number in range(MISSES))
        using = "".join(f"- {{host: a-{i}.example.com, gateway: gaet-{i:05}}}\n" for i in range(MISSES))
        return f"{head}gateways:\n{shared}hosts:\n{using}", empty
    if kind == "key":
        keys = ", ".join(f"externalAuthorizatoin{number}: 1" for number in range(MISSES))
        return f"{head}hosts:\n- {{host: a.example.com, {keys}}}\n", empty
    words = "".join(f"- {{host: a-{i}.example.com, tls: {{mode: passthorugh{i}}}}}\n" for i in range(MISSES))
    return f"{head}hosts:\n{words}", empty


@pytest.mark.parametrize("kind", ["overlay", "deny", "gateway", "key", "value"])
def test_the_work_for_a_miss_is_bounded(kind: str, monkeypatch: pytest.MonkeyPatch) -> None:
    compared = 0
    whole = difflib.SequenceMatcher.ratio

    def ratio(self: Any) -> float:
        nonlocal compared
        compared += 1
        assert max(len(self.a), len(self.b)) <= slips.LENGTH
        return whole(self)

    monkeypatch.setattr(difflib.SequenceMatcher, "ratio", ratio)
    text, overlay = near_misses(kind)
    findings = compile_text(text, overlays=[overlay]).findings
    assert sum("did you mean" in finding.fix or "write `passthrough`" in finding.fix for finding in findings) == MISSES
    assert MISSES <= compared <= 2 * slips.SEEN * MISSES  # difflib compares once more what it takes


def test_among_too_many_there_is_no_guess() -> None:
    words = [f"word-{number}" for number in range(slips.MOST + 1)]
    assert nearest("wrod-5", words[:-1]) is not None
    assert nearest("wrod-5", words) is None


def test_nothing_else_searches_for_what_is_like_a_word() -> None:
    files = Path(egressc.__file__).parent.rglob("*.py")
    assert [file.name for file in files if re.search(r"^(import|from) difflib", file.read_text(), re.MULTILINE)] == [
        "slips.py"
    ]
