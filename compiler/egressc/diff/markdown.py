"""Changes for a pull request: Markdown in which nothing of a list is anything but text."""

import re
from collections.abc import Sequence
from itertools import groupby

from egressc import printable
from egressc.diff.change import RISKY, TITLES, Change, Effect
from egressc.diff.text import few, places, summary, together


def show(changes: Sequence[Change]) -> str:
    """What differs by effect; what is not risky is folded."""
    if not changes:
        return "**egressc:** nothing differs.\n"
    parts = [f"**egressc:** {summary(changes)}\n"]
    for effect, group in groupby(changes, key=lambda change: change.effect):
        some = list(group)
        parts.append(
            _section(effect, len(some), "".join(_item(few(subjects), change) for subjects, change in together(some)))
        )
    return "\n".join(parts)


def _section(effect: Effect, count: int, items: str) -> str:
    if effect in RISKY:
        return f"**{TITLES[effect]}**\n\n{items}"
    return f"<details><summary>{TITLES[effect]} ({count})</summary>\n\n{items}\n</details>\n"


def _item(subject: str, change: Change) -> str:
    says = "".join(code(part) if number % 2 else part for number, part in enumerate(change.says))
    where = places(change)
    return f"- {code(subject)}: {says}{f' ({code(where)})' if where else ''}\n"


def code(text: str) -> str:
    """`text` as a code span, whatever it contains."""
    safe = printable.line(text) or " "
    longest = max(map(len, re.findall("`+", safe)), default=0)
    fence, blank = "`" * (longest + 1), " " * (safe[0] in "` " or safe[-1] in "` ")
    return f"{fence}{blank}{safe}{blank}{fence}"
