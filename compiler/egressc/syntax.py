"""What is wrong with a text that is no YAML, and what to write: most slips are one blank, quote or bracket."""

import re
from typing import NamedTuple

import yaml

from egressc.findings import Finding, Span
from egressc.unreadable import NOT_PLAIN, NOT_YAML

NO_BLANK = re.compile(r"(\s*(?:- +)*)([A-Za-z]+):([^\s:/].*)")
NO_BLANK_AT_A_DASH = re.compile(r"(\s*)-([A-Za-z0-9*.\"'{\[].*)")
ONE_LINE = re.compile(r"(\s*(?:- +)*)(\w+): (.*?)[,;]?\s+(\w+): (.*)")
VALUE = re.compile(r"(\s*(?:- +)*)([A-Za-z]+): ([^\[{\"'].*)")
LIST_AFTER_KEY = re.compile(r"\s*(?:- +)*(\w+): - (\S.*)")
#: Keys whose values are texts, in which a colon means nothing.
TEXTS = ("description", "unverified", "owner")
UNCLOSED = {"quoted scalar": "quote", "flow sequence": "bracket", "flow mapping": "brace"}


class _Place(NamedTuple):
    """Where a parser gave up; `line` and `column` from 1."""

    name: str
    lines: list[str]
    line: int
    column: int
    problem: str

    @property
    def text(self) -> str:
        return self.of(self.line)

    def of(self, line: int) -> str:
        return self.lines[line - 1] if 0 < line <= len(self.lines) else ""

    def at(self, column: int, line: int | None = None) -> Span:
        return Span(self.name, line or self.line, column)


def explain(name: str, text: str, error: yaml.MarkedYAMLError) -> Finding:
    """The finding for `error`, at which the parser gave up on `text`, the content of the file `name`."""
    mark = error.problem_mark or error.context_mark
    line, column = (mark.line + 1, mark.column + 1) if mark else (1, 1)
    here = _Place(name, text.split("\n"), line, column, error.problem or "not YAML")
    context = error.context or ""
    begun = error.context_mark.line + 1 if context and error.context_mark else 0
    found = _of_a_character(here, context) or _of_a_blank(here, begun) or _of_a_colon(here) or _unclosed(here, error)
    if found:
        return found
    if begun:
        context = f" ({context} that begins on line {begun})"
    return NOT_YAML(
        here.at(column), f"this is not YAML: {here.problem}{context}", "check the quotes, colons and indentation here"
    )


def _of_a_character(here: _Place, context: str) -> Finding | None:
    source, column = here.text, here.column
    if source[column - 1 : column] == "\t" or "\t" in source[: len(source) - len(source.lstrip())]:
        return NOT_YAML(here.at(column), "the indentation has a tab: YAML forbids tabs there", "indent with spaces")
    if "alias" in context:
        word = re.match(r"\*[^\s,\]}]*", source[source.rfind("*", 0, column) :])
        fix = f'write `"{word[0]}"`' if word and "." in word[0] else "put a wildcard in quotes"
        return NOT_PLAIN(here.at(column), "this word begins with *: YAML takes it for an alias", fix)
    if "cannot start any token" in here.problem:
        problem = f"no YAML value begins with {source[column - 1 : column]!r}"
        return NOT_YAML(here.at(column), problem, "put the value in quotes")
    dash = LIST_AFTER_KEY.fullmatch(source)
    if "block sequence entries are not allowed" in here.problem and dash:
        where = here.at(source.index(dash[1]) + 1)
        return NOT_YAML(where, "a list in one line has brackets", f"write `{dash[1]}: [{dash[2].strip()}]`")
    return None


def _of_a_blank(here: _Place, begun: int) -> Finding | None:
    """A blank that is missing behind a colon or a dash, in the line above or where the parser began to wonder."""
    if "mapping values are not allowed" not in here.problem and "could not find expected ':'" not in here.problem:
        return None
    for line in (begun, here.line - 1):
        if colon := NO_BLANK.fullmatch(here.of(line)):
            where = here.at(len(colon[1]) + len(colon[2]) + 1, line)
            fix = f"write `{colon[2]}: {colon[3].strip()}`"
            return NOT_YAML(where, f"a blank is missing after `{colon[2]}:`", fix)
        if dash := NO_BLANK_AT_A_DASH.fullmatch(here.of(line)):
            fix = f"write `- {dash[2].strip()}`"
            return NOT_YAML(here.at(len(dash[1]) + 1, line), "a blank is missing after the dash", fix)
    return None


def _of_a_colon(here: _Place) -> Finding | None:
    """A colon in a text, two keys in one line, or a key that is indented below a value."""
    if "mapping values are not allowed" not in here.problem:
        return None
    above, text = VALUE.fullmatch(here.of(here.line - 1)), here.text
    indent = len(text) - len(text.lstrip())
    key = re.match(r"\s*(\w+):", text)
    if above and key and key.end() == here.column and indent > len(above[1]):
        fix = f"begin it below `{above[2]}`, behind {len(above[1])} blanks"
        return NOT_YAML(here.at(indent + 1), f"`{key[1]}` is indented deeper than the key above", fix)
    both = ONE_LINE.fullmatch(text)
    if both and both[2] not in TEXTS:
        braces = f"{{{both[2]}: {both[3]}, {both[4]}: {both[5].strip()}}}"
        fix = f"write `{braces}`, or each on a line of its own"
        return NOT_YAML(here.at(both.start(4) + 1), f"`{both[4]}` stands in the line of `{both[2]}`", fix)
    value = VALUE.fullmatch(text)
    if value and '"' not in value[3]:
        fix = f'write `{value[2]}: "{value[3].strip()}"`'
        return NOT_YAML(here.at(here.column), "a text with a colon and a blank in it needs quotes", fix)
    return None


def _unclosed(here: _Place, error: yaml.MarkedYAMLError) -> Finding | None:
    """Where the quote or bracket began that the parser looked for the end of."""
    what = next((word for kind, word in UNCLOSED.items() if kind in (error.context or "")), None)
    if not what or not error.context_mark:
        return None
    line, column = error.context_mark.line + 1, error.context_mark.column + 1
    begins, stops = here.of(line), here.text
    deeper = len(stops) - len(stops.lstrip()) > len(begins) - len(begins.lstrip())
    if what != "quote" and (here.line == line or (deeper and stops.strip())):
        pair = "items" if what == "bracket" else "pairs"
        problem = f"a comma is missing here, or the end of the {what} of line {line}"
        return NOT_YAML(here.at(here.column), problem, f"write a comma between two {pair}")
    return NOT_YAML(here.at(column, line), f"this {what} has no end", f"close the {what} in this line")
