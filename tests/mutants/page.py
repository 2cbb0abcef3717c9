"""The page of `egressc explain`: nothing of a list runs in it."""

from tests.mutants.mutant import Mutant
from tests.mutants.places import COMPILER

PAGE = f"{COMPILER}/explain/page"
TESTS = "tests/test_page.py"

MUTANTS = (
    Mutant(
        f"{PAGE}/markup.py",
        "Markup(html.escape(printable.line(text)))",
        "Markup(printable.line(text))",
        "a description of a list is a script in the auditor's browser",
        TESTS,
    ),
    Mutant(
        f"{PAGE}/__init__.py",
        """.replace("<", r"\\u003c")""",
        "",
        "a name in a list ends the data, and begins a script",
        TESTS,
    ),
    Mutant(
        f"{PAGE}/page.html",
        "default-src 'none'",
        "default-src *",
        "what is let in by a fault elsewhere may send the list away",
        TESTS,
    ),
    Mutant(
        f"{COMPILER}/explain/summary.py",
        "review_by < view.today",
        "review_by > view.today",
        "the page calls reviews overdue that are not, and no others",
        TESTS,
    ),
    Mutant(
        f"{PAGE}/overview.py",
        """verified.by == "nobody\"""",
        """verified.by == "application\"""",
        "the page does not mark an upstream that nobody verifies",
        TESTS,
    ),
)
