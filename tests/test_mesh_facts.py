"""What a list says of its mesh."""

import pytest

from egressc.model import Mesh
from tests.lists import compile_text, hosts

LIST = hosts("- a.example.com")


def mesh(said: str, *, overlay: str = "") -> Mesh:
    """What comes of `mesh: {said}`, and of an overlay's."""
    overlays = [f"version: 1\nmesh: {{{overlay}}}\nhosts: []\n"] if overlay else []
    inventory = compile_text(f"mesh: {{{said}}}\n{LIST}", overlays=overlays).inventory
    assert inventory
    assert all(host.mesh is inventory.mesh for host in inventory.hosts)
    return inventory.mesh


def test_a_list_that_says_nothing_is_for_the_newest_istio_and_takes_envoy_filters() -> None:
    silent = mesh("trustDomain: prod")
    assert (silent.istio, silent.patch, silent.envoy_filters) == ((1, 31), None, True)


def test_a_version_may_have_a_patch_level() -> None:
    assert (mesh('istio: "1.30.7"').istio, mesh('istio: "1.30.7"').patch) == ((1, 30), 7)


def test_an_overlay_changes_single_facts() -> None:
    overlaid = mesh('istio: "1.29", envoyFilters: false', overlay='istio: "1.30"')
    assert (overlaid.istio, overlaid.envoy_filters) == ((1, 30), False)


@pytest.mark.parametrize(
    ("written", "fix"),
    [
        ("1.30", 'write `"1.30"`; without quotes YAML reads 1.30 as the number 1.3'),
        ("1.3", 'write `"1.30"`; without quotes YAML reads 1.30 as the number 1.3'),
        ("1.29", 'write `"1.29"`'),
        ("v1.30", 'write `"1.30"`'),
        ("1.30.x", 'write `"1.30"`'),
        ("asm-1-29", 'write `"1.29"`'),
        ("1.31.3-asm.2", 'write `"1.31"`'),
        ("1.26", "update the mesh to Istio 1.27 or newer, and write its version"),
        ('"1.9.2"', "update the mesh to Istio 1.27 or newer, and write its version"),
        ("1.32", 'write `"1.31"` if all meshes have at least that'),
        ("latest", '`"1.31"` is the default'),
    ],
)
def test_what_people_write_for_a_version_has_a_fix(written: str, fix: str) -> None:
    (finding,) = compile_text(f"version: 1\nmesh: {{istio: {written}}}\nhosts: []\n").findings
    assert finding.span[1:] == (2, 15)
    assert fix in finding.fix
