"""The form of docs/proof.md: by section, rows of a claim with its evidence, and a column for each pair of releases."""

from collections.abc import Iterable, Mapping
from typing import NamedTuple

from tests.mesh.versions import DEFAULT, PAIRS, Pair

HEAD = """\
# Proof

`make e2e` writes this page from what its packets did: client pods with real sidecars ask, gateways that Helm installed
from compiled lists carry it, and an upstream outside the mesh tells what reached it. No row holds a time, an address or
a generated name, so a change of this page is a change of behaviour.

A column such as `1.31·1.39` is a pair of releases: of istiod, and of the Envoy of all proxies. ✓ says that this pair
has shown the row. CI runs all tests on the first pair, and the short form of them on the others. So an empty place says
only that nobody has looked. [tests/mesh/README.md](../tests/mesh/README.md#releases) says how to run a pair. A row that
begins with "closed:" is what an older proxy does instead of what it cannot do.

**What the test mesh cannot show.** Its proxies are Envoy's own build, without Istio's filters (metadata exchange, the
ALPN filter, Istio's statistics). It runs one version of Kubernetes, on one node. No NetworkPolicy is
enforced in it, for want of an enforcer that can be built from a package registry: what only a NetworkPolicy stops is
not in these rows. What the chart's let through is computed by Kubernetes' rules in tests/test_network_policies.py.
"""
EVIDENCE = ("Claim", "Sent", "The upstream saw", "The client saw")
SHOWN = "✓"
#: How a claim begins that an older proxy keeps: it opens nothing where it cannot do what a newer one does.
CLOSED = "closed:"


class Row(NamedTuple):
    """One claim and its evidence."""

    claim: str
    sent: str
    upstream: str
    client: str


#: By section, in order, the rows and the pairs that have shown each.
Page = Mapping[str, Mapping[Row, frozenset[Pair]]]


def head(pair: Pair) -> str:
    """The head of a pair's column."""
    return "·".join(pair)


def update(page: Page, shown: Mapping[str, Iterable[Row]], pair: Pair, whole: bool) -> Page:
    """The page after a run of all tests of a pair (`whole`), or of some, which can only say what they saw.

    `shown` has every section of the page. A run writes the column of its own pair. But what the default pair had shown,
    and shows no more, is gone for all: it behaves otherwise now, or no test claims it.
    """
    updated = {}
    for section, seen in shown.items():
        now = dict.fromkeys(seen, frozenset[Pair]())
        claims = {row.claim for row in now}
        rows = {}
        for row, pairs in page.get(section, {}).items():
            gone = pair in pairs and row not in now and (whole or row.claim in claims)
            rows[row] = pairs if not gone else frozenset() if pair == DEFAULT else pairs - {pair}
        if whole and pair == DEFAULT:
            rows = now | rows  # in the order of the tests
        rows |= {row: rows.get(row, frozenset()) | {pair} for row in now}
        updated[section] = {row: pairs for row, pairs in rows.items() if pairs}
    return updated


def render(page: Page) -> str:
    """The page as Markdown."""
    parts = [HEAD]
    for section, rows in page.items():
        if rows:
            heads = (*EVIDENCE, *map(head, PAIRS))
            lines = [heads, ["---"] * len(EVIDENCE) + [":-:"] * len(PAIRS)]
            lines += [(*row, *(SHOWN if pair in pairs else "" for pair in PAIRS)) for row, pairs in rows.items()]
            parts.append(f"\n## {section}\n\n{''.join(map(_line, lines))}")
    return "".join(parts)


def read(text: str) -> Page:
    """The page that `render` made."""
    page: dict[str, dict[Row, frozenset[Pair]]] = {}
    for part in text.split("\n## ")[1:]:
        section, *lines = part.splitlines()
        cells = [[cell.strip() for cell in line.strip("|").split("|")] for line in lines if line.startswith("| ")]
        heads = cells[0][len(EVIDENCE) :]
        page[section] = {
            Row(*line[: len(EVIDENCE)]): frozenset(
                pair for pair in PAIRS if (head(pair), SHOWN) in zip(heads, line[len(EVIDENCE) :], strict=True)
            )
            for line in cells[2:]
        }
    return page


def _line(cells: Iterable[str]) -> str:
    return f"| {' | '.join(cells)} |\n"
