"""Writes the tables of layouts of README.md and docs/operations.md: `python -m docs.layouts`.

A test keeps them current. The pods and their memory are those that `egressc compile` counts.
"""

import re
from collections.abc import Callable
from pathlib import Path

from egressc.compile import compile_sources
from egressc.cost import cost
from egressc.cost.memory import Load, idle, least_limit, rounded

ROOT = Path(__file__).parents[1]
PAGES = (ROOT / "README.md", ROOT / "docs" / "operations.md")
PLACE = re.compile(r"(<!-- layouts: made by `python -m docs.layouts` -->\n).*?(<!-- /layouts -->)", re.DOTALL)
COUNTS = (10, 100, 1000)
OWNERS = 10

#: By layout, for whom it is and how a list of so many hosts begins, with what all hosts or the one of a number say.
LAYOUTS: dict[str, tuple[str, Callable[[int], str], str]] = {
    "a gateway for each host (default)": (
        "up to about 50 hosts, and for those that must not share identity, keys or restarts",
        lambda _: "",
        "",
    ),
    f"a shared gateway for each of {OWNERS} owners": (
        "more: each owner's keys, restarts and load stay apart",
        lambda count: "".join(_gateway(f"owner-{owner}", count // OWNERS) for owner in range(OWNERS)),
        "gateway: owner-{owner}",
    ),
    "one shared gateway": (
        "up to some hundred hosts of one owner",
        lambda count: _gateway("owner-0", count),
        "gateway: owner-0",
    ),
    "no gateway (`at: sidecar`)": (
        "hosts whose clients may hold keys and rules",
        lambda _: "",
        "at: sidecar",
    ),
}


def table() -> str:
    """A row for each layout: who takes it, and the least that so many hosts ask for."""
    heads = ["Layout", "For", *(f"{count:,} hosts" for count in COUNTS)]
    rows = [[layout, whom, *(_asked(layout, count) for count in COUNTS)] for layout, (whom, _, _) in LAYOUTS.items()]
    return "".join(f"| {' | '.join(line)} |\n" for line in (heads, ["---"] * len(heads), *rows))


def made(text: str) -> str:
    """The `text` of a page with its table made anew."""
    return PLACE.sub(lambda place: f"{place[1]}\n{table()}\n{place[2]}", text)


def _gateway(name: str, hosts: int) -> str:
    """A shared gateway with the memory that EG366 asks for."""
    load = Load(hosts, hosts, hosts)
    memory = f"requests: {{cpu: 50m, memory: {rounded(idle(load))}}}"
    limit = f"limits: {{memory: {rounded(least_limit(load))}}}"
    return f"- {{name: {name}, resources: {{{memory}, {limit}}}, namespace: {name}}}\n"


def _asked(layout: str, count: int) -> str:
    _, gateways, said = LAYOUTS[layout]
    text = "version: 1\ndefaults: {clients: [shop]}\n"
    text += f"gateways:\n{gateways(count)}" if gateways(count) else ""
    text += "hosts:\n"
    for number in range(count):
        own = said.format(owner=number % OWNERS)
        text += f"- {{host: api-{number}.example.com{f', {own}' if own else ''}}}\n"
    plan = compile_sources([("hosts.yaml", text.encode())]).plan
    if plan is None or not (costs := cost(plan)).gateways:
        return "none"
    return f"{costs.pods.least:,.0f} pods, {costs.memory.least / 2**30:,.3g} GiB"


def main() -> None:
    """Writes them."""
    for page in PAGES:
        page.write_text(made(page.read_text(encoding="utf-8")), encoding="utf-8")


if __name__ == "__main__":
    main()
