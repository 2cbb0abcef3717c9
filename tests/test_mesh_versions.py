"""The releases that the test mesh can have are pinned, and the short form of its tests names tests that there are."""

from itertools import product

import pytest

from tests.mesh.errors import MeshError
from tests.mesh.short import SHORT, is_short
from tests.mesh.versions import DEFAULT, ENVOY, ISTIO, PAIRS, WHEELS, Pair, can, chosen
from tests.tools import PROGRAMS
from tests.tools.programs import HERE

MESH = HERE.parent / "mesh"


@pytest.mark.parametrize(("istio", "envoy"), list(product(ISTIO, ENVOY)))
def test_each_pair_is_pinned(istio: str, envoy: str) -> None:
    pair = chosen({"ISTIO": istio, "ENVOY": envoy})
    assert {pair.istiod, pair.agent} <= set(PROGRAMS)
    assert (HERE / pair.module / "go.mod").is_file()
    assert pair.wheel in WHEELS


@pytest.mark.parametrize(
    ("variables", "pair", "text"),
    [
        ({"ISTIO": "1.31"}, ("1.31", "1.39"), "Istio 1.31 with Envoy 1.39.3"),
        ({"ISTIO": "1.30"}, ("1.30", "1.38"), "Istio 1.30 with Envoy 1.38.3"),
        ({"ISTIO": "1.30", "ENVOY": "1.36"}, ("1.30", "1.36"), "Istio 1.30 with Envoy 1.36.4"),
        ({"ENVOY": "1.37"}, ("1.31", "1.37"), "Istio 1.31 with Envoy 1.37.0"),
    ],
)
def test_an_istio_has_the_envoy_that_it_ships(variables: dict[str, str], pair: Pair, text: str) -> None:
    assert chosen(variables) == pair
    assert str(chosen(variables)) == text


def test_nothing_chosen_is_the_newest_that_is_released() -> None:
    assert chosen({}) == chosen({"ISTIO": "", "ENVOY": ""}) == DEFAULT
    newest = max(ISTIO)
    assert (newest, ISTIO[newest][1]) == DEFAULT


def test_ci_runs_every_pair_as_released_and_none_that_nobody_can_have() -> None:
    assert {Pair(istio, ships) for istio, (_, ships) in ISTIO.items()} <= set(PAIRS)
    assert all(pair.proxy <= pair.istio for pair in PAIRS), "istiod is updated first"


@pytest.mark.parametrize(
    ("what", "older", "newer"),
    [
        ("a DestinationRule's HTTP/2 keepalive", Pair("1.30", "1.38"), Pair("1.31", "1.36")),
        ("a credential's prefix", Pair("1.31", "1.36"), Pair("1.30", "1.37")),
        ("a trace that the upstream does not see", Pair("1.31", "1.37"), Pair("1.30", "1.38")),
        ("a wildcard's denied ranges", Pair("1.31", "1.38"), Pair("1.31", "1.39")),
        ("a credential that ends in a line break", Pair("1.31", "1.39"), Pair("1.31", "1.40")),
    ],
)
def test_what_a_pair_can_do(what: str, older: Pair, newer: Pair) -> None:
    assert (can(older, what), can(newer, what)) == (False, True)


@pytest.mark.parametrize("name", ["ISTIO", "ENVOY"])
@pytest.mark.parametrize("value", ["1.27", "latest", "1.3", "1.30.7"])
def test_what_is_not_there_is_refused(name: str, value: str) -> None:
    with pytest.raises(MeshError, match=f"^{name}={value} is no release that the test mesh can have: it has 1.3"):
        chosen({name: value})


@pytest.mark.parametrize("part", [part for parts in SHORT.values() for part in parts])
def test_the_short_form_has_what_it_names(part: str) -> None:
    file, _, test = part.partition("::")
    assert f"def {test or 'test_'}" in (MESH / file).read_text()
    assert is_short(f"tests/mesh/{file}::{test or 'test_any'}[case]")


def test_the_short_form_has_no_more() -> None:
    assert not is_short("tests/mesh/test_readiness.py::test_node_can_be_drained")
