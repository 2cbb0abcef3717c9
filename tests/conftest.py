"""Fixtures that several tests share."""

import gc
import os
from collections.abc import Callable, Iterator
from pathlib import Path

import hypothesis
import pytest

from tests.chart import Documents, Helm
from tests.tools import tool

Render = Callable[..., Documents]
Golden = Callable[[Path, str], None]

# The processes in which xdist runs tests may be told how wide a terminal is: they write to none.
os.environ.pop("COLUMNS", None)

# The same examples in every run of a clone, however slow the machine: Hypothesis also draws constants of the modules
# that it finds there. To look for new ones: pytest --hypothesis-profile=search
hypothesis.settings.register_profile("same", derandomize=True, deadline=None, print_blob=True)
hypothesis.settings.register_profile("search", deadline=None, max_examples=1000)
hypothesis.settings.load_profile("same")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption(
        "--update-golden", action="store_true", help="write the golden files anew instead of comparing them"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """What compares a golden file is marked: `-m "not golden"` runs what states a behaviour."""
    for item in items:
        if "golden" in getattr(item, "fixturenames", ()):
            item.add_marker("golden")


@pytest.fixture(autouse=True)
def _collected() -> Iterator[None]:
    """The command line lives too short to collect garbage and says so; the tests live on."""
    yield
    gc.enable()


@pytest.fixture(scope="session")
def golden(request: pytest.FixtureRequest) -> Golden:
    """Called with a path and a content: compares the file with it, or writes it where --update-golden is given."""

    def check(path: Path, content: str) -> None:
        if request.config.getoption("--update-golden"):
            path.write_text(content, encoding="utf-8")
        assert path.is_file(), f"{path} is missing: run pytest --update-golden, read it and commit it"
        assert content == path.read_text(encoding="utf-8"), (
            f"{path} differs: run pytest --update-golden and read the diff"
        )

    return check


@pytest.fixture(scope="session")
def helm3() -> Helm:
    """The pinned Helm 3."""
    return Helm(tool("helm3"))


@pytest.fixture(scope="session")
def helm4() -> Helm:
    """The pinned Helm 4."""
    return Helm(tool("helm4"))


@pytest.fixture(scope="session", params=["helm3", "helm4"])
def helm(request: pytest.FixtureRequest) -> Helm:
    """Each of the two in turn."""
    return Helm(tool(request.param))


@pytest.fixture(scope="session")
def render(helm4: Helm) -> Render:
    """Called with values: the chart's documents by (kind, namespace, name), as the pinned Helm 4 prints them."""
    return helm4.render
