"""What keeps a run's evidence for docs/proof.md, and writes the page when no test failed."""

import json
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

import pytest

from tests.mesh import page
from tests.mesh.client import Answer, Outcome
from tests.mesh.fleet import common_name
from tests.mesh.page import Row
from tests.mesh.upstream import Seen
from tests.mesh.versions import Pair

PAGE = Path(__file__).parents[2] / "docs" / "proof.md"
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
FIRST_HOP = "HTTP/2 to the gateway"
FAILOVER = "Failover"
SIDECAR = "Without a gateway"
UNFILTERED = "Without EnvoyFilters"
CHART = "The chart under ct and helm test"
ADMISSION = "Admission"
ARGO_CD = "Argo CD"
FLUX = "Flux"
MIGRATION = "Moves to gateways"
OPERATIONS = "Under load"
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
    FIRST_HOP,
    FAILOVER,
    SIDECAR,
    UNFILTERED,
    CHART,
    ADMISSION,
    ARGO_CD,
    FLUX,
    MIGRATION,
    OPERATIONS,
    MATRIX,
    FAULTS,
)

#: The folder of all tests with packets.
TESTS = "tests/mesh"
_PROPERTY = "proof"


@dataclass(frozen=True)
class Proof:
    """What a test has shown, once it passes."""

    test: pytest.Item

    def row(self, section: str, claim: str, sent: str, upstream: str, client: str) -> None:
        """Keep the evidence for a claim, which no other row of the section makes."""
        # properties go with the report of the test, also from one process to another
        cells = [cell.replace("|", "¦").strip() for cell in (claim, sent, upstream, client)]
        self.test.user_properties.append((_PROPERTY, json.dumps([section, *cells])))


@pytest.fixture
def proof(request: pytest.FixtureRequest) -> Proof:
    """What a test tells of what it saw."""
    return Proof(request.node)


class Writer:
    """A plugin of pytest that collects what tests have shown, in whatever process they ran, and writes the page."""

    def __init__(self, page: Path, pair: Pair) -> None:
        self.page, self.pair = page, pair
        #: The test's file, the section, and the row.
        self.shown: list[tuple[str, str, Row]] = []

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Keep the rows of a test that passed."""
        if report.when == "call" and report.passed:
            file = report.nodeid.partition("::")[0]
            rows = [json.loads(str(value)) for name, value in report.user_properties if name == _PROPERTY]
            self.shown += [(file, section, Row(*cells)) for section, *cells in rows]

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Write the page when no test failed."""
        if session.testsfailed or not self.shown:
            return
        option = session.config.option
        whole = is_whole(session.config.args, option.markexpr, option.keyword)
        try:
            rows = by_section(self.shown)
        except ValueError as error:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED
            session.config.get_terminal_writer().line(f"\n{error}", red=True)
            return
        known = page.read(self.page.read_text()) if self.page.exists() else {}
        self.page.write_text(page.render(page.update(known, rows, self.pair, whole)))


def is_whole(arguments: Sequence[str], marks: str, keyword: str) -> bool:
    """Whether pytest was told to run all tests with packets."""
    return list(arguments) == [TESTS] and marks == "mesh" and not keyword


def by_section(shown: Iterable[tuple[str, str, Row]]) -> dict[str, list[Row]]:
    """All sections with the rows in the order of the tests' files, whichever ran first.

    ValueError when two rows of a section claim the same.
    """
    sections: dict[str, dict[str, Row]] = {section: {} for section in SECTIONS}
    for _, section, row in sorted(shown, key=lambda each: each[0]):
        rows = sections[section]
        if row.claim in rows:
            raise ValueError(f"two rows of docs/proof.md claim in {section}: {row.claim}")
        rows[row.claim] = row
    return {section: list(rows.values()) for section, rows in sections.items()}


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
