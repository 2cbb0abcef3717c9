"""One thing that differs between two lists, and what it means."""

from dataclasses import dataclass
from typing import Literal

from egressc.diff.words import Sentence
from egressc.model import Inventory
from egressc.plan import Plan
from egressc.positions import Lines

#: A list, compiled.
Version = tuple[Inventory, Plan]
#: What a change does, the risky ones first.
Effect = Literal["opens", "weakens", "cuts", "restarts", "costs", "changes", "notes"]

TITLES: dict[Effect, str] = {
    "opens": "Opens: somebody may do what nobody let them do before",
    "weakens": "Weakens: less is verified, limited or kept apart",
    "cuts": "Cuts off: somebody may do less, or loses a connection",
    "restarts": "Restarts: pods are replaced, one by one",
    "costs": "Costs: the number of pods",
    "changes": "Changes: the same callers, treated differently",
    "notes": "Notes: for people only",
}
EFFECTS: tuple[Effect, ...] = tuple(TITLES)
RISKY: frozenset[Effect] = frozenset({"opens", "weakens"})


@dataclass(frozen=True, slots=True)
class Change:
    """What `subject` (a host, a shared gateway, or a part of the list that is about all hosts) does differently.

    `setting` is where the list says it, as `timeouts.request`. `old` and `new` are the places in the two lists.
    """

    effect: Effect
    subject: str
    setting: str
    says: Sentence
    old: Lines
    new: Lines

    @property
    def text(self) -> str:
        """The sentence, plain."""
        return "".join(self.says)
