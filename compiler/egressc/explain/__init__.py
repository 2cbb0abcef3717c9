"""EXPLAIN: a plan for people and programs: the fleet, or the path of one host's requests, hop by hop."""

from collections.abc import Callable

from egressc.explain import as_json, fleet, mermaid, page, text

#: Each takes what is to be shown, and a View of it if there is one.
FLEET_FORMATS: dict[str, Callable[..., str]] = {
    "text": fleet.fleet,
    "json": as_json.fleet,
    "mermaid": mermaid.fleet,
    "html": page.fleet,
}
HOST_FORMATS: dict[str, Callable[..., str]] = {
    "text": text.host,
    "json": as_json.host,
    "mermaid": mermaid.host,
    "html": page.host,
}
