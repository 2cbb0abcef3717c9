"""The mesh for tests: what a test makes there is gone after its module, and what explains a failure is in build/e2e."""

import re
from collections.abc import Callable, Generator, Iterator, Mapping
from contextlib import ExitStack
from datetime import UTC, datetime
from pathlib import Path

import pytest

from tests.mesh import diagnostics, images, lifecycle, versions
from tests.mesh.beside import Scheduling, order
from tests.mesh.certificates import Authority
from tests.mesh.errors import MeshError
from tests.mesh.lock import locked, owned, turn
from tests.mesh.namespaces import Membership, create_namespace, delete_namespaces
from tests.mesh.proof import PAGE, Writer, proof  # noqa: F401  proof is a fixture
from tests.mesh.short import is_short
from tests.mesh.upstream import Upstream, start_upstreams

EVIDENCE = Path(__file__).parents[2] / "build" / "e2e"

MakeNamespace = Callable[..., str]
MakeUpstream = Callable[..., Upstream]


def pytest_configure(config: pytest.Config) -> None:
    """The process that hears of all tests writes docs/proof.md, if the page has a column for the pair."""
    pair = versions.chosen()
    if pair in versions.PAIRS and not hasattr(config, "workerinput"):
        config.pluginmanager.register(Writer(PAGE, pair))


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: object) -> Scheduling:
    """A process runs a module whole."""
    config.option.loadscopereorder = False
    return Scheduling(config, log)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Mark what needs the mesh, skip what this pair cannot do; what takes longest comes first, what runs alone last."""
    pair = versions.chosen()
    for item in items:
        if {"mesh", "machine", "proof"} & set(getattr(item, "fixturenames", ())):
            item.add_marker("mesh")
            if is_short(item.nodeid):
                item.add_marker("short")
            for name, expected in (("since", True), ("before", False)):
                mark = item.get_closest_marker(name)
                if mark and versions.can(pair, mark.args[0]) != expected:
                    which, release = versions.SINCE[mark.args[0]]
                    item.add_marker(pytest.mark.skip(f"{mark.args[0]}: only {name} {which.capitalize()} {release}"))
    items.sort(key=lambda item: (item.get_closest_marker("alone") is not None, order(item.nodeid)))


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Keep the evidence of a test that failed on the mesh, and name it in the report."""
    report = yield
    if call.excinfo and report.failed and report.when != "teardown" and "mesh" in getattr(item, "funcargs", {}):
        error = call.excinfo.value
        known = item.config.stash.setdefault(_EXPLAINED, {})
        if error not in known:  # a fixture's failure is that of each of its tests
            known[error] = _explain(item.nodeid, call.start)
        report.sections.append(("mesh", known[error]))
    return report


#: What was told of a failure, with the evidence that it names.
_EXPLAINED = pytest.StashKey[dict[BaseException, str]]()


def _explain(test: str, started: float) -> str:
    folder = EVIDENCE / re.sub(r"[^\w.-]+", "-", test.rpartition("/")[2])
    try:
        files = diagnostics.collect(folder, datetime.fromtimestamp(started, UTC).isoformat())
    except MeshError as error:
        return f"No evidence could be collected: {error}"
    complaints = (folder / "istiod.log").read_text()
    return f"{len(files)} files of evidence in {folder}; istiod complains:\n{complaints}"


@pytest.fixture(scope="module")
def _turn(request: pytest.FixtureRequest) -> Iterator[None]:
    """Modules run beside others of this machine, or none does: those that are marked wait until they are alone."""
    with turn(alone=request.node.get_closest_marker("alone") is not None):
        yield


@pytest.fixture
def machine(_turn: None) -> None:
    """A machine without a mesh: one that is up is taken down."""
    with locked():
        lifecycle.down()


@pytest.fixture(scope="module")
def mesh(_turn: None) -> Iterator[None]:
    """The running mesh, that no other process takes down meanwhile."""
    with locked(shared=True):
        lifecycle.check_up()
        yield


@pytest.fixture(scope="session")
def authority() -> Authority:
    """Who issues the upstreams' certificates, and clients' too; nobody trusts it unless told."""
    return Authority()


@pytest.fixture(scope="session")
def public_authority() -> Authority:
    """Who issues certificates that every image trusts, as if it were a public authority."""
    return images.public_authority()


@pytest.fixture(scope="module")
def namespace(mesh: None) -> Iterator[MakeNamespace]:  # noqa: ARG001  a module's namespace needs the session's mesh
    """What makes a namespace for the module: (name, membership, labels) → name, as in tests.mesh.namespaces."""
    made: list[str] = []
    with ExitStack() as owns:

        def make(name: str, membership: Membership = "plain", labels: Mapping[str, str] | None = None) -> str:
            if name not in made:
                owns.enter_context(owned(name))
            delete_namespaces(name)  # of a run that was cut off
            made.append(name)
            return create_namespace(name, membership, labels)

        yield make
        delete_namespaces(*made)


@pytest.fixture(scope="module")
def upstream(namespace: MakeNamespace) -> Iterator[MakeUpstream]:
    """What starts an upstream outside the mesh for the module: name → Upstream."""
    outside = namespace("upstreams", "outside")
    started: list[Upstream] = []

    def start(name: str) -> Upstream:
        started.extend(start_upstreams(outside, [name]))
        return started[-1]

    yield start
    for each in started:
        each.be_unknown()
