"""Settings of pods: the same for a host's own and for those of a shared gateway."""

import pytest

from tests.lists import codes, compile_text, hosts

HOST = "version: 1\nhosts:\n- {{host: api.example.com, clients: [shop], {}}}\n"
SHARED = (
    "version: 1\ngateways:\n- {{name: team, {}}}\nhosts:\n- {{host: api.example.com, clients: [shop], gateway: team}}\n"
)


@pytest.fixture(params=[HOST, SHARED], ids=["host", "shared"])
def pods(request: pytest.FixtureRequest) -> str:
    """A list whose gateway's pods have the settings that are put into it."""
    return str(request.param)


@pytest.mark.parametrize(
    ("settings", "expected"),
    [
        ("drain: 30s", []),
        ("drain: 1h", []),
        ("drain: 500ms", ["EG218"]),
        ("drain: 1500ms", ["EG218"]),
        ("drain: 0s", ["EG218"]),
        ("drain: 3601s", ["EG218"]),
        ("autoscaling: {minReplicas: 2, maxReplicas: 2}", []),
        ("autoscaling: {minReplicas: 3, maxReplicas: 2}", ["EG219"]),
        ("autoscaling: {minReplicas: 5}", []),
        ("autoscaling: {minReplicas: 6}", ["EG219"]),
        ("autoscaling: {maxReplicas: 2}", []),
        ("autoscaling: {maxReplicas: 1}", ["EG219"]),
        ("autoscaling: {targetCPU: 50}", []),
        ("replicas: 2, autoscaling: {maxReplicas: 2}", ["EG219"]),
        ("resources: {requests: {cpu: 1, memory: 1Gi}, limits: {cpu: 1000m, memory: 1024Mi}}", []),
        ("resources: {requests: {cpu: 1.001}, limits: {cpu: 1}}", ["EG219"]),
        ("resources: {requests: {memory: 1Gi}, limits: {memory: 1G}}", ["EG219"]),
        ("resources: {requests: {memory: 1G}, limits: {cpu: 0.0000001}}", ["EG219"] * 2),  # beside the chart's own
        ("resources: {requests: {memory: 100Mi}, limits: {cpu: 1}}", []),
        ("resources: {requests: {memory: 100000000000000000.5}, limits: {memory: 1Gi}}", ["EG219"]),
        ("podDisruptionBudget: {maxUnavailable: 1}", []),
        ("podDisruptionBudget: {minAvailable: 2}", []),
        ("podDisruptionBudget: {minAvailable: 2}, replicas: 3", []),
        ("podDisruptionBudget: {minAvailable: 50%}, autoscaling: {minReplicas: 2}", []),
        ("drain: 500ms, autoscaling: {minReplicas: 9, maxReplicas: 2}", ["EG218", "EG219"]),
    ],
)
def test_what_cannot_be_is_an_error(pods: str, settings: str, expected: list[str]) -> None:
    findings = compile_text(pods.format(settings)).findings
    assert [(finding.code, finding.level, finding.span.line) for finding in findings] == [
        (code, "error", 3) for code in expected
    ]


@pytest.mark.parametrize(
    "settings",
    [
        "podDisruptionBudget: {maxUnavailable: 0}",
        "podDisruptionBudget: {maxUnavailable: 0%}",
        "podDisruptionBudget: {minAvailable: 100%}",
        "podDisruptionBudget: {minAvailable: 2}, replicas: 2",
        "podDisruptionBudget: {minAvailable: 2}, autoscaling: {minReplicas: 2}",
    ],
)
def test_pods_that_are_never_evicted_are_a_warning(pods: str, settings: str) -> None:
    compilation = compile_text(pods.format(settings))
    assert [(finding.code, finding.level) for finding in compilation.findings] == [("EG219", "warning")]
    assert compilation.plan


def test_what_scaling_leaves_out_is_the_chart_s(pods: str) -> None:
    (finding,) = compile_text(pods.format("autoscaling: {maxReplicas: 1}")).findings
    assert finding.fix == "write `minReplicas: 1` beside it: the chart's own is 2"
    assert not codes(pods.format("autoscaling: {maxReplicas: 1, minReplicas: 1}"))


@pytest.mark.parametrize(
    ("resources", "level", "fix"),
    [
        ("requests: {memory: 128}", "error", "write `128Mi`"),
        ("limits: {memory: 512m}", "error", "write `512Mi`"),
        ("requests: {memory: 64k}", "error", "write `64Mi`"),
        ("requests: {cpu: 100}", "warning", "write `100m` for thousandths of a core"),
        ("limits: {memory: 1Mi}", None, None),
        ("requests: {cpu: 63}, limits: {memory: 0}", None, None),
    ],
)
def test_amounts_have_the_unit_of_what_they_are(resources: str, level: str | None, fix: str | None) -> None:
    found = compile_text(hosts(f"- {{host: a.example.com, resources: {{{resources}}}}}")).findings
    units = [(one.level, one.fix) for one in found if one.code == "EG295"]
    assert units == ([(level, fix)] if level else [])
