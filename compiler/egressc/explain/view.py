"""How somebody looks at a fleet: on which day, how wide, and at which part of it."""

from dataclasses import dataclass

#: Columns where no terminal limits them.
FULL = 160


@dataclass(frozen=True, slots=True)
class View:
    """`today` is an ISO date, empty where no day is known; `asked` are the filters in words.

    `of` is how many hosts the list has, None where all are shown.
    `release` is about how many bytes the release of the whole fleet has, None where nobody asked.
    """

    today: str = ""
    width: int = FULL
    asked: tuple[str, ...] = ()
    of: int | None = None
    release: int | None = None


WHOLE = View()
