"""EXPLAIN: a plan for people and programs: the fleet, or the path of one host's requests, hop by hop."""

from collections.abc import Callable

from egressc.explain import as_json, mermaid, page, text
from egressc.plan import Carrier, Plan

FLEET_FORMATS: dict[str, Callable[[Plan], str]] = {
    "text": text.fleet,
    "json": as_json.fleet,
    "mermaid": mermaid.fleet,
    "html": page.fleet,
}
HOST_FORMATS: dict[str, Callable[[Carrier], str]] = {
    "text": text.host,
    "json": as_json.host,
    "mermaid": mermaid.host,
    "html": page.host,
}
