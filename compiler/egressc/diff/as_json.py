"""Changes for programs.

`version` is that of this format. Each of `changes` has `effect`, `risky`, `subject`, `setting`, `says`, and `old` and
`new`: where the two lists say it, each an object with file, line, column and key. `effects` counts them.
"""

from collections import Counter
from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

from egressc import printable
from egressc.diff.change import EFFECTS, RISKY, Change

VERSION = 1


def show(changes: Sequence[Change]) -> str:
    """A JSON object; `changes` is empty if nothing differs."""
    counts = Counter(change.effect for change in changes)
    effects = {effect: counts[effect] for effect in EFFECTS}
    return printable.as_json({"version": VERSION, "effects": effects, "changes": list(map(_plain, changes))})


def _plain(change: Change) -> dict[str, Any]:
    return {
        "effect": change.effect,
        "risky": change.effect in RISKY,
        "subject": change.subject,
        "setting": change.setting,
        "says": change.text,
        "old": [asdict(line) for line in change.old],
        "new": [asdict(line) for line in change.new],
    }
