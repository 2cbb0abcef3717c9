"""docs/proof.md: a row for each claim, written from what a test run saw."""

from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import NamedTuple

import pytest

from tests.mesh import versions
from tests.mesh.client import Answer, Outcome
from tests.mesh.fleet import common_name
from tests.mesh.upstream import Seen

REPOSITORY = Path(__file__).parents[2]
PAGE = REPOSITORY / "docs" / "proof.md"

#: The sections of the page, in order.
SEEDS = "The published set-ups, as entries of values/hosts.yaml"
ROUTES = "Routes"
WILDCARDS = "Wildcards"
PROXIES = "Proxies"
REFUSED = "Refused"
AUTHORIZATION = "Denied and reported"
OBSERVABILITY = "Logs and statistics"
READINESS = "Readiness"
SECRETS = "Secrets"
HEADERS = "Headers and credentials"
LIMITS = "Limits"
EXTERNAL = "External authorization"
SHARED = "Shared and adopted gateways"
NEIGHBOURS = "Neighbours and wildcards, attacked"
SPELLINGS = "Denied and allowed in every spelling"
TENANTS = "Objects of another team"
REVOKED = "Accounts that are removed"
EXPOSURE = "Names of one's own at an ingress gateway"
COMPANIONS = "What goes with the gateways"
AROUND = "Ways around a gateway"
TWO_WAYS = "Two ways to one host"
INNER = "Names inside of what is carried"
DIALECTS = "Spellings and versions"
FAILOVER = "Failover"
SIDECAR = "Without a gateway"
CHART = "The chart under ct and helm test"
ADMISSION = "Admission"
ARGO_CD = "Argo CD"
MATRIX = "Every pair of options"
FAULTS = "The test mesh and its faults"
SECTIONS = (
    SEEDS,
    ROUTES,
    WILDCARDS,
    PROXIES,
    REFUSED,
    AUTHORIZATION,
    OBSERVABILITY,
    READINESS,
    SECRETS,
    HEADERS,
    LIMITS,
    EXTERNAL,
    SHARED,
    NEIGHBOURS,
    SPELLINGS,
    TENANTS,
    REVOKED,
    EXPOSURE,
    COMPANIONS,
    AROUND,
    TWO_WAYS,
    INNER,
    DIALECTS,
    FAILOVER,
    SIDECAR,
    CHART,
    ADMISSION,
    ARGO_CD,
    MATRIX,
    FAULTS,
)

HEAD = """\
# Proof

`make e2e` writes this page from what its packets did: client pods with real sidecars ask, gateways that Helm installed
from compiled lists carry it, and an upstream outside the mesh tells what reached it. No row holds a time, an address or
a generated name, so a change of this page is a change of behaviour.

**What the test mesh cannot show.** Its proxies are Envoy's own build, without Istio's filters (metadata exchange, the
ALPN filter, Istio's statistics). It runs one version of Istio and of Kubernetes, on one node. No NetworkPolicy is
enforced in it, for want of an enforcer that can be built from a package registry: what only a NetworkPolicy stops is
not in these rows. What the chart's let through is computed by Kubernetes' rules in tests/test_network_policies.py.
"""
COLUMNS = ("Claim", "Sent", "The upstream saw", "The client saw")


class Row(NamedTuple):
    """One claim and its evidence."""

    claim: str
    sent: str
    upstream: str
    client: str


@dataclass
class Proof:
    """The rows of a run, by section."""

    sections: dict[str, dict[str, Row]] = field(default_factory=dict)

    def row(self, section: str, claim: str, sent: str, upstream: str, client: str) -> None:
        """Keep the evidence for a claim, which no other row makes."""
        rows = self.sections.setdefault(section, {})
        assert claim not in rows, f"two rows claim: {claim}"
        rows[claim] = Row(claim, sent, upstream, client)

    def write(self, page: Path, partial: bool) -> None:
        """Write the page; where a run had only some of the tests, the page's other rows stay."""
        known = read(page.read_text()) if partial and page.exists() else {}
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(render({name: known.get(name, {}) | self.sections.get(name, {}) for name in SECTIONS}))


@pytest.fixture(scope="session")
def proof(request: pytest.FixtureRequest) -> Iterator[Proof]:
    """What keeps the run's evidence, and writes it down when no test failed; other pairs have a page in build/proof."""
    kept = Proof()
    yield kept
    if not request.session.testsfailed:
        everything = request.config.args_source is pytest.Config.ArgsSource.TESTPATHS
        pair = versions.chosen()
        page = PAGE if pair == versions.DEFAULT else REPOSITORY / "build" / "proof" / f"{'-'.join(pair)}.md"
        kept.write(page, partial=not everything or bool(request.config.option.keyword))


def render(sections: dict[str, dict[str, Row]]) -> str:
    """The page."""
    parts = [HEAD]
    for name, rows in sections.items():
        if rows:
            lines = [COLUMNS, ("---",) * len(COLUMNS), *rows.values()]
            table = "".join(f"| {' | '.join(cell.replace('|', '¦') for cell in line)} |\n" for line in lines)
            parts.append(f"\n## {name}\n\n{table}")
    return "".join(parts)


def read(page: str) -> dict[str, dict[str, Row]]:
    """The rows of a page by section and claim."""
    sections: dict[str, dict[str, Row]] = {}
    for part in page.split("\n## ")[1:]:
        name, *lines = part.splitlines()
        table = [line for line in lines if line.startswith("| ")][2:]  # without the head
        rows = [Row(*line.removeprefix("| ").removesuffix(" |").split(" | ")) for line in table]
        sections[name] = {row.claim: row for row in rows}
    return sections


def saw(seen: Seen) -> str:
    """What an upstream saw of a request or connection, without what differs from run to run."""
    tls = seen["tls"]
    if tls:
        certificate = f"client certificate of `{common_name(seen)}`" if tls["client"] else "no client certificate"
        security = f"TLS, SNI `{tls['sni']}`, {certificate}"
    else:
        security = "no TLS"
    if seen["protocol"] == "TCP":
        return f"TCP, {security}"
    headers = ", ".join(f"`{name}`" for name in sorted(seen["headers"]))
    return f"{seen['protocol']} {seen['method']}, {security}, Host `{seen['host']}`, headers {headers}"


def got(answer: Answer | Outcome) -> str:
    """What a client got: a status, an echo, or that there was no answer."""
    if isinstance(answer, Answer):
        return str(answer.status) if answer.status else "no answer"
    return (answer.status or "an answer") if answer.ok else "no answer"
