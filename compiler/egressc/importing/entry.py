"""What an import knows of a host: what its entry says, where that was written, and what is left to decide."""

from dataclasses import dataclass, field
from typing import Any

from egressc.findings import Span


@dataclass(slots=True)
class Entry:
    """An entry of the list in the making. `settings` are as a list writes them; `questions` become its comments."""

    host: str
    span: Span
    settings: dict[str, Any] = field(default_factory=dict)
    questions: list[str] = field(default_factory=list)

    def ask(self, question: str, at: Span) -> None:
        """Adds a comment: what is to decide, with the place that made it a question."""
        self.questions.append(f"{question} ({at.file}:{at.line})")
