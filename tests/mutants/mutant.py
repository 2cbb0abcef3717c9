"""What a mutant is, and what becomes of it."""

from pathlib import Path
from typing import NamedTuple


class Mutant(NamedTuple):
    """A fault in the product, and what notices it.

    `file` is below the repository, `text` stands in it once, and `instead` takes its place. `harm` is what a user would
    suffer, `row` what docs/security.md then says in vain. `tests` are pytest's arguments for the tests that state the
    right behaviour. What only packets show has no `tests`, and the name of its test in tests/mesh as `packet`.
    """

    file: str
    text: str
    instead: str
    harm: str
    tests: str = ""
    packet: str = ""
    row: str = ""

    def apply(self, root: Path) -> str:
        """Change the file below `root`, and return what it was; NotThereError where the text is not there once."""
        path = root / self.file
        whole = path.read_text(encoding="utf-8") if path.is_file() else ""
        if whole.count(self.text) != 1:
            raise NotThereError(f"{self.file} has {whole.count(self.text)} times {self.text!r}: {self.harm}")
        path.write_text(whole.replace(self.text, self.instead), encoding="utf-8")
        return whole


class NotThereError(Exception):
    """The table and the code have parted."""
