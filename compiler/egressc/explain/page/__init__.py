"""The fleet as one HTML file, for people who do not read YAML: it loads nothing, and nothing of a list runs in it."""

import base64
import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from string import Template

from egressc import __version__, printable
from egressc.counted import times
from egressc.explain.before import Before, before
from egressc.explain.facts import facts
from egressc.explain.page import attention, filters, needed, overview, path
from egressc.explain.page.markup import Markup, escaped, join
from egressc.plan import Carrier, Plan

HERE = Path(__file__).parent


def fleet(plan: Plan, today: date | None = None) -> str:
    """All hosts of `plan`, and the way to each. What is overdue is so as of `today`, by default the date here."""
    wanted = before(plan.carriers, plan.companions)
    beside = {"costs": needed.costs(plan), "companions": needed.companions(plan)}
    return _page(plan.carriers, wanted, today or date.today(), "fleet", beside)


def host(carrier: Carrier, today: date | None = None) -> str:
    """The way to the host of `carrier`."""
    return _page([carrier], before([carrier]), today or date.today(), "one", {"costs": "", "companions": ""})


def _page(carriers: Sequence[Carrier], wanted: Before, today: date, kind: str, beside: Mapping[str, str]) -> str:
    ordered = sorted(carriers, key=lambda carrier: carrier.host.host)
    known = list(map(facts, ordered))
    remarks = [remark for carrier in ordered for remark in carrier.remarks()]
    style, script = _source("style.css"), _source("picture.js") + _source("page.js")
    files = sorted({about.line.file for about in known})
    said = {
        "title": f"Egress of {known[0].host}" if kind == "one" else f"Egress: {times(len(known), 'host')}",
        "made": f"As of {today.isoformat()}, from {', '.join(files)}, by egressc {__version__}",
        "numbers": overview.numbers(known, remarks, today),
        **filters.choices(known),
        "fleet": overview.fleet(known, today),
        "reviews": attention.reviews(known, today),
        "look": attention.look(remarks),
        **beside,
        "needs": needed.needs(wanted),
        "hosts": join(path.host(carrier, today) for carrier in ordered),
    }
    return Template(_source("page.html")).substitute(
        {name: escaped(text) for name, text in said.items()},
        kind=kind,
        data=_data(filters.data(known, remarks, today)),
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
