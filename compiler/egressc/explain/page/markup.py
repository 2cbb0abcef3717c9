"""HTML from Python: every text is escaped where it is put, and only what is made here counts as markup."""

import html
from collections.abc import Iterable

from egressc import printable


class Markup(str):
    """Text that is HTML already."""

    __slots__ = ()


def escaped(text: str) -> Markup:
    """`text` as HTML that shows it; what steers terminals or turns directions shows as escapes."""
    return text if isinstance(text, Markup) else Markup(html.escape(printable.line(text)))


def element(tag: str, *content: str, **attributes: str | bool | None) -> Markup:
    """An element. `class_` is the attribute class, `aria_label` aria-label; one that is None or False is left out."""
    said = "".join(
        f" {name.rstrip('_').replace('_', '-')}" + ("" if value is True else f'="{escaped(str(value))}"')
        for name, value in attributes.items()
        if value is not None and value is not False
    )
    return Markup(f"<{tag}{said}>{join(content)}</{tag}>")


def join(parts: Iterable[str], between: str = "") -> Markup:
    """`parts` one after the other."""
    return Markup(escaped(between).join(map(escaped, parts)))


def table(caption: str, heads: Iterable[str], rows: Iterable[Iterable[str]], **attributes: str) -> Markup:
    """A table whose first column names its rows; empty without rows."""
    lines = [element("tr", *_row(row)) for row in rows]
    if not lines:
        return Markup()
    columns = (element("th", head, scope="col") for head in heads)
    return element(
        "table",
        element("caption", caption),
        element("thead", element("tr", *columns)),
        element("tbody", *lines),
        **attributes,
    )


def _row(cells: Iterable[str]) -> Iterable[Markup]:
    first, *others = cells
    return (element("th", first, scope="row"), *(element("td", cell) for cell in others))


def terms(pairs: Iterable[tuple[str, str]]) -> Markup:
    """A list of terms, each with what it is."""
    return element("dl", *(element("div", element("dt", term), element("dd", what)) for term, what in pairs))
