"""The fleet as one HTML file, for people who do not read YAML: it loads nothing, and nothing of a list runs in it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date
from pathlib import Path
from string import Template

from egressc import __version__, printable
from egressc.counted import times
from egressc.explain.before import Before, before
from egressc.explain.facts import facts
from egressc.explain.page import attention, filters, needed, overview, path
from egressc.explain.page.markup import Markup, escaped, join
from egressc.explain.view import WHOLE, View
from egressc.plan import Carrier, Plan

HERE = Path(__file__).parent


def fleet(plan: Plan, view: View = WHOLE) -> str:
    """All hosts of `plan`, and the way to each. Without a day of `view`, it is as of the date here."""
    wanted = before(plan.carriers, plan.companions)
    beside = {"costs": needed.costs(plan), "companions": needed.companions(plan)}
    return _page(plan.carriers, wanted, view, "fleet", beside)


def host(carrier: Carrier, view: View = WHOLE) -> str:
    """The way to the host of `carrier`."""
    return _page([carrier], before([carrier]), view, "one", {"costs": "", "companions": ""})


def _page(carriers: Sequence[Carrier], wanted: Before, view: View, kind: str, beside: Mapping[str, str]) -> str:
    view = view if view.today else replace(view, today=date.today().isoformat())
    ordered = sorted(carriers, key=lambda carrier: carrier.host.host)
    known = list(map(facts, ordered))
    remarks = [remark for carrier in ordered for remark in carrier.remarks()]
    style, script = _source("style.css"), _source("picture.js") + _source("page.js")
    files = sorted({about.line.file for about in known})
    said = {
        "title": f"Egress of {known[0].host}" if kind == "one" else f"Egress: {times(len(known), 'host')}",
        "made": f"As of {view.today}, from {', '.join(files)}, by egressc {__version__}",
        "numbers": overview.numbers(known, remarks, view),
        **filters.choices(known),
        "fleet": overview.fleet(known, view),
        "reviews": attention.reviews(known, view),
        "look": attention.look(remarks),
        **beside,
        "needs": needed.needs(wanted),
        "hosts": join(path.host(carrier, view) for carrier in ordered),
    }
    return Template(_source("page.html")).substitute(
        {name: escaped(text) for name, text in said.items()},
        kind=kind,
        data=_data(filters.data(known, remarks, view)),
        style=style,
        script=script,
        style_digest=_digest(style),
        script_digest=_digest(script),
    )


def _source(name: str) -> str:
    return (HERE / name).read_text(encoding="utf-8")


def _data(content: object) -> Markup:
    """JSON for a script element: without `<` no text ends the element."""
    return Markup(printable.as_json(content).replace("<", r"\u003c"))


def _digest(source: str) -> str:
    return base64.b64encode(hashlib.sha256(source.encode()).digest()).decode()
