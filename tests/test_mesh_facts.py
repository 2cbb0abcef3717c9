"""What a list says of its mesh."""

import pytest

from egressc import emit
from egressc.model import Mesh
from tests.chart import Helm
from tests.lists import codes, compile_text, hosts

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


@pytest.mark.parametrize("minor", range(27, 31))
@pytest.mark.parametrize(
    ("entry", "first"),
    [
        ('host: "*.example.com"', 31),
        ('host: "*.example.com", at: sidecar', 30),
        ("host: a.example.com, headers: {credential: {prefix: 'Bearer ', secret: token}}", 29),
        (
            "host: a.example.com, ports: [{port: 80, protocol: GRPC}], "
            "connectionPool: {http2Keepalive: {interval: 30s, timeout: 5s}}",
            31,
        ),
        ("host: a.example.com, retries: {budget: {percent: 20}}, headers: {credential: {name: x, secret: token}}", 0),
        ('host: "*.example.com", proxy: {host: proxy.example.net, port: 3128}', 0),
        ('host: "*.example.com", endpoints: [origin.example.net]', 0),
        ("host: a.example.com, rateLimit: {perClient: {requests: 5, per: 1m}}", 0),
    ],
)
def test_what_an_older_istio_does_not_have_is_refused_there(minor: int, entry: str, first: int) -> None:
    compilation = compile_text(f'mesh: {{istio: "1.{minor}"}}\n' + hosts(f"- {{{entry}}}"))
    refused = [finding for finding in compilation.findings if finding.code == "EG350"]
    assert bool(refused) == (minor < first)
    assert all(f"needs Istio 1.{first}, and the mesh has 1.{minor}" in one.message for one in refused)


def test_an_inherited_setting_is_refused_where_the_defaults_say_it() -> None:
    text = (
        'version: 1\nmesh: {istio: "1.30"}\n'
        "defaults:\n  clients: [shop]\n  connectionPool: {http2Keepalive: {interval: 30s, timeout: 5s}}\n"
        "hosts:\n- {host: a.example.com, ports: [{port: 80, protocol: GRPC}]}\n- b.example.com\n"
    )
    (finding,) = compile_text(text).findings
    assert (finding.code, finding.span.line) == ("EG350", 5)


@pytest.mark.parametrize(("istio", "disabled"), [("1.27", True), ("1.29.9", True), ("1.30", False), ("1.31", False)])
def test_proxies_that_cannot_keep_trace_headers_back_take_no_part_in_traces(
    helm4: Helm, istio: str, disabled: bool
) -> None:
    plan = compile_text(f'mesh: {{istio: "{istio}"}}\n{LIST}').plan
    assert plan
    telemetry = helm4.render(emit.values(plan))["Telemetry", "egress", "a-example-com"]
    said = "disableSpanReporting" if disabled else "disableContextPropagation"
    assert telemetry["spec"]["tracing"] == [{said: True}]


@pytest.mark.parametrize(("istio", "warned"), [("1.29.8", 1), ("1.29.9", 0), ("1.30.6", 1), ("1.31.2", 1), ("1.31", 0)])
def test_a_patch_level_without_its_fixes_is_a_warning(istio: str, warned: int) -> None:
    assert codes(f'mesh: {{istio: "{istio}"}}\n{LIST}') == ["EG351"] * warned


@pytest.mark.parametrize(
    ("below", "above", "lower"), [("1.30", "1.29", 1), ("1.30", "1.31", 0), ("1.30.7", "1.30.6", 1)]
)
def test_an_overlay_says_no_older_istio_than_the_list(below: str, above: str, lower: int) -> None:
    overlay = f'version: 1\nmesh: {{istio: "{above}"}}\nhosts: []\n'
    found = codes(f'mesh: {{istio: "{below}"}}\n{LIST}', overlays=[overlay])
    assert found.count("EG352") == lower


@pytest.mark.parametrize(("istio", "warned"), [("1.29", 1), ("1.30.2", 1), ("1.30", 0), ("1.30.3", 0), ("1.31.0", 0)])
def test_files_that_are_read_once_more_only_are_a_warning(istio: str, warned: int) -> None:
    entry = "{host: a.example.com, tls: {files: {ca: /etc/p/ca.crt, volumes: [{secret: p, mountPath: /etc/p}]}}}"
    assert codes(f'mesh: {{istio: "{istio}"}}\n' + hosts(f"- {entry}")).count("EG353") == warned
