"""Writes the README's table of releases from what docs/proof.md has for each pair: `python -m docs.pairs`.

A test keeps it current.
"""

from pathlib import Path

from tests.mesh import page, proof
from tests.mesh.page import CLOSED, Page
from tests.mesh.versions import DEFAULT, PAIRS, Pair

README = Path(__file__).parents[1] / "README.md"
BEGIN, END = "<!-- pairs: made from docs/proof.md by `python -m docs.pairs` -->\n", "<!-- /pairs -->\n"

#: What a reader asks for, and the sections of docs/proof.md that tell.
CONCERNS = {
    "routes, passthrough, gRPC, TCP, proxies": (
        proof.SEEDS,
        proof.ROUTES,
        proof.PROXIES,
        proof.TWO_WAYS,
        proof.INNER,
        proof.DIALECTS,
        proof.SIDECAR,
        proof.MATRIX,
    ),
    "wildcards": (proof.WILDCARDS,),
    "who may call": (proof.REFUSED, proof.AUTHORIZATION, proof.SPELLINGS, proof.REVOKED, proof.EXTERNAL),
    "other teams, shared gateways": (proof.SHARED, proof.NEIGHBOURS, proof.TENANTS, proof.COMPANIONS),
    "readiness and failover": (proof.READINESS, proof.FAILOVER),
    "Secrets, headers, credentials, limits": (proof.SECRETS, proof.HEADERS, proof.LIMITS),
    "a mesh without EnvoyFilters": (proof.UNFILTERED,),
    "logs, names of your own": (proof.OBSERVABILITY, proof.EXPOSURE),
    "the chart under Helm, ct and Argo CD": (proof.CHART, proof.ADMISSION, proof.ARGO_CD, proof.FLUX),
    "moves to gateways": (proof.MIGRATION,),
}

#: What a concern has, and the faults of the test mesh, which are no concern of a reader.
_NAMED = {section for sections in CONCERNS.values() for section in sections} | {proof.FAULTS}


def table(known: Page) -> str:
    """A row for each concern, a column for each pair: all, or some of what the default pair has shown."""
    heads = ["Istio", *(pair.istio for pair in PAIRS)]
    envoys = ["with Envoy", *(pair.envoy for pair in PAIRS)]
    concerns = {**CONCERNS, "the rest": tuple(section for section in proof.SECTIONS if section not in _NAMED)}
    rows = [
        [concern, *(_shown(known, sections, pair) for pair in PAIRS)]
        for concern, sections in concerns.items()
        if sections
    ]
    lines = [heads, ["---"] * len(heads), envoys, *rows]
    return "".join(f"| {' | '.join(line)} |\n" for line in lines)


def readme() -> str:
    """The README with its table made anew."""
    before, _, rest = README.read_text(encoding="utf-8").partition(BEGIN)
    after = rest.partition(END)[2]
    known = page.read(proof.PAGE.read_text(encoding="utf-8"))
    return f"{before}{BEGIN}\n{table(known)}\n{END}{after}"


def _shown(known: Page, sections: tuple[str, ...], pair: Pair) -> str:
    rows = {(section, row): pairs for section in sections for row, pairs in known.get(section, {}).items()}
    whole = {row for row, pairs in rows.items() if DEFAULT in pairs}
    own = {row for row, pairs in rows.items() if pair in pairs}
    share = "all" if whole and own >= whole else "some" if own else ""
    return f"{share} ¹" if any(row.claim.startswith(CLOSED) for _, row in own) else share


def main() -> None:
    """Writes it."""
    README.write_text(readme(), encoding="utf-8")


if __name__ == "__main__":
    main()
