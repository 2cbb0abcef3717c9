"""EXPLAIN: a plan for people and programs: the fleet, or the path of one host's requests, hop by hop."""

from collections.abc import Callable
from datetime import date

from egressc.explain import as_json, fleet, mermaid, page, text
from egressc.explain.view import WHOLE, View
from egressc.plan import Carrier, Plan


def _fleet_page(plan: Plan, view: View = WHOLE) -> str:
    return page.fleet(plan, _day(view))


def _host_page(carrier: Carrier, view: View = WHOLE) -> str:
    return page.host(carrier, _day(view))


def _day(view: View) -> date | None:
    return date.fromisoformat(view.today) if view.today else None


#: Each takes what is to be shown, and a View of it if there is one.
FLEET_FORMATS: dict[str, Callable[..., str]] = {
    "text": fleet.fleet,
    "json": as_json.fleet,
    "mermaid": mermaid.fleet,
    "html": _fleet_page,
}
HOST_FORMATS: dict[str, Callable[..., str]] = {
    "text": text.host,
    "json": as_json.host,
    "mermaid": mermaid.host,
    "html": _host_page,
}
